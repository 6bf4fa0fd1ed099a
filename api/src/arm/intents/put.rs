//! PUT a protection intent: auto-protect an instance or an availability group, or change its policy for the
//! databases to come.

use super::{IntentBody, IntentView};
use crate::AppState;
use crate::arm::names::{IntentPath, at_fabric, fabric};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::intents;
use std::sync::Arc;

/// Auto-protects an instance or an availability group.
#[utoipa::path(put, path = at_fabric!("/backupProtectionIntent/{intentObjectName}"), tag = "Discovered items", operation_id = "ProtectionIntent_CreateOrUpdate", params(IntentPath, VersionQuery), request_body = IntentBody,
    responses((status = 200, description = "The intent.", body = IntentView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<IntentPath>,
    ArmJson(body): ArmJson<IntentBody>,
) -> Result<Json<IntentView>, ArmError> {
    fabric(&path.fabric_name)?;
    let found = intents::put(&state.engine, &caller.engine, &path.vault().ask()?, &path.intent_object_name, &body.request()?).await?;
    Ok(Json(IntentView::new(&found)))
}
