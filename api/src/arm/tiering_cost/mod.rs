//! `backupTieringCost/default`: what moving points to the archive, or bringing one back, comes to. Sizes are real; rsvault
//! has no prices.

mod body;
mod fetch;
mod operation_result;
mod operation_status;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of tiering costs.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(fetch::handler))
        .routes(routes!(operation_result::handler))
        .routes(routes!(operation_status::handler))
}
