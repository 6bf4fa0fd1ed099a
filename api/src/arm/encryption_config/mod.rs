//! `backupEncryptionConfigs/backupResourceEncryptionConfig`: the vault's customer-managed key, as the backup side shows it.

mod body;
mod get;
mod put;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of the encryption config.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(get::handler, put::handler))
}
