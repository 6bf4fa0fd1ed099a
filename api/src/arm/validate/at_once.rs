//! POST backupValidateOperation: the verdict at once.

use super::body::{ValidateBody, ValidationView};
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::restores;
use std::sync::Arc;

/// Validates a restore: 200 with what it would be refused for, or with nothing.
#[utoipa::path(post, path = at_vault!("/backupValidateOperation"), tag = "Validation", operation_id = "Operation_Validate", params(VaultPath, VersionQuery), request_body = ValidateBody,
    responses((status = 200, description = "The verdict.", body = ValidationView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmJson(body): ArmJson<ValidateBody>,
) -> Result<Json<ValidationView>, ArmError> {
    let (item, request) = body.request(&path)?;
    Ok(Json(ValidationView::new(restores::validate(&state.engine, &item, &request).await?)))
}
