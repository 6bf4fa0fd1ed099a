//! GET what lies on a registered server, protected or not: clients look up the folders of an instance here.

use super::WorkloadItemList;
use super::body::workload_items;
use crate::AppState;
use crate::arm::filter::{Filter, WORKLOADS};
use crate::arm::names::{ContainerPath, at_container};
use crate::arm::page::ListQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::discovery;
use std::sync::Arc;

/// Lists instances and databases of a server.
#[utoipa::path(get, path = at_container!("/items"), tag = "Discovered items", operation_id = "BackupWorkloadItems_List", params(ContainerPath, ListQuery),
    responses((status = 200, description = "The items.", body = WorkloadItemList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<ContainerPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
) -> Result<Json<WorkloadItemList>, ArmError> {
    let filter = Filter::parse(query.filter.as_deref(), &["backupManagementType", "workloadItemType", "workloadType"])?;
    filter.known("workloadItemType", WORKLOADS)?;
    let any = filter.admits_workload()? && filter.known("workloadType", WORKLOADS)?.is_none_or(|w| w.starts_with("SQL"));
    let found = discovery::workload_items(&state.engine, &path.vault().ask()?, &path.container()?).await?;
    let value = workload_items(&found)
        .into_iter()
        .filter(|view| any && filter.admits("workloadItemType", view.properties.workload_item_type))
        .collect();
    Ok(Json(WorkloadItemList { value }))
}
