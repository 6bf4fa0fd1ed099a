//! Usages: what a vault holds and may hold, as the vault side and the backup side list it.

mod body;
mod list;
mod summaries;

pub(crate) use body::UsageList;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of usages.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(list::handler)).routes(routes!(summaries::handler))
}
