//! GET the vaults of a resource group.

use super::{VaultList, VaultView};
use crate::AppState;
use crate::arm::names::{GroupPath, subscription};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Lists vaults by name.
#[utoipa::path(get, path = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.RecoveryServices/vaults", tag = "Vaults",
    operation_id = "Vaults_ListByResourceGroup", params(GroupPath, ListQuery),
    responses((status = 200, description = "A page of vaults.", body = VaultList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<GroupPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Json<VaultList>, ArmError> {
    let slice = vaults::list(&state.engine, subscription(&path.subscription_id)?, Some(&path.resource_group_name), &query.page()?).await?;
    Ok(Json(VaultList {
        value: slice.items.iter().map(VaultView::from).collect(),
        next_link: next_link(&caller.base_url, &uri, slice.next.as_deref()),
    }))
}
