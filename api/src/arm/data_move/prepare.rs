//! POST prepareDataMove on the vault that backups are to leave.

use super::body::PrepareBody;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::features::data_move;
use std::sync::Arc;

/// Prepares the move of backups to another vault.
#[utoipa::path(post, path = at_vault!("/backupstorageconfig/vaultstorageconfig/prepareDataMove"), tag = "Data move", operation_id = "BmsPrepareDataMove", params(VaultPath, VersionQuery), request_body = PrepareBody,
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(body): ArmJson<PrepareBody>,
) -> Result<Response, ArmError> {
    let operation = data_move::prepare(&state.engine, &caller.engine, &path.ask()?, &body.request()?).await?;
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_storage_config(&path, operation.id)).accepted())
}
