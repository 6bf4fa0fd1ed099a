//! GET the protected items of a vault, as the secondary region has them.

use super::error::SecondaryError;
use super::shown;
use crate::AppState;
use crate::arm::filter::{Filter, WORKLOADS};
use crate::arm::items::ItemView;
use crate::arm::names::VaultPath;
use crate::arm::page::{ListQuery, next_link};
use crate::edge::Caller;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Uri;
use rsvault_domain::id::ContainerName;
use rsvault_engine::regions;
use serde_json::json;

const KEYS: &[&str] = &["backupManagementType", "itemType", "policyName", "containerName", "friendlyName"];

/// A page of items that have a point in the secondary.
pub(crate) async fn items(state: &AppState, caller: &Caller, path: &VaultPath, query: &ListQuery, uri: &Uri) -> Response {
    page(state, caller, path, query, uri).await.unwrap_or_else(IntoResponse::into_response)
}

async fn page(state: &AppState, caller: &Caller, path: &VaultPath, query: &ListQuery, uri: &Uri) -> Result<Response, SecondaryError> {
    let filter = Filter::parse(query.filter.as_deref(), KEYS)?;
    filter.known("itemType", WORKLOADS)?;
    let any = filter.admits_workload()? && filter.admits("itemType", "SQLDataBase");
    let container = filter.get("containerName").map(ContainerName::parse).transpose()?;
    let slice = regions::items(&state.engine, &path.ask()?, &query.page()?).await?;
    let now = state.engine.clock.now();
    let admitted = slice.items.iter().filter(|found| {
        any && container.as_ref().is_none_or(|c| c.key() == found.container.name.key())
            && filter.admits("friendlyName", &found.item.name.database)
            && filter.get("policyName").is_none_or(|want| found.policy.as_ref().is_some_and(|p| p.name.eq_ignore_ascii_case(want)))
    });
    let value = admitted.map(|found| shown::item(&ItemView::new(found, now, false))).collect::<Result<Vec<_>, _>>()?;
    let mut body = json!({ "value": value });
    if let Some(next) = next_link(&caller.base_url, uri, slice.next.as_deref()) {
        body["nextLink"] = next.into();
    }
    Ok(Json(body).into_response())
}
