//! PATCH the storage config: 204, the only answer its client takes.

use super::StorageConfigBody;
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::extract::State;
use http::StatusCode;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Changes the storage config.
#[utoipa::path(patch, path = at_vault!("/backupstorageconfig/vaultstorageconfig"), tag = "Vault settings", operation_id = "BackupResourceStorageConfigsNonCRR_Patch", params(VaultPath, VersionQuery), request_body = StorageConfigBody,
    responses((status = 204, description = "Changed."), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmJson(body): ArmJson<StorageConfigBody>,
) -> Result<StatusCode, ArmError> {
    vaults::patch(&state.engine, &caller.engine, &path.ask()?, body.change()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
