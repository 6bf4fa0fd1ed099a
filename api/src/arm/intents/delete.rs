//! DELETE a protection intent: its databases stay protected, new ones are protected no more.

use crate::AppState;
use crate::arm::lro::no_content;
use crate::arm::names::{IntentPath, at_fabric, fabric};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::intents;
use std::sync::Arc;

/// Ends an auto-protection.
#[utoipa::path(delete, path = at_fabric!("/backupProtectionIntent/{intentObjectName}"), tag = "Discovered items", operation_id = "ProtectionIntent_Delete", params(IntentPath, VersionQuery),
    responses((status = 204, description = "It is deleted, or there was none."), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<IntentPath>,
) -> Result<Response, ArmError> {
    fabric(&path.fabric_name)?;
    intents::delete(&state.engine, &caller.engine, &path.vault().ask()?, &path.intent_object_name).await?;
    Ok(no_content())
}
