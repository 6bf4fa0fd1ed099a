//! GET the result of an operation on a job: 202 while it runs, then 204; a failure is a 4xx.

use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro, no_content, settled};
use crate::arm::names::{JobOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;

/// Reads the result of an operation.
#[utoipa::path(get, path = at_vault!("/backupJobs/{jobName}/operationResults/{operationId}"), tag = "Jobs", operation_id = "JobOperationResults_Get", params(JobOperationPath, VersionQuery),
    responses((status = 204, description = "Done; there is nothing to show."), AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<JobOperationPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let id = operation(&path.operation_id)?;
    if settled(&state.engine, &path.vault().ask()?, id).await?.is_none() {
        return Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_job(&path.job_path(), id)).accepted());
    }
    Ok(no_content())
}
