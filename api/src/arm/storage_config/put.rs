//! PUT the storage config. Like PATCH: what is left out stays.

use super::{StorageConfigBody, StorageConfigView};
use crate::AppState;
use crate::arm::cross_region;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rsvault_engine::vaults;
use std::sync::Arc;

/// Changes the storage config.
#[utoipa::path(put, path = at_vault!("/backupstorageconfig/vaultstorageconfig"), tag = "Vault settings", operation_id = "BackupResourceStorageConfigsNonCRR_Update", params(VaultPath, VersionQuery), request_body = StorageConfigBody,
    responses((status = 200, description = "The storage config as it is now.", body = StorageConfigView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(body): ArmJson<StorageConfigBody>,
) -> Result<Response, ArmError> {
    let vault = vaults::patch(&state.engine, &caller.engine, &path.ask()?, body.change()?).await?;
    let view = StorageConfigView::from(&vault);
    if cross_region::is_secondary(query.api_version.as_deref()) {
        return Ok(Json(cross_region::storage_config(&view)?).into_response());
    }
    Ok(Json(view).into_response())
}
