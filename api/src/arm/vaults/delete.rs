//! DELETE a vault: 202 with the operation, 204 when there was none. The client takes nothing else.

use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro, no_content};
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Deletes a vault that protects, keeps and has registered nothing.
#[utoipa::path(delete, path = at_vault!(""), tag = "Vaults", operation_id = "Vaults_Delete", params(VaultPath, VersionQuery),
    responses(AcceptedDoc, (status = 204, description = "There was none."), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let Some(operation) = vaults::delete(&state.engine, &caller.engine, &path.ask()?).await? else { return Ok(no_content()) };
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_vault(&path, operation.id)).accepted())
}
