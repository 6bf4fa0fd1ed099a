//! GET the usages of a vault.

use super::UsageList;
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::features;
use std::sync::Arc;

/// Lists what a vault holds and may hold.
#[utoipa::path(get, path = at_vault!("/usages"), tag = "Vaults", operation_id = "Usages_ListByVaults", params(VaultPath, VersionQuery),
    responses((status = 200, description = "Usages.", body = UsageList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
) -> Result<Json<UsageList>, ArmError> {
    Ok(Json(UsageList::new(features::counts(&state.engine, &path.ask()?).await?.usages())))
}
