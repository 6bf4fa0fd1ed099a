//! GET the result of a data move: what was prepared, or 204 for one that was triggered.

use super::body::PreparedView;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro, no_content, settled};
use crate::arm::names::{VaultOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rsvault_domain::outcome::Outcome;
use rsvault_engine::{features, vaults};
use std::sync::Arc;

/// Reads the result of a data move.
#[utoipa::path(get, path = at_vault!("/backupstorageconfig/vaultstorageconfig/operationResults/{operationId}"), tag = "Data move", operation_id = "BmsPrepareDataMoveOperationResult_Get", params(VaultOperationPath, VersionQuery),
    responses((status = 200, description = "What was prepared.", body = PreparedView), (status = 204, description = "Nothing is to be told."), AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultOperationPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let (vault, id) = (path.vault(), operation(&path.operation_id)?);
    if settled(&state.engine, &vault.ask()?, id).await?.is_none() {
        return Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_storage_config(&vault, id)).accepted());
    }
    let Some(Outcome::Prepared(_)) = features::outcome(&state.engine, id).await? else { return Ok(no_content()) };
    let source = vaults::get(&state.engine, &vault.ask()?).await?;
    let about = [("sourceResourceId", source.arm_id()), ("sourceRegion", source.location)];
    let view =
        PreparedView { object_type: "PrepareDataMoveResponse", correlation_id: id.to_string(), source_vault_properties: about.into() };
    Ok(Json(view).into_response())
}
