//! DELETE a policy: 200 with nothing, 204 when there was none.

use crate::AppState;
use crate::arm::names::{PolicyPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::extract::State;
use http::StatusCode;
use rsvault_engine::policies;
use std::sync::Arc;

/// Deletes a policy that protects nothing.
#[utoipa::path(delete, path = at_vault!("/backupPolicies/{policyName}"), tag = "Policies", operation_id = "ProtectionPolicies_Delete", params(PolicyPath, VersionQuery),
    responses((status = 200, description = "Deleted."), (status = 204, description = "There was none."), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<PolicyPath>,
) -> Result<StatusCode, ArmError> {
    let stood = policies::delete(&state.engine, &caller.engine, &path.vault().ask()?, &path.policy_name).await?;
    Ok(if stood { StatusCode::OK } else { StatusCode::NO_CONTENT })
}
