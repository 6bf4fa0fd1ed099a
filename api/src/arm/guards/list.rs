//! GET the resource guards of a vault: none.

use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::vaults;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A list of resource guards.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuardList {
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    pub(crate) value: [serde_json::Value; 0],
}

/// Lists resource guards; there are none.
#[utoipa::path(get, path = at_vault!("/backupResourceGuardProxies"), tag = "Vault settings", operation_id = "ResourceGuardProxies_Get", params(VaultPath, VersionQuery),
    responses((status = 200, description = "An empty list.", body = GuardList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
) -> Result<Json<GuardList>, ArmError> {
    vaults::get(&state.engine, &path.ask()?).await?;
    Ok(Json(GuardList { value: [] }))
}
