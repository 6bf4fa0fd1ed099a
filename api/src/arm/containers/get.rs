//! GET a container.

use super::ContainerView;
use crate::AppState;
use crate::arm::names::{ContainerPath, at_container};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::discovery;
use std::sync::Arc;

/// Reads a container.
#[utoipa::path(get, path = at_container!(""), tag = "Containers", operation_id = "ProtectionContainers_Get", params(ContainerPath, VersionQuery),
    responses((status = 200, description = "The container.", body = ContainerView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<ContainerPath>,
) -> Result<Json<ContainerView>, ArmError> {
    let found = discovery::get(&state.engine, &path.vault().ask()?, &path.container()?).await?;
    Ok(Json(ContainerView::new(&found).into_single()))
}
