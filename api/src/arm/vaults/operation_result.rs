//! GET the result of an operation on a vault: the vault, 202 while it runs, 404 once it is deleted (wire-facts 2).

use super::VaultView;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro, settled};
use crate::arm::names::{VaultOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rsvault_engine::vaults;
use std::sync::Arc;

/// Reads the result of an operation.
#[utoipa::path(get, path = at_vault!("/operationResults/{operationId}"), tag = "Operations", operation_id = "GetOperationResult", params(VaultOperationPath, VersionQuery),
    responses((status = 200, description = "The vault.", body = VaultView), AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultOperationPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let (vault, id) = (path.vault(), operation(&path.operation_id)?);
    if settled(&state.engine, &vault.ask()?, id).await?.is_none() {
        return Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_vault(&vault, id)).accepted());
    }
    let vault = vaults::get(&state.engine, &vault.ask()?).await?;
    Ok(Json(VaultView::from(&vault)).into_response())
}
