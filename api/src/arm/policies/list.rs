//! GET the policies of a vault.

use super::{PolicyList, PolicyView};
use crate::AppState;
use crate::arm::filter::{Filter, WORKLOADS};
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_domain::policy::PolicySpec;
use rsvault_engine::{policies, vaults};
use std::sync::Arc;

/// Lists policies in order of creation.
#[utoipa::path(get, path = at_vault!("/backupPolicies"), tag = "Policies", operation_id = "BackupPolicies_List", params(VaultPath, ListQuery),
    responses((status = 200, description = "A page of policies.", body = PolicyList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Json<PolicyList>, ArmError> {
    let filter = Filter::parse(query.filter.as_deref(), &["backupManagementType", "workloadType"])?;
    filter.admits_workload()?;
    filter.known("workloadType", WORKLOADS)?;
    let at = path.ask()?;
    let vault = vaults::get(&state.engine, &at).await?;
    let slice = policies::list(&state.engine, &at, filter.get("backupManagementType"), &query.page()?).await?;
    let workload = |spec: &PolicySpec| match spec {
        PolicySpec::Sql(_) => "SQLDataBase",
        PolicySpec::Other { .. } => "VM",
    };
    let value = slice
        .items
        .iter()
        .filter(|p| filter.admits("workloadType", workload(&p.policy.spec)))
        .map(|p| PolicyView::new(&vault, &p.policy, p.items))
        .collect();
    Ok(Json(PolicyList { value, next_link: next_link(&caller.base_url, &uri, slice.next.as_deref()) }))
}
