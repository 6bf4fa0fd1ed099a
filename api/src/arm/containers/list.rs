//! GET the containers of a vault. `status eq 'Registered'` shows soft-deleted ones too (wire-facts 10).

use super::{ContainerList, ContainerView};
use crate::AppState;
use crate::arm::filter::Filter;
use crate::arm::names::{self, at_vault};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_domain::Fault;
use rsvault_domain::discovery::Registration;
use rsvault_domain::ports::Page;
use rsvault_engine::vaults::VaultPath;
use rsvault_engine::{Engine, discovery};
use std::sync::Arc;

const STATES: &[&str] = &["Registered", "Registering", "SoftDeleted", "NotRegistered", "RegistrationFailed"];

/// Lists registered servers by name.
#[utoipa::path(get, path = at_vault!("/backupProtectionContainers"), tag = "Containers", operation_id = "BackupProtectionContainers_List", params(names::VaultPath, ListQuery),
    responses((status = 200, description = "A page of containers.", body = ContainerList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<names::VaultPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Json<ContainerList>, ArmError> {
    let filter = Filter::parse(query.filter.as_deref(), &["backupManagementType", "status", "friendlyName", "containerType"])?;
    let workload = filter.admits_workload()?;
    let status = filter.known("status", STATES)?;
    let wanted = |view: &ContainerView| {
        let have = view.properties.registration_status;
        let by_status = status.is_none_or(|want| want == have || (want == "Registered" && have == "SoftDeleted"));
        workload
            && by_status
            && filter.admits("containerType", view.properties.container_type)
            && filter.admits("friendlyName", &view.properties.friendly_name)
    };
    // `Registered` is more than one state, and most of a vault; the others are found along an index.
    let one = status.filter(|want| *want != "Registered").and_then(Registration::parse);
    let (value, next) = filled(&state.engine, &path.ask()?, one, query.page()?, wanted).await?;
    Ok(Json(ContainerList { value, next_link: next_link(&caller.base_url, &uri, next.as_deref()) }))
}

/// The first page, from `page` on, that has a container which is `wanted`. What shows in no column is looked for in the
/// pages themselves; a vault has at most a thousand servers.
pub(super) async fn filled(
    engine: &Engine,
    vault: &VaultPath,
    state: Option<Registration>,
    mut page: Page,
    wanted: impl Fn(&ContainerView) -> bool,
) -> Result<(Vec<ContainerView>, Option<String>), Fault> {
    loop {
        let slice = match state {
            Some(state) => discovery::list_in(engine, vault, state, &page).await?,
            None => discovery::list(engine, vault, &page).await?,
        };
        let value: Vec<_> = slice.items.iter().map(ContainerView::new).filter(&wanted).collect();
        match slice.next {
            Some(next) if value.is_empty() => page.after = Some(next),
            next => return Ok((value, next)),
        }
    }
}
