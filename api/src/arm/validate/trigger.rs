//! POST backupTriggerValidateOperation: 202; the verdict is the operation's result.

use super::body::ValidateBody;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::restores;
use std::sync::Arc;

/// Validates a restore by an operation.
#[utoipa::path(post, path = at_vault!("/backupTriggerValidateOperation"), tag = "Validation", operation_id = "ValidateOperation_Trigger", params(VaultPath, VersionQuery), request_body = ValidateBody,
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(body): ArmJson<ValidateBody>,
) -> Result<Response, ArmError> {
    let (item, request) = body.request(&path)?;
    let operation = restores::trigger_validation(&state.engine, &caller.engine, &item, &request).await?;
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_validation(&path, operation.id)).accepted())
}
