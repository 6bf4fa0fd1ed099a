//! GET the status of a validation.

use crate::AppState;
use crate::arm::lro::{HOLD, OperationStatusView, retry_after};
use crate::arm::names::{VaultOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rsvault_engine::operations;
use std::sync::Arc;

/// Reads the status of a validation, with the verdict.
#[utoipa::path(get, path = at_vault!("/backupValidateOperationsStatuses/{operationId}"), tag = "Validation", operation_id = "ValidateOperationStatuses_Get", params(VaultOperationPath, VersionQuery),
    responses((status = 200, description = "The status.", body = OperationStatusView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultOperationPath>,
) -> Result<Response, ArmError> {
    let operation = operations::wait(&state.engine, &path.vault().ask()?, operation(&path.operation_id)?, HOLD).await?;
    let mut response = Json(OperationStatusView::with_verdict(&operation)).into_response();
    retry_after(response.headers_mut());
    Ok(response)
}
