//! GET the status of an operation on an item.

use crate::AppState;
use crate::arm::lro::{HOLD, OperationStatusView};
use crate::arm::names::{ItemOperationPath, at_item, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::operations;
use std::sync::Arc;

/// Reads the status of an operation.
#[utoipa::path(get, path = at_item!("/operationsStatus/{operationId}"), tag = "Protected items", operation_id = "ProtectedItemOperationStatuses_Get", params(ItemOperationPath, VersionQuery),
    responses((status = 200, description = "The status.", body = OperationStatusView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<ItemOperationPath>,
) -> Result<Response, ArmError> {
    let operation = operations::wait(&state.engine, &path.vault().ask()?, operation(&path.operation_id)?, HOLD).await?;
    Ok(OperationStatusView::bare(&operation).answer())
}
