//! GET the status of an operation on a policy: once it has ended, with the jobs of the items it was applied to.

use crate::AppState;
use crate::arm::lro::{HOLD, OperationStatusView};
use crate::arm::names::{PolicyOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_domain::operation::{OperationStatus, Subject};
use rsvault_engine::{operations, policies};
use std::sync::Arc;

/// Reads the status of an operation.
#[utoipa::path(get, path = at_vault!("/backupPolicies/{policyName}/operations/{operationId}"), tag = "Policies", operation_id = "ProtectionPolicyOperationStatuses_Get", params(PolicyOperationPath, VersionQuery),
    responses((status = 200, description = "The status.", body = OperationStatusView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<PolicyOperationPath>,
) -> Result<Response, ArmError> {
    let operation = operations::wait(&state.engine, &path.vault().ask()?, operation(&path.operation_id)?, HOLD).await?;
    let mut view = OperationStatusView::bare(&operation);
    if matches!(operation.subject, Subject::Policy(_)) && operation.status != OperationStatus::InProgress {
        view = view.with_jobs(&policies::jobs_of(&state.engine, &operation).await?);
    }
    Ok(view.answer())
}
