//! POST backup: 202 with nothing; the operation has succeeded at once, its job runs on.

use super::BackupBody;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{ItemPath, at_item};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::backups;
use std::sync::Arc;

/// Backs a database up now.
#[utoipa::path(post, path = at_item!("/backup"), tag = "Backups", operation_id = "Backups_Trigger", params(ItemPath, VersionQuery), request_body = BackupBody,
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<ItemPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(body): ArmJson<BackupBody>,
) -> Result<Response, ArmError> {
    let operation = backups::trigger(&state.engine, &caller.engine, &path.ask()?, &body.request()?).await?;
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_item(&path, operation.id)).accepted())
}
