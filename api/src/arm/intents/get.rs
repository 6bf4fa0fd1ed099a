//! GET a protection intent.

use super::IntentView;
use crate::AppState;
use crate::arm::names::{IntentPath, at_fabric, fabric};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::intents;
use std::sync::Arc;

/// Reads a protection intent.
#[utoipa::path(get, path = at_fabric!("/backupProtectionIntent/{intentObjectName}"), tag = "Discovered items", operation_id = "ProtectionIntent_Get", params(IntentPath, VersionQuery),
    responses((status = 200, description = "The intent.", body = IntentView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<IntentPath>,
) -> Result<Json<IntentView>, ArmError> {
    fabric(&path.fabric_name)?;
    let found = intents::get(&state.engine, &path.vault().ask()?, &path.intent_object_name).await?;
    Ok(Json(IntentView::new(&found)))
}
