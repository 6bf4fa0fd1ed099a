//! PATCH the extended information of a vault: what is left out stays.

use super::{ExtendedInfoBody, ExtendedInfoView};
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::features::extended;
use std::sync::Arc;

/// Changes the extended information.
#[utoipa::path(patch, path = at_vault!("/extendedInformation/vaultExtendedInfo"), tag = "Vault identities", operation_id = "VaultExtendedInfo_Update", params(VaultPath, VersionQuery), request_body = ExtendedInfoBody,
    responses((status = 200, description = "The extended information as it is now.", body = ExtendedInfoView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmJson(body): ArmJson<ExtendedInfoBody>,
) -> Result<Json<ExtendedInfoView>, ArmError> {
    let (new, expected) = body.read();
    let (vault, info) = extended::write(&state.engine, &caller.engine, &path.ask()?, new, false, expected.as_deref()).await?;
    Ok(Json(ExtendedInfoView::new(&vault, info)))
}
