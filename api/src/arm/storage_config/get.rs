//! GET the storage config.

use super::StorageConfigView;
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Reads the storage config.
#[utoipa::path(get, path = at_vault!("/backupstorageconfig/vaultstorageconfig"), tag = "Vault settings", operation_id = "BackupResourceStorageConfigsNonCRR_Get", params(VaultPath, VersionQuery),
    responses((status = 200, description = "The storage config.", body = StorageConfigView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
) -> Result<Json<StorageConfigView>, ArmError> {
    let vault = vaults::get(&state.engine, &path.ask()?).await?;
    Ok(Json(StorageConfigView::from(&vault)))
}
