//! `backupstorageconfig/vaultstorageconfig/…DataMove`: moving backups to another vault. It is prepared, and triggered where
//! nothing has to be moved; rsvault moves no backups.

mod body;
mod operation_result;
mod operation_status;
mod prepare;
mod trigger;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of data moves.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(prepare::handler))
        .routes(routes!(trigger::handler))
        .routes(routes!(operation_result::handler))
        .routes(routes!(operation_status::handler))
}
