//! GET the protected items of a vault.

use super::{ItemList, ItemView};
use crate::AppState;
use crate::arm::cross_region;
use crate::arm::filter::{Filter, WORKLOADS};
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::Uri;
use rsvault_domain::id::ContainerName;
use rsvault_engine::protection;
use std::sync::Arc;

const KEYS: &[&str] = &["backupManagementType", "itemType", "policyName", "containerName", "friendlyName", "healthState", "fabricName"];

/// Lists protected items in order of protection.
#[utoipa::path(get, path = at_vault!("/backupProtectedItems"), tag = "Protected items", operation_id = "BackupProtectedItems_List", params(VaultPath, ListQuery),
    responses((status = 200, description = "A page of items, without `extendedInfo`.", body = ItemList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Response, ArmError> {
    if cross_region::is_secondary(query._api_version.as_deref()) {
        return Ok(cross_region::items(&state, &caller, &path, &query, &uri).await);
    }
    let filter = Filter::parse(query.filter.as_deref(), KEYS)?;
    filter.known("itemType", WORKLOADS)?;
    let any = filter.admits_workload()? && filter.admits("itemType", "SQLDataBase") && filter.admits("fabricName", "Azure");
    let container = filter.get("containerName").map(ContainerName::parse).transpose()?;
    let slice = protection::list(&state.engine, &path.ask()?, filter.get("policyName"), &query.page()?).await?;
    let now = state.engine.clock.now();
    let value = slice
        .items
        .iter()
        .filter(|found| {
            any && container.as_ref().is_none_or(|c| c.key() == found.container.name.key())
                && filter.admits("friendlyName", &found.item.name.database)
        })
        .map(|found| ItemView::new(found, now, false))
        .filter(|view| filter.admits("healthState", view.properties.protected_item_health_status))
        .collect();
    Ok(Json(ItemList { value, next_link: next_link(&caller.base_url, &uri, slice.next.as_deref()) }).into_response())
}
