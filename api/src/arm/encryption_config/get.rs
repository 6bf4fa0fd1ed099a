//! GET the encryption config.

use super::body::EncryptionConfigView;
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Reads the encryption config.
#[utoipa::path(get, path = at_vault!("/backupEncryptionConfigs/backupResourceEncryptionConfig"), tag = "Vault settings", operation_id = "BackupResourceEncryptionConfigs_Get", params(VaultPath, VersionQuery),
    responses((status = 200, description = "The encryption config.", body = EncryptionConfigView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
) -> Result<Json<EncryptionConfigView>, ArmError> {
    let vault = vaults::get(&state.engine, &path.ask()?).await?;
    Ok(Json(EncryptionConfigView::from(&vault)))
}
