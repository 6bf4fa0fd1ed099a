//! GET a job.

use super::JobView;
use crate::AppState;
use crate::arm::names::{JobPath, at_vault, job};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::jobs;
use std::sync::Arc;

/// Reads a job.
#[utoipa::path(get, path = at_vault!("/backupJobs/{jobName}"), tag = "Jobs", operation_id = "JobDetails_Get", params(JobPath, VersionQuery),
    responses((status = 200, description = "The job.", body = JobView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<JobPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Json<JobView>, ArmError> {
    let (vault, job) = jobs::get(&state.engine, &path.vault().ask()?, job(&path.job_name)?).await?;
    Ok(Json(JobView::new(&vault, &job, state.engine.clock.now(), true).for_version(query.api_version.as_deref())))
}
