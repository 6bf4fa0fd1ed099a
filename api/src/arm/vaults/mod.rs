//! `Microsoft.RecoveryServices/vaults`.

mod body;
mod change;
mod delete;
mod get;
mod identity;
mod list_by_group;
mod list_by_subscription;
mod operation_result;
mod operation_status;
mod patch;
mod put;

pub(crate) use body::{VaultBody, VaultList, VaultView};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of vaults.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(get::handler, put::handler, patch::handler, delete::handler))
        .routes(routes!(list_by_subscription::handler))
        .routes(routes!(list_by_group::handler))
        .routes(routes!(operation_status::handler))
        .routes(routes!(operation_result::handler))
}
