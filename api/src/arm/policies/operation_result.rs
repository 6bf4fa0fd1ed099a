//! GET the result of an operation on a policy: the policy, 202 while it is being applied to its items.

use super::PolicyView;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro, settled};
use crate::arm::names::{PolicyOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rsvault_engine::{policies, vaults};
use std::sync::Arc;

/// Reads the result of an operation.
#[utoipa::path(get, path = at_vault!("/backupPolicies/{policyName}/operationResults/{operationId}"), tag = "Policies", operation_id = "ProtectionPolicyOperationResults_Get",
    params(PolicyOperationPath, VersionQuery), responses((status = 200, description = "The policy.", body = PolicyView), AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<PolicyOperationPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let (at, id) = (path.vault().ask()?, operation(&path.operation_id)?);
    if settled(&state.engine, &at, id).await?.is_none() {
        return Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_policy(&path.policy_path(), id)).accepted());
    }
    let vault = vaults::get(&state.engine, &at).await?;
    let found = policies::get(&state.engine, &at, &path.policy_name).await?;
    Ok(Json(PolicyView::new(&vault, &found.policy, found.items)).into_response())
}
