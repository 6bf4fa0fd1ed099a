//! GET the protection intents of a vault: none, whatever is asked.

use crate::AppState;
use crate::arm::filter::Filter;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::ListQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::vaults;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A list of protection intents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IntentList {
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    pub(crate) value: [serde_json::Value; 0],
}

/// Lists protection intents; there are none.
#[utoipa::path(get, path = at_vault!("/backupProtectionIntents"), tag = "Discovered items", operation_id = "BackupProtectionIntent_List", params(VaultPath, ListQuery),
    responses((status = 200, description = "An empty list.", body = IntentList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
) -> Result<Json<IntentList>, ArmError> {
    Filter::parse(query.filter.as_deref(), &["backupManagementType", "itemName", "itemType", "parentName"])?.admits_workload()?;
    vaults::get(&state.engine, &path.ask()?).await?;
    Ok(Json(IntentList { value: [] }))
}
