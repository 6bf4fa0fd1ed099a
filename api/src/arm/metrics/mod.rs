//! Metrics of a vault in the shape of Azure Monitor (`az monitor metrics list --resource <vault>`): health
//! events of backups and restores (rulebook 7.2).

mod body;
mod list;
mod query;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of metrics.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(list::handler))
}
