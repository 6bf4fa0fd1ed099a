//! PUT a policy: 200 with the policy; 202 if it protects items, to which it is then applied, a job each.

use super::read::spec;
use super::{PolicyBody, PolicyView};
use crate::AppState;
use crate::arm::fields::required;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{PolicyPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rsvault_engine::{policies, vaults};
use std::sync::Arc;

/// Creates a policy, or writes over one that stands and applies it to the items it protects.
#[utoipa::path(put, path = at_vault!("/backupPolicies/{policyName}"), tag = "Policies", operation_id = "ProtectionPolicies_CreateOrUpdate", params(PolicyPath, VersionQuery),
    request_body = PolicyBody, responses((status = 200, description = "The policy as saved; it protects nothing.", body = PolicyView), AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<PolicyPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(body): ArmJson<PolicyBody>,
) -> Result<Response, ArmError> {
    let at = path.vault().ask()?;
    let vault = vaults::get(&state.engine, &at).await?;
    let mut properties = required(body.properties, "properties")?;
    let showing = caller.engine.showing(properties.resource_guard_operation_requests.take());
    let mend = properties.make_policy_consistent == Some(true);
    let saved = policies::put(&state.engine, &showing, &at, &path.policy_name, spec(properties)?, mend).await?;
    Ok(match saved.operation {
        Some(operation) => Lro::new(&caller, query.api_version.as_deref(), links::of_policy(&path, operation.id)).accepted(),
        None => Json(PolicyView::new(&vault, &saved.policy.policy, saved.policy.items)).into_response(),
    })
}
