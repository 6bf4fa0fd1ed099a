//! GET what the archive tier comes to.

use super::body::TieringView;
use crate::AppState;
use crate::arm::lro::settled;
use crate::arm::names::{VaultOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_domain::Fault;
use rsvault_domain::outcome::Outcome;
use rsvault_engine::features;
use std::sync::Arc;

/// Reads what the archive tier comes to.
#[utoipa::path(get, path = at_vault!("/backupTieringCost/default/operationResults/{operationId}"), tag = "Archive tier", operation_id = "GetTieringCostOperationResult_Get", params(VaultOperationPath, VersionQuery),
    responses((status = 200, description = "What it comes to.", body = TieringView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultOperationPath>,
) -> Result<Json<TieringView>, ArmError> {
    let id = operation(&path.operation_id)?;
    settled(&state.engine, &path.vault().ask()?, id).await?;
    match features::outcome(&state.engine, id).await? {
        Some(Outcome::Tiering(tiering)) => Ok(Json(tiering.into())),
        _ => Err(Fault::not_found(
            "ResourceNotFound",
            format!("Operation '{id}' did not ask what the archive tier comes to. Use the id that fetchTieringCost has answered."),
        )
        .at("operationId")
        .into()),
    }
}
