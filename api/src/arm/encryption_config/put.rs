//! PUT the encryption config: 200 without a body.

use super::body::EncryptionConfigBody;
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::extract::State;
use http::StatusCode;
use rsvault_engine::vaults::{self, VaultChange};
use std::sync::Arc;

/// Gives the vault a customer-managed key, or another one.
#[utoipa::path(put, path = at_vault!("/backupEncryptionConfigs/backupResourceEncryptionConfig"), tag = "Vault settings", operation_id = "BackupResourceEncryptionConfigs_Update", params(VaultPath, VersionQuery), request_body = EncryptionConfigBody,
    responses((status = 200, description = "Changed."), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmJson(body): ArmJson<EncryptionConfigBody>,
) -> Result<StatusCode, ArmError> {
    let at = path.ask()?;
    let vault = vaults::get(&state.engine, &at).await?;
    if let Some(encryption) = body.change(&vault)? {
        vaults::patch(&state.engine, &caller.engine, &at, VaultChange { encryption: Some(encryption), ..VaultChange::default() }).await?;
    }
    Ok(StatusCode::OK)
}
