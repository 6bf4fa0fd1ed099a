//! GET the private link resources of a vault.

use super::PrivateLinkList;
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Lists what a private endpoint of a vault can reach.
#[utoipa::path(get, path = at_vault!("/privateLinkResources"), tag = "Private endpoints", operation_id = "PrivateLinkResources_List", params(VaultPath, VersionQuery),
    responses((status = 200, description = "Private link resources.", body = PrivateLinkList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
) -> Result<Json<PrivateLinkList>, ArmError> {
    Ok(Json(PrivateLinkList::of(&vaults::get(&state.engine, &path.ask()?).await?)))
}
