//! Alerts of a vault (rulebook 7.1), in Azure Monitor's words. The routes are rsvault's own: in Azure the
//! alerts of all services stand together in Azure Monitor, which is outside of the vault.

mod body;
mod list;
mod resolve;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of alerts.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(list::handler)).routes(routes!(resolve::handler))
}
