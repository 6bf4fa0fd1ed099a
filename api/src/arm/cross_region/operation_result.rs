//! GET backupCrrOperationResults: 200 with nothing once the operation has ended, which it has when the trigger
//! is answered; what came of it is in its job.

use super::error::SecondaryError;
use crate::AppState;
use crate::arm::names::{SecondaryOperationPath, at_provider, operation, subscription};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmErrors, ArmPath, Caller};
use axum::extract::State;
use http::StatusCode;
use rsvault_domain::operation::OperationStatus;
use rsvault_engine::regions;
use std::sync::Arc;

/// Reads the result of the operation of a cross-region restore.
#[utoipa::path(get, path = at_provider!("/locations/{azureRegion}/backupCrrOperationResults/{operationId}"), tag = "Cross-region restore", operation_id = "CrrOperationResults_Get", params(SecondaryOperationPath, VersionQuery),
    responses((status = 200, description = "It has ended."), (status = 202, description = "It runs."), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<SecondaryOperationPath>,
) -> Result<StatusCode, SecondaryError> {
    let id = operation(&path.operation_id)?;
    let found = regions::operation(&state.engine, subscription(&path.subscription_id)?, &path.azure_region, id).await?;
    Ok(if found.status == OperationStatus::InProgress { StatusCode::ACCEPTED } else { StatusCode::OK })
}
