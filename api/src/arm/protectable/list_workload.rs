//! GET what lies on a registered server, protected or not: clients look up the folders of an instance here.

use super::{WorkloadItemList, WorkloadItemView};
use crate::AppState;
use crate::arm::filter::{Filter, WORKLOADS};
use crate::arm::names::{ContainerPath, at_container};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_engine::discovery::{self, Shown};
use std::sync::Arc;

/// Lists instances and databases of a server.
#[utoipa::path(get, path = at_container!("/items"), tag = "Discovered items", operation_id = "BackupWorkloadItems_List", params(ContainerPath, ListQuery),
    responses((status = 200, description = "A page of items.", body = WorkloadItemList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<ContainerPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Json<WorkloadItemList>, ArmError> {
    let filter = Filter::parse(query.filter.as_deref(), &["backupManagementType", "workloadItemType", "workloadType"])?;
    filter.known("workloadItemType", WORKLOADS)?;
    let any = filter.admits_workload()? && filter.known("workloadType", WORKLOADS)?.is_none_or(|w| w.starts_with("SQL"));
    let shown = Shown {
        instances: any && filter.admits("workloadItemType", "SQLInstance"),
        databases: any && filter.admits("workloadItemType", "SQLDataBase"),
        ..Shown::default()
    };
    let slice = discovery::workload_items(&state.engine, &path.vault().ask()?, &path.container()?, &shown, &query.page()?).await?;
    let value = slice.items.iter().map(WorkloadItemView::new).collect();
    Ok(Json(WorkloadItemList { value, next_link: next_link(&caller.base_url, &uri, slice.next.as_deref()) }))
}
