//! GET a policy.

use super::PolicyView;
use crate::AppState;
use crate::arm::names::{PolicyPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::{policies, vaults};
use std::sync::Arc;

/// Reads a policy.
#[utoipa::path(get, path = at_vault!("/backupPolicies/{policyName}"), tag = "Policies", operation_id = "ProtectionPolicies_Get", params(PolicyPath, VersionQuery),
    responses((status = 200, description = "The policy.", body = PolicyView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<PolicyPath>,
) -> Result<Json<PolicyView>, ArmError> {
    let at = path.vault().ask()?;
    let vault = vaults::get(&state.engine, &at).await?;
    let found = policies::get(&state.engine, &at, &path.policy_name).await?;
    Ok(Json(PolicyView::new(&vault, &found.policy, found.items)))
}
