//! GET the protection intents of a vault. Filtered by container and target, it shows that target's one intent.

use super::{IntentList, IntentView};
use crate::AppState;
use crate::arm::filter::Filter;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_domain::id::ContainerName;
use rsvault_engine::intents::{self, IntentQuery};
use rsvault_engine::vaults;
use std::sync::Arc;

const KEYS: &[&str] = &["backupManagementType", "itemName", "itemType", "parentName"];
const TYPES: &[&str] =
    &["SQLInstance", "SQLAvailabilityGroupContainer", "SQLDataBase", "SAPHanaSystem", "SAPHanaDatabase", "SAPHanaDBInstance"];

/// Lists protection intents.
#[utoipa::path(get, path = at_vault!("/backupProtectionIntents"), tag = "Discovered items", operation_id = "BackupProtectionIntent_List", params(VaultPath, ListQuery),
    responses((status = 200, description = "A page of intents.", body = IntentList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Json<IntentList>, ArmError> {
    let filter = Filter::parse(query.filter.as_deref(), KEYS)?;
    let workload = filter.admits_workload()?;
    let kind = filter.known("itemType", TYPES)?.map(str::to_owned);
    let container = filter.get("parentName").map(ContainerName::parse);
    let at = path.ask()?;
    // What is no name of a container is the parent of nothing.
    if !workload || matches!(container, Some(Err(_))) {
        vaults::get(&state.engine, &at).await?;
        return Ok(Json(IntentList { value: Vec::new(), next_link: None }));
    }
    let wanted = IntentQuery { container: container.transpose()?, target: filter.get("itemName").map(str::to_owned), kind };
    let slice = intents::list(&state.engine, &at, &wanted, &query.page()?).await?;
    let value = slice.items.iter().map(IntentView::new).collect();
    Ok(Json(IntentList { value, next_link: next_link(&caller.base_url, &uri, slice.next.as_deref()) }))
}
