//! GET the storage config.

use super::StorageConfigView;
use crate::AppState;
use crate::arm::cross_region;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rsvault_engine::vaults;
use std::sync::Arc;

/// Reads the storage config.
#[utoipa::path(get, path = at_vault!("/backupstorageconfig/vaultstorageconfig"), tag = "Vault settings", operation_id = "BackupResourceStorageConfigsNonCRR_Get", params(VaultPath, VersionQuery),
    responses((status = 200, description = "The storage config.", body = StorageConfigView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let vault = vaults::get(&state.engine, &path.ask()?).await?;
    let view = StorageConfigView::from(&vault);
    if cross_region::is_secondary(query.api_version.as_deref()) {
        return Ok(Json(cross_region::storage_config(&view)?).into_response());
    }
    Ok(Json(view).into_response())
}
