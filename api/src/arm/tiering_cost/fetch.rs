//! POST fetchTieringCost: 202; the answer is its operation's result.

use super::body::TieringBody;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::features::tiering;
use std::sync::Arc;

/// Asks what the archive tier comes to.
#[utoipa::path(post, path = at_vault!("/backupTieringCost/default/fetchTieringCost"), tag = "Archive tier", operation_id = "FetchTieringCost_Post", params(VaultPath, VersionQuery), request_body = TieringBody,
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(body): ArmJson<TieringBody>,
) -> Result<Response, ArmError> {
    let request = body.request(&path)?;
    let operation = tiering::fetch(&state.engine, &caller.engine, &path.ask()?, &request).await?;
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_tiering(&path, operation.id)).accepted())
}
