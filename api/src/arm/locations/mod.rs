//! What is asked of a region.

mod backup_status;
mod capabilities;
mod check_name;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of locations.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(backup_status::handler)).routes(routes!(check_name::handler)).routes(routes!(capabilities::handler))
}
