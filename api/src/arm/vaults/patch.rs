//! PATCH a vault: 200 with the vault; nothing is left to do afterwards.

use super::change::change;
use super::{VaultBody, VaultView};
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::vaults::{self, VaultChange};
use std::sync::Arc;

/// Changes a vault; what is left out stays.
#[utoipa::path(patch, path = at_vault!(""), tag = "Vaults", operation_id = "Vaults_Update", params(VaultPath, VersionQuery), request_body = VaultBody,
    responses((status = 200, description = "The vault as it is now.", body = VaultView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(mut body): ArmJson<VaultBody>,
) -> Result<Json<VaultView>, ArmError> {
    let showing = caller.engine.showing(body.guard_requests());
    let soft_delete_stays_on = state.soft_delete_off.forbids(query.api_version.as_deref());
    let change = VaultChange { soft_delete_stays_on, ..change(body)? };
    let vault = vaults::patch(&state.engine, &showing, &path.ask()?, change).await?;
    Ok(Json(VaultView::from(&vault)))
}
