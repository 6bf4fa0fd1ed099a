//! GET the status of an operation on a private endpoint connection. It answers also after the connection is gone.

use crate::AppState;
use crate::arm::lro::{HOLD, OperationStatusView};
use crate::arm::names::{EndpointOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::extract::State;
use axum::response::Response;
use http::Uri;
use rsvault_engine::operations;
use std::sync::Arc;

/// Reads the status of an operation.
#[utoipa::path(get, path = at_vault!("/privateEndpointConnections/{privateEndpointConnectionName}/operationsStatus/{operationId}"), tag = "Private endpoints", operation_id = "PrivateEndpoint_GetOperationStatus", params(EndpointOperationPath, VersionQuery),
    responses((status = 200, description = "The status.", body = OperationStatusView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<EndpointOperationPath>,
    uri: Uri,
) -> Result<Response, ArmError> {
    let operation = operations::wait(&state.engine, &path.vault().ask()?, operation(&path.operation_id)?, HOLD).await?;
    Ok(OperationStatusView::at(&operation, uri.path()).answer())
}
