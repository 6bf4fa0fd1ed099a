//! GET the containers of a vault. `status eq 'Registered'` shows soft-deleted ones too (wire-facts 10).

use super::{ContainerList, ContainerView};
use crate::AppState;
use crate::arm::filter::Filter;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_engine::discovery;
use std::sync::Arc;

const STATES: &[&str] = &["Registered", "Registering", "SoftDeleted", "NotRegistered", "RegistrationFailed"];

/// Lists registered servers by name.
#[utoipa::path(get, path = at_vault!("/backupProtectionContainers"), tag = "Containers", operation_id = "BackupProtectionContainers_List", params(VaultPath, ListQuery),
    responses((status = 200, description = "A page of containers.", body = ContainerList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Json<ContainerList>, ArmError> {
    let filter = Filter::parse(query.filter.as_deref(), &["backupManagementType", "status", "friendlyName", "containerType"])?;
    let workload = filter.admits_workload()?;
    let status = filter.known("status", STATES)?;
    let slice = discovery::list(&state.engine, &path.ask()?, &query.page()?).await?;
    let wanted = |view: &ContainerView| {
        let have = view.properties.registration_status;
        let by_status = status.is_none_or(|want| want == have || (want == "Registered" && have == "SoftDeleted"));
        workload && by_status && filter.admits("containerType", view.properties.container_type) && filter.admits("friendlyName", &view.properties.friendly_name)
    };
    let value = slice.items.iter().map(ContainerView::new).filter(wanted).collect();
    Ok(Json(ContainerList { value, next_link: next_link(&caller.base_url, &uri, slice.next.as_deref()) }))
}
