//! GET the servers that refresh has seen and that no vault has taken.

use super::{ProtectableContainerList, ProtectableContainerView};
use crate::AppState;
use crate::arm::filter::Filter;
use crate::arm::names::{FabricPath, at_fabric, fabric};
use crate::arm::page::ListQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::discovery;
use std::sync::Arc;

/// Lists servers that may be registered.
#[utoipa::path(get, path = at_fabric!("/protectableContainers"), tag = "Containers", operation_id = "ProtectableContainers_List", params(FabricPath, ListQuery),
    responses((status = 200, description = "The servers.", body = ProtectableContainerList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<FabricPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
) -> Result<Json<ProtectableContainerList>, ArmError> {
    fabric(&path.fabric_name)?;
    let filter = Filter::parse(query.filter.as_deref(), &["backupManagementType"])?;
    let workload = filter.admits_workload()?;
    let (vault, servers) = discovery::protectable(&state.engine, &path.vault().ask()?).await?;
    let value = servers.iter().filter(|_| workload).map(|s| ProtectableContainerView::new(&vault, s)).collect();
    Ok(Json(ProtectableContainerList { value }))
}
