//! GET a vault.

use super::VaultView;
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Reads a vault.
#[utoipa::path(get, path = at_vault!(""), tag = "Vaults", operation_id = "Vaults_Get", params(VaultPath, VersionQuery),
    responses((status = 200, description = "The vault.", body = VaultView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
) -> Result<Json<VaultView>, ArmError> {
    let vault = vaults::get(&state.engine, &path.ask()?).await?;
    Ok(Json(VaultView::from(&vault)))
}
