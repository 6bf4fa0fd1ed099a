//! `backupFabrics/Azure`: refresh and its readers.

mod operation_result;
mod operation_status;
mod refresh;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of the fabric.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(refresh::handler))
        .routes(routes!(operation_result::handler))
        .routes(routes!(operation_status::handler))
}
