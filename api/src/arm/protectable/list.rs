//! GET what can be protected in a vault.

use super::{ProtectableItemList, ProtectableItemView};
use crate::AppState;
use crate::arm::filter::{Filter, WORKLOADS};
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_domain::id::ContainerName;
use rsvault_engine::discovery::{self, Shown};
use rsvault_engine::vaults;
use std::sync::Arc;

const KEYS: &[&str] = &["backupManagementType", "workloadType", "containerName", "friendlyName", "status"];

/// Lists instances and unprotected databases.
#[utoipa::path(get, path = at_vault!("/backupProtectableItems"), tag = "Discovered items", operation_id = "BackupProtectableItems_List", params(VaultPath, ListQuery),
    responses((status = 200, description = "A page of items.", body = ProtectableItemList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Json<ProtectableItemList>, ArmError> {
    let filter = Filter::parse(query.filter.as_deref(), KEYS)?;
    let workload = filter.known("workloadType", WORKLOADS)?.is_none_or(|w| ["SQLDataBase", "SQLInstance", "SQL"].contains(&w));
    let any = filter.admits_workload()? && workload && filter.admits("status", "NotProtected");
    let shown = Shown {
        container: filter.get("containerName").map(ContainerName::parse).transpose()?,
        name: filter.get("friendlyName").map(str::to_owned),
        ..Shown::default()
    };
    let (at, page) = (path.ask()?, query.page()?);
    if !any {
        vaults::get(&state.engine, &at).await?;
        return Ok(Json(ProtectableItemList { value: Vec::new(), next_link: None }));
    }
    let slice = discovery::protectable_items(&state.engine, &at, &shown, &page).await?;
    let value = slice.items.iter().map(ProtectableItemView::new).collect();
    Ok(Json(ProtectableItemList { value, next_link: next_link(&caller.base_url, &uri, slice.next.as_deref()) }))
}
