//! PATCH the vault config.

use super::{VaultConfigBody, VaultConfigView};
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Changes the vault config.
#[utoipa::path(patch, path = at_vault!("/backupconfig/vaultconfig"), tag = "Vault settings", operation_id = "BackupResourceVaultConfigs_Update", params(VaultPath, VersionQuery), request_body = VaultConfigBody,
    responses((status = 200, description = "The vault config as it is now.", body = VaultConfigView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmJson(body): ArmJson<VaultConfigBody>,
) -> Result<Json<VaultConfigView>, ArmError> {
    let vault = vaults::patch(&state.engine, &caller.engine, &path.ask()?, body.change()?).await?;
    Ok(Json(VaultConfigView::from(&vault)))
}
