//! GET the usage summaries of a vault: protected items or servers, by the type that the filter names.

use super::UsageList;
use crate::AppState;
use crate::arm::cross_region;
use crate::arm::filter::Filter;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::ListQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rsvault_domain::Fault;
use rsvault_engine::features;
use std::sync::Arc;

const ITEMS: &str = "BackupProtectedItemCountSummary";
const CONTAINERS: &str = "BackupProtectionContainerCountSummary";

/// Counts protected items or protection containers of a vault.
#[utoipa::path(get, path = at_vault!("/backupUsageSummaries"), tag = "Vaults", operation_id = "BackupUsageSummaries_List", params(VaultPath, ListQuery),
    responses((status = 200, description = "One line a kind of workload.", body = UsageList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
) -> Result<Response, ArmError> {
    if cross_region::is_secondary(query._api_version.as_deref()) {
        return Ok(cross_region::usage(&state, &path, query.filter.as_deref()).await);
    }
    query.page()?;
    let filter = Filter::parse(query.filter.as_deref(), &["type"])?;
    let kind = filter.known("type", &[ITEMS, CONTAINERS])?.ok_or_else(|| {
        Fault::invalid(
            "BMSUserErrorInvalidInput",
            format!("$filter must say what is counted: type eq '{ITEMS}' or type eq '{CONTAINERS}'."),
        )
        .at("$filter")
    })?;
    let counts = features::counts(&state.engine, &path.ask()?).await?;
    let summary = if kind == ITEMS { counts.item_summary() } else { counts.container_summary() };
    Ok(Json(UsageList::new([summary])).into_response())
}
