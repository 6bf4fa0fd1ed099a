//! GET the jobs of a vault, newest first.

use super::filter::wanted;
use super::{JobList, JobView};
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_engine::jobs;
use std::sync::Arc;

/// Lists jobs, newest first.
#[utoipa::path(get, path = at_vault!("/backupJobs"), tag = "Jobs", operation_id = "BackupJobs_List", params(VaultPath, ListQuery),
    responses((status = 200, description = "A page of jobs, without `extendedInfo`.", body = JobList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Json<JobList>, ArmError> {
    let filter = wanted(query.filter.as_deref())?;
    let (vault, slice) = jobs::list(&state.engine, &path.ask()?, &filter.clone().unwrap_or_default(), &query.page()?).await?;
    if filter.is_none() {
        return Ok(Json(JobList { value: Vec::new(), next_link: None }));
    }
    let now = state.engine.clock.now();
    let version = query._api_version.as_deref();
    let value = slice.items.iter().map(|job| JobView::new(&vault, job, now, false).for_version(version)).collect();
    Ok(Json(JobList { value, next_link: next_link(&caller.base_url, &uri, slice.next.as_deref()) }))
}
