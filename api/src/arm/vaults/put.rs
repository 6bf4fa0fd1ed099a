//! PUT a vault: 201 when it is new, 200 when it stood. It is done at once, so neither answer names an operation.

use super::change::change;
use super::{VaultBody, VaultView};
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use rsvault_engine::vaults::{self, VaultChange};
use std::sync::Arc;

/// Creates a vault, or writes over one that stands.
#[utoipa::path(put, path = at_vault!(""), tag = "Vaults", operation_id = "Vaults_CreateOrUpdate", params(VaultPath, VersionQuery), request_body = VaultBody,
    responses((status = 200, description = "It stood; this is what it is now.", body = VaultView), (status = 201, description = "It is new.", body = VaultView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(mut body): ArmJson<VaultBody>,
) -> Result<(StatusCode, Json<VaultView>), ArmError> {
    let showing = caller.engine.showing(body.guard_requests());
    let soft_delete_stays_on = state.soft_delete_off.forbids(query.api_version.as_deref());
    let change = VaultChange { soft_delete_stays_on, ..change(body)? };
    let (vault, new) = vaults::put(&state.engine, &showing, &path.ask()?, change).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(VaultView::from(&vault))))
}
