//! POST triggerDataMove on the vault that backups are to go to.

use super::body::TriggerBody;
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

/// Triggers a prepared move of backups.
#[utoipa::path(post, path = at_vault!("/backupstorageconfig/vaultstorageconfig/triggerDataMove"), tag = "Data move", operation_id = "BmsTriggerDataMove", params(VaultPath, VersionQuery), request_body = TriggerBody,
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(body): ArmJson<TriggerBody>,
) -> Result<Response, ArmError> {
    let (request, correlation) = body.request()?;
    let operation = data_move::trigger(&state.engine, &caller.engine, &path.ask()?, &request, &correlation).await?;
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_move(&path, operation.id)).accepted())
}
