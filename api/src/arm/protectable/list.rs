//! GET what can be protected in a vault.

use super::{ProtectableItemList, ProtectableItemView};
use crate::AppState;
use crate::arm::filter::{Filter, WORKLOADS};
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::ListQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_domain::id::ContainerName;
use rsvault_engine::discovery;
use std::sync::Arc;

const KEYS: &[&str] = &["backupManagementType", "workloadType", "containerName", "friendlyName", "status"];

/// Lists instances and unprotected databases.
#[utoipa::path(get, path = at_vault!("/backupProtectableItems"), tag = "Discovered items", operation_id = "BackupProtectableItems_List", params(VaultPath, ListQuery),
    responses((status = 200, description = "The items.", body = ProtectableItemList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
) -> Result<Json<ProtectableItemList>, ArmError> {
    let filter = Filter::parse(query.filter.as_deref(), KEYS)?;
    let workload = filter.known("workloadType", WORKLOADS)?.is_none_or(|w| ["SQLDataBase", "SQLInstance", "SQL"].contains(&w));
    let any = filter.admits_workload()? && workload && filter.admits("status", "NotProtected");
    let container = filter.get("containerName").map(ContainerName::parse).transpose()?;
    let found = discovery::protectable_items(&state.engine, &path.ask()?).await?;
    let value = found
        .iter()
        .filter(|row| any && container.as_ref().is_none_or(|c| c.key() == row.container.container.name.key()))
        .map(ProtectableItemView::new)
        .filter(|view| filter.admits("friendlyName", &view.properties.friendly_name))
        .collect();
    Ok(Json(ProtectableItemList { value }))
}
