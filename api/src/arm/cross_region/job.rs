//! POST backupCrrJob: one job of the secondary region.

use super::error::SecondaryError;
use super::jobs::{CrrJobBody, view, whose};
use super::shown;
use crate::AppState;
use crate::arm::fields::required;
use crate::arm::jobs::JobView;
use crate::arm::names::{SecondaryPath, at_provider, job};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::regions;
use serde_json::Value;
use std::sync::Arc;

/// Reads a job of a cross-region restore.
#[utoipa::path(post, path = at_provider!("/locations/{azureRegion}/backupCrrJob"), tag = "Cross-region restore", operation_id = "BackupCrrJobDetails_Get", params(SecondaryPath, VersionQuery),
    request_body = CrrJobBody, responses((status = 200, description = "The job.", body = JobView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<SecondaryPath>,
    ArmJson(body): ArmJson<CrrJobBody>,
) -> Result<Json<Value>, SecondaryError> {
    let whose = whose(&path, required(body.resource_id, "resourceId")?)?;
    let found = regions::job(&state.engine, &whose, job(&required(body.job_name, "jobName")?)?).await?;
    Ok(Json(shown::job(&view(&path, &found.0, &found.1, state.engine.clock.now(), true))?))
}
