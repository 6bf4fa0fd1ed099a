//! `backupconfig/vaultconfig`: soft delete, as the backup side shows it.

mod body;
mod get;
mod patch;
mod put;

pub(crate) use body::{VaultConfigBody, VaultConfigView};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of the vault config.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(get::handler, put::handler, patch::handler))
}
