//! GET one private link resource of a vault.

use super::{PrivateLinkList, PrivateLinkView};
use crate::AppState;
use crate::arm::names::{PrivateLinkPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_domain::Fault;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Reads what a private endpoint of a vault can reach.
#[utoipa::path(get, path = at_vault!("/privateLinkResources/{privateLinkResourceName}"), tag = "Private endpoints", operation_id = "PrivateLinkResources_Get", params(PrivateLinkPath, VersionQuery),
    responses((status = 200, description = "The private link resource.", body = PrivateLinkView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<PrivateLinkPath>,
) -> Result<Json<PrivateLinkView>, ArmError> {
    let vault = vaults::get(&state.engine, &path.vault().ask()?).await?;
    let wanted = &path.private_link_resource_name;
    let found = PrivateLinkList::of(&vault).value.into_iter().find(|v| v.name.eq_ignore_ascii_case(wanted));
    let found = found.ok_or_else(|| {
        Fault::not_found(
            "ResourceNotFound",
            format!("Vault '{}' has no private link resource '{wanted}'. List them for the names.", vault.name),
        )
        .at("privateLinkResourceName")
    })?;
    Ok(Json(found))
}
