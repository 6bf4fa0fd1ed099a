//! GET the status of a data move.

use crate::AppState;
use crate::arm::lro::{HOLD, OperationStatusView};
use crate::arm::names::{VaultOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::extract::State;
use axum::response::Response;
use http::Uri;
use rsvault_engine::operations;
use std::sync::Arc;

/// Reads the status of a data move.
#[utoipa::path(get, path = at_vault!("/backupstorageconfig/vaultstorageconfig/operationStatus/{operationId}"), tag = "Data move", operation_id = "BmsDataMove_GetOperationStatus", params(VaultOperationPath, VersionQuery),
    responses((status = 200, description = "The status.", body = OperationStatusView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultOperationPath>,
    uri: Uri,
) -> Result<Response, ArmError> {
    let operation = operations::wait(&state.engine, &path.vault().ask()?, operation(&path.operation_id)?, HOLD).await?;
    Ok(OperationStatusView::at(&operation, uri.path()).answer())
}
