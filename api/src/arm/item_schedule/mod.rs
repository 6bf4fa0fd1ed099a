//! The schedule of an item and what became of it: rsvault's own, Azure has no such route.

mod body;
mod get;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of schedules.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(get::handler))
}
