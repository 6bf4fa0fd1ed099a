//! PUT a policy: 200 with the policy, done at once.

use super::read::spec;
use super::{PolicyBody, PolicyView};
use crate::AppState;
use crate::arm::fields::required;
use crate::arm::names::{PolicyPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::{policies, vaults};
use std::sync::Arc;

/// Creates a policy, or writes over one that stands.
#[utoipa::path(put, path = at_vault!("/backupPolicies/{policyName}"), tag = "Policies", operation_id = "ProtectionPolicies_CreateOrUpdate", params(PolicyPath, VersionQuery),
    request_body = PolicyBody, responses((status = 200, description = "The policy as saved.", body = PolicyView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<PolicyPath>,
    ArmJson(body): ArmJson<PolicyBody>,
) -> Result<Json<PolicyView>, ArmError> {
    let at = path.vault().ask()?;
    let vault = vaults::get(&state.engine, &at).await?;
    let saved =
        policies::put(&state.engine, &caller.engine, &at, &path.policy_name, spec(required(body.properties, "properties")?)?).await?;
    Ok(Json(PolicyView::new(&vault, &saved.policy, saved.items)))
}
