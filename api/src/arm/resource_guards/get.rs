//! GET a guard.

use super::ResourceGuardView;
use crate::AppState;
use crate::arm::names::{ResourceGuardPath, at_guard};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::guards;
use std::sync::Arc;

/// Shows a Resource Guard.
#[utoipa::path(get, path = at_guard!(""), tag = "Resource Guards", operation_id = "ResourceGuards_Get", params(ResourceGuardPath, VersionQuery),
    responses((status = 200, description = "The guard.", body = ResourceGuardView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<ResourceGuardPath>,
) -> Result<Json<ResourceGuardView>, ArmError> {
    Ok(Json(ResourceGuardView::from(&guards::get_guard(&state.engine, &path.ask()?).await?)))
}
