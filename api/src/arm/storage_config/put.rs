//! PUT the storage config. Like PATCH: what is left out stays.

use super::{StorageConfigBody, StorageConfigView};
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Changes the storage config.
#[utoipa::path(put, path = at_vault!("/backupstorageconfig/vaultstorageconfig"), tag = "Vault settings", operation_id = "BackupResourceStorageConfigsNonCRR_Update", params(VaultPath, VersionQuery), request_body = StorageConfigBody,
    responses((status = 200, description = "The storage config as it is now.", body = StorageConfigView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmJson(body): ArmJson<StorageConfigBody>,
) -> Result<Json<StorageConfigView>, ArmError> {
    let vault = vaults::patch(&state.engine, &caller.engine, &path.ask()?, body.change()?).await?;
    Ok(Json(StorageConfigView::from(&vault)))
}
