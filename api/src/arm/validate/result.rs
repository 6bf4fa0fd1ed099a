//! GET the result of a validation: 202 while it runs, then the verdict; 204 of an operation that was none.

use super::body::ValidationView;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro, no_content, settled};
use crate::arm::names::{VaultOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rsvault_domain::operation::Subject;
use std::sync::Arc;

/// Reads the verdict of a validation.
#[utoipa::path(get, path = at_vault!("/backupValidateOperationResults/{operationId}"), tag = "Validation", operation_id = "ValidateOperationResults_Get", params(VaultOperationPath, VersionQuery),
    responses((status = 200, description = "The verdict.", body = ValidationView), (status = 204, description = "Done; the operation was no validation."), AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultOperationPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let id = operation(&path.operation_id)?;
    Ok(match settled(&state.engine, &path.vault().ask()?, id).await? {
        Some(operation) if operation.subject == Subject::Validation => Json(ValidationView::new(operation.error)).into_response(),
        Some(_) => no_content(),
        None => Lro::new(&caller, query.api_version.as_deref(), links::of_validation(&path.vault(), id)).accepted(),
    })
}
