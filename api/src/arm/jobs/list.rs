//! GET the jobs of a vault, newest first.

use super::{JobList, JobView};
use crate::AppState;
use crate::arm::filter::Filter;
use crate::arm::names::{VaultPath, at_vault, job};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_domain::fault::Result as FaultResult;
use rsvault_domain::job::JobStatus;
use rsvault_domain::ports::JobFilter;
use rsvault_engine::jobs;
use std::sync::Arc;

const KEYS: &[&str] = &["backupManagementType", "status", "operation", "jobId", "startTime", "endTime"];
const STATES: &[&str] = &["InProgress", "Completed", "Failed", "CompletedWithWarnings", "Cancelled", "Cancelling"];
const OPERATIONS: &[&str] = &[
    "Register",
    "UnRegister",
    "ConfigureBackup",
    "Backup",
    "Restore",
    "DisableBackup",
    "DeleteBackupData",
    "CrossRegionRestore",
    "Undelete",
    "UpdateCustomerManagedKey",
];

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
    let filter = Filter::parse(query.filter.as_deref(), KEYS)?;
    let workload = filter.admits_workload()?;
    let (vault, slice) = jobs::list(&state.engine, &path.ask()?, &jobs_wanted(&filter)?, &query.page()?).await?;
    let now = state.engine.clock.now();
    let value = slice.items.iter().filter(|_| workload).map(|job| JobView::new(&vault, job, now, false)).collect();
    Ok(Json(JobList { value, next_link: next_link(&caller.base_url, &uri, slice.next.as_deref()).filter(|_| workload) }))
}

fn jobs_wanted(filter: &Filter) -> FaultResult<JobFilter> {
    Ok(JobFilter {
        status: filter.known("status", STATES)?.and_then(JobStatus::parse),
        family: filter.known("operation", OPERATIONS)?.map(str::to_owned),
        from: filter.moment("startTime")?,
        to: filter.moment("endTime")?,
        id: filter.get("jobId").map(job).transpose()?,
    })
}
