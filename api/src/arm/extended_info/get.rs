//! GET the extended information of a vault.

use super::ExtendedInfoView;
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::features::extended;
use std::sync::Arc;

/// Reads the extended information.
#[utoipa::path(get, path = at_vault!("/extendedInformation/vaultExtendedInfo"), tag = "Vault identities", operation_id = "VaultExtendedInfo_Get", params(VaultPath, VersionQuery),
    responses((status = 200, description = "The extended information.", body = ExtendedInfoView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
) -> Result<Json<ExtendedInfoView>, ArmError> {
    let (vault, info) = extended::get(&state.engine, &path.ask()?).await?;
    Ok(Json(ExtendedInfoView::new(&vault, info)))
}
