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
use rsvault_engine::protection::{self, ItemQuery};
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
    let asked = ItemQuery { policy: filter.get("policyName"), container: container.as_ref(), database: filter.get("friendlyName") };
    let (path, mut page, now) = (path.ask()?, query.page()?, state.engine.clock.now());
    let (value, next) = loop {
        let slice = protection::list(&state.engine, &path, asked, &page).await?;
        let views = slice.items.iter().filter(|_| any).map(|found| ItemView::new(found, now, false));
        let value: Vec<_> = views.filter(|view| filter.admits("healthState", view.properties.protected_item_health_status)).collect();
        // Health is no column: pages without an item in it are passed over; a vault has at most 2,000 items.
        match slice.next {
            Some(next) if value.is_empty() && any => page.after = Some(next),
            next => break (value, next.filter(|_| any)),
        }
    };
    Ok(Json(ItemList { value, next_link: next_link(&caller.base_url, &uri, next.as_deref()) }).into_response())
}
