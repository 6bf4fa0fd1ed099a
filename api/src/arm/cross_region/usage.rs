//! GET the usage summaries of a vault, as the secondary region has them: how many items it can bring back.

use super::error::SecondaryError;
use crate::AppState;
use crate::arm::filter::Filter;
use crate::arm::names::VaultPath;
use axum::Json;
use axum::response::{IntoResponse, Response};
use rsvault_domain::ports::Page;
use rsvault_engine::regions;
use serde_json::json;

const KEYS: &[&str] = &["type", "backupManagementType"];
const TYPES: &[&str] = &["BackupProtectedItemCountSummary", "BackupProtectionContainerCountSummary"];

/// One figure: the databases that have a point in the secondary, or the servers they are of.
pub(crate) async fn usage(state: &AppState, path: &VaultPath, filter: Option<&str>) -> Response {
    count(state, path, filter).await.unwrap_or_else(IntoResponse::into_response)
}

async fn count(state: &AppState, path: &VaultPath, filter: Option<&str>) -> Result<Response, SecondaryError> {
    let filter = Filter::parse(filter, KEYS)?;
    let kind = filter.known("type", TYPES)?.unwrap_or(TYPES[0]);
    let workload = filter.admits_workload()?;
    let path = path.ask()?;
    let (mut items, mut servers) = (0i64, std::collections::HashSet::new());
    let mut page = Page { after: None, limit: 1000 };
    loop {
        let slice = regions::items(&state.engine, &path, &page).await?;
        items += i64::try_from(slice.items.len()).unwrap_or(i64::MAX);
        servers.extend(slice.items.iter().map(|found| found.container.id));
        match slice.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    let value = if kind == TYPES[0] { items } else { i64::try_from(servers.len()).unwrap_or(i64::MAX) };
    let name = json!({ "value": "AzureWorkload", "localizedValue": "SQL in Azure VM" });
    let figure = json!({ "unit": "Count", "currentValue": value, "limit": -1, "name": name });
    let value: Vec<_> = Some(figure).filter(|_| workload).into_iter().collect();
    Ok(Json(json!({ "value": value })).into_response())
}
