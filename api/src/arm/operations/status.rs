//! GET the status of an operation on whatever was started in the vault.

use crate::AppState;
use crate::arm::lro::{HOLD, OperationStatusView};
use crate::arm::names::{VaultOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::operations;
use std::sync::Arc;

/// Reads the status of an operation.
#[utoipa::path(get, path = at_vault!("/backupOperations/{operationId}"), tag = "Operations", operation_id = "BackupOperationStatuses_Get", params(VaultOperationPath, VersionQuery),
    responses((status = 200, description = "The status.", body = OperationStatusView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultOperationPath>,
) -> Result<Response, ArmError> {
    let operation = operations::wait(&state.engine, &path.vault().ask()?, operation(&path.operation_id)?, HOLD).await?;
    Ok(OperationStatusView::bare(&operation).answer())
}
