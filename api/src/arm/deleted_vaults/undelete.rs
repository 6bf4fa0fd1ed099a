//! POST undelete: brings a deleted vault back. 202; both readers answer also once the deleted vault is gone from the list, because
//! clients end with a GET of `Location` (az-client b).

use super::UndeleteBody;
use crate::AppState;
use crate::arm::fields::required;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{DeletedVaultPath, at_provider};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Brings a deleted vault back into a resource group, with its soft-deleted items.
#[utoipa::path(post, path = at_provider!("/locations/{location}/deletedVaults/{deletedVaultName}/undelete"), tag = "Deleted vaults", operation_id = "DeletedVaults_Undelete", params(DeletedVaultPath, VersionQuery), request_body = UndeleteBody,
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<DeletedVaultPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(body): ArmJson<UndeleteBody>,
) -> Result<Response, ArmError> {
    let group = body.properties.unwrap_or_default().recovery_resource_group_id;
    let group = required(group.filter(|g| !g.is_empty()), "properties.recoveryResourceGroupId")?;
    let operation = vaults::undelete(&state.engine, &caller.engine, &path.ask()?, &group).await?;
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_deleted_vault(&path, operation.id)).accepted())
}
