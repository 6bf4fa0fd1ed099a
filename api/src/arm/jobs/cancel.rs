//! POST cancel of a job: 202 with nothing.

use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{JobPath, at_vault, job};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::jobs;
use std::sync::Arc;

/// Asks for a job to be cancelled.
#[utoipa::path(post, path = at_vault!("/backupJobs/{jobName}/cancel"), tag = "Jobs", operation_id = "JobCancellations_Trigger", params(JobPath, VersionQuery),
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<JobPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let operation = jobs::cancel(&state.engine, &caller.engine, &path.vault().ask()?, job(&path.job_name)?).await?;
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_job(&path, operation.id)).accepted())
}
