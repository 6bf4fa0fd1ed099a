//! GET the soft-deleted containers of a vault.

use super::list::filled;
use super::{ContainerList, ContainerView};
use crate::AppState;
use crate::arm::filter::Filter;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_domain::discovery::Registration;
use std::sync::Arc;

/// Lists servers that are given up but for soft-deleted items.
#[utoipa::path(get, path = at_vault!("/backupDeletedProtectionContainers"), tag = "Containers", operation_id = "DeletedProtectionContainers_List", params(VaultPath, ListQuery),
    responses((status = 200, description = "A page of containers.", body = ContainerList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Json<ContainerList>, ArmError> {
    let filter = Filter::parse(query.filter.as_deref(), &["backupManagementType", "friendlyName"])?;
    let workload = filter.admits_workload()?;
    let wanted = |view: &ContainerView| workload && filter.admits("friendlyName", &view.properties.friendly_name);
    let (value, next) = filled(&state.engine, &path.ask()?, Some(Registration::SoftDeleted), query.page()?, wanted).await?;
    Ok(Json(ContainerList { value, next_link: next_link(&caller.base_url, &uri, next.as_deref()) }))
}
