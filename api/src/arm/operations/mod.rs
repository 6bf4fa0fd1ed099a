//! The readers through which every operation of a vault can be read.

mod result;
mod status;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of operations.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(status::handler)).routes(routes!(result::handler))
}
