//! GET the result of an operation on a policy: the policy. Writing one is done at once, so nothing is ever under way here.

use super::PolicyView;
use crate::AppState;
use crate::arm::names::{PolicyOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::{operations, policies, vaults};
use std::sync::Arc;

/// Reads the result of an operation.
#[utoipa::path(get, path = at_vault!("/backupPolicies/{policyName}/operationResults/{operationId}"), tag = "Policies", operation_id = "ProtectionPolicyOperationResults_Get",
    params(PolicyOperationPath, VersionQuery), responses((status = 200, description = "The policy.", body = PolicyView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<PolicyOperationPath>,
) -> Result<Json<PolicyView>, ArmError> {
    let at = path.vault().ask()?;
    operations::read(&state.engine, &at, operation(&path.operation_id)?).await?;
    let vault = vaults::get(&state.engine, &at).await?;
    let found = policies::get(&state.engine, &at, &path.policy_name).await?;
    Ok(Json(PolicyView::new(&vault, &found.policy, found.items)))
}
