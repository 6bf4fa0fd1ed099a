//! GET a protected item.

use super::ItemView;
use crate::AppState;
use crate::arm::names::{ItemPath, at_item};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::protection;
use std::sync::Arc;

/// Reads a protected item.
#[utoipa::path(get, path = at_item!(""), tag = "Protected items", operation_id = "ProtectedItems_Get", params(ItemPath, VersionQuery),
    responses((status = 200, description = "The item.", body = ItemView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<ItemPath>,
) -> Result<Json<ItemView>, ArmError> {
    let found = protection::get(&state.engine, &path.ask()?).await?;
    Ok(Json(ItemView::new(&found, state.engine.clock.now(), true)))
}
