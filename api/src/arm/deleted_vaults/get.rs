//! GET a deleted vault.

use super::DeletedVaultView;
use crate::AppState;
use crate::arm::names::{DeletedVaultPath, at_provider};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::vaults;
use std::sync::Arc;

/// Shows a deleted vault.
#[utoipa::path(get, path = at_provider!("/locations/{location}/deletedVaults/{deletedVaultName}"), tag = "Deleted vaults", operation_id = "DeletedVaults_Get", params(DeletedVaultPath, VersionQuery),
    responses((status = 200, description = "The deleted vault.", body = DeletedVaultView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<DeletedVaultPath>,
) -> Result<Json<DeletedVaultView>, ArmError> {
    Ok(Json(DeletedVaultView::from(&vaults::get_deleted(&state.engine, &path.ask()?).await?)))
}
