//! GET the deleted vaults of a region.

use super::{DeletedVaultList, DeletedVaultView};
use crate::AppState;
use crate::arm::names::{RegionPath, at_provider, subscription};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Lists the deleted vaults of a region.
#[utoipa::path(get, path = at_provider!("/locations/{location}/deletedVaults"), tag = "Deleted vaults", operation_id = "DeletedVaults_ListBySubscriptionId", params(RegionPath, ListQuery),
    responses((status = 200, description = "A page of deleted vaults.", body = DeletedVaultList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<RegionPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Json<DeletedVaultList>, ArmError> {
    let slice = vaults::list_deleted(&state.engine, subscription(&path.subscription_id)?, &path.location, &query.page()?).await?;
    let value = slice.items.iter().map(DeletedVaultView::from).collect();
    Ok(Json(DeletedVaultList { value, next_link: next_link(&caller.base_url, &uri, slice.next.as_deref()) }))
}
