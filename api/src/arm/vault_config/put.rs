//! PUT the vault config. Like PATCH: what is left out stays.

use super::{VaultConfigBody, VaultConfigView};
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::vaults::{self, VaultChange};
use std::sync::Arc;

/// Changes the vault config.
#[utoipa::path(put, path = at_vault!("/backupconfig/vaultconfig"), tag = "Vault settings", operation_id = "BackupResourceVaultConfigs_Put", params(VaultPath, VersionQuery), request_body = VaultConfigBody,
    responses((status = 200, description = "The vault config as it is now.", body = VaultConfigView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(mut body): ArmJson<VaultConfigBody>,
) -> Result<Json<VaultConfigView>, ArmError> {
    let showing = caller.engine.showing(body.guard_requests());
    let soft_delete_stays_on = state.soft_delete_off.forbids(query.api_version.as_deref());
    let change = VaultChange { soft_delete_stays_on, ..body.change()? };
    let vault = vaults::patch(&state.engine, &showing, &path.ask()?, change).await?;
    Ok(Json(VaultConfigView::from(&vault)))
}
