//! Soft-deleted vaults of a region: listed, read, undeleted.

mod body;
mod get;
mod list;
mod operation_status;
mod undelete;

pub(crate) use body::{DeletedVaultList, DeletedVaultView, UndeleteBody};

use super::names::{DeletedVaultPath, subscription};
use crate::AppState;
use rsvault_domain::fault::Result;
use rsvault_engine::vaults;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of deleted vaults.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(get::handler))
        .routes(routes!(undelete::handler))
        .routes(routes!(operation_status::handler))
}

impl DeletedVaultPath {
    /// As use cases know it.
    pub(crate) fn ask(&self) -> Result<vaults::DeletedVaultPath> {
        Ok(vaults::DeletedVaultPath {
            subscription: subscription(&self.subscription_id)?,
            location: self.location.clone(),
            name: self.deleted_vault_name.clone(),
        })
    }
}
