//! GET the result of an operation on whatever was started in the vault: 202 while it runs, then 204; a failure is a 4xx.

use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro, no_content, settled};
use crate::arm::names::{VaultOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;

/// Reads the result of an operation.
#[utoipa::path(get, path = at_vault!("/backupOperationResults/{operationId}"), tag = "Operations", operation_id = "BackupOperationResults_Get", params(VaultOperationPath, VersionQuery),
    responses((status = 204, description = "Done; there is nothing to show."), AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultOperationPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let id = operation(&path.operation_id)?;
    if settled(&state.engine, &path.vault().ask()?, id).await?.is_none() {
        return Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_backup(&path.vault(), id)).accepted());
    }
    Ok(no_content())
}
