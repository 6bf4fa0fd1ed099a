//! GET backupCrrOperationsStatus: how a cross-region restore's operation stands.

use super::error::SecondaryError;
use crate::AppState;
use crate::arm::lro::OperationStatusView;
use crate::arm::names::{SecondaryOperationPath, at_provider, operation, subscription};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmErrors, ArmPath, Caller};
use axum::extract::State;
use axum::response::Response;
use http::Uri;
use rsvault_engine::regions;
use std::sync::Arc;

/// Reads the status of the operation of a cross-region restore.
#[utoipa::path(get, path = at_provider!("/locations/{azureRegion}/backupCrrOperationsStatus/{operationId}"), tag = "Cross-region restore", operation_id = "CrrOperationStatus_Get", params(SecondaryOperationPath, VersionQuery),
    responses((status = 200, description = "The status.", body = OperationStatusView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<SecondaryOperationPath>,
    uri: Uri,
) -> Result<Response, SecondaryError> {
    let id = operation(&path.operation_id)?;
    let found = regions::operation(&state.engine, subscription(&path.subscription_id)?, &path.azure_region, id).await?;
    Ok(OperationStatusView::at(&found, uri.path()).answer())
}
