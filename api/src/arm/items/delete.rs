//! DELETE a protected item: stop and delete the data. Its readers are the vault's, since the item may be gone.

use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{ItemPath, at_item};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::protection;
use std::sync::Arc;

/// Stops protection of a database and deletes its backups.
#[utoipa::path(delete, path = at_item!(""), tag = "Protected items", operation_id = "ProtectedItems_Delete", params(ItemPath, VersionQuery),
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<ItemPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let operation = protection::delete(&state.engine, &caller.engine, &path.ask()?).await?;
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_backup(&path.vault(), operation.id)).accepted())
}
