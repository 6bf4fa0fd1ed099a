//! GET the schedule of an item.

use super::body::ItemScheduleView;
use crate::AppState;
use crate::arm::names::{ItemPath, at_item};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::protection;
use std::sync::Arc;

/// Shows when which backup is due, which slots have run, and whether the agent has the schedule on its disk. An
/// extension of rsvault.
#[utoipa::path(get, path = at_item!("/schedule"), tag = "rsvault extensions", operation_id = "ItemSchedule_Get", params(ItemPath, VersionQuery),
    extensions(("x-rsvault-action" = json!("Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/read"))),
    responses((status = 200, description = "The schedule.", body = ItemScheduleView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<ItemPath>,
) -> Result<Json<ItemScheduleView>, ArmError> {
    let facts = protection::schedule(&state.engine, &path.ask()?).await?;
    Ok(Json(ItemScheduleView::new(&facts)))
}
