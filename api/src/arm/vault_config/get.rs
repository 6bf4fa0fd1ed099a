//! GET the vault config.

use super::VaultConfigView;
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Reads the vault config.
#[utoipa::path(get, path = at_vault!("/backupconfig/vaultconfig"), tag = "Vault settings", operation_id = "BackupResourceVaultConfigs_Get", params(VaultPath, VersionQuery),
    responses((status = 200, description = "The vault config.", body = VaultConfigView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
) -> Result<Json<VaultConfigView>, ArmError> {
    let vault = vaults::get(&state.engine, &path.ask()?).await?;
    Ok(Json(VaultConfigView::from(&vault)))
}
