//! GET the result of an export: 202 while it runs, then where it can be fetched.

use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro, settled};
use crate::arm::names::{VaultOperationPath, at_vault, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rsvault_domain::operation::Subject;
use rsvault_domain::ports::JobExport;
use rsvault_engine::jobs;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Result of an operation, as `backupJobs/operationResults` shows it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportResultView {
    /// `OK`.
    status_code: &'static str,
    /// No headers.
    #[schema(value_type = Object)]
    headers: serde_json::Value,
    /// What came of it.
    operation: ExportView,
}

/// What came of an operation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ExportView {
    /// An export.
    Export(ExportedView),
    /// Any other operation.
    Other(JobsView),
}

/// Where an export can be fetched.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportedView {
    /// `ExportJobsOperationResultInfo`.
    object_type: &'static str,
    /// Where the jobs are as JSON.
    blob_url: String,
    /// To be appended to it.
    blob_sas_key: String,
    /// Where they are as a table (CSV, which Excel opens).
    excel_file_blob_url: String,
    /// To be appended to it.
    excel_file_blob_sas_key: String,
}

/// The jobs of an operation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobsView {
    /// `OperationResultInfo`.
    object_type: &'static str,
    /// Names of its jobs.
    job_list: Vec<String>,
}

impl ExportedView {
    fn new(base_url: &str, export: &JobExport) -> Self {
        let at = |name: &str| format!("{base_url}/exports/{}/{name}", export.operation);
        let key = format!("?se={}&sp=r&sig={}", export.expires_at.strftime("%Y-%m-%dT%H%%3A%M%%3A%SZ"), export.secret);
        Self {
            object_type: "ExportJobsOperationResultInfo",
            blob_url: at("jobs.json"),
            blob_sas_key: key.clone(),
            excel_file_blob_url: at("jobs.csv"),
            excel_file_blob_sas_key: key,
        }
    }
}

/// Reads the result of an export.
#[utoipa::path(get, path = at_vault!("/backupJobs/operationResults/{operationId}"), tag = "Jobs", operation_id = "ExportJobsOperationResults_Get", params(VaultOperationPath, VersionQuery),
    extensions(("x-rsvault-action" = json!("Microsoft.RecoveryServices/Vaults/backupJobs/operationResults/read"))),
    responses((status = 200, description = "Where the export can be fetched.", body = ExportResultView), AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultOperationPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let id = operation(&path.operation_id)?;
    let Some(operation) = settled(&state.engine, &path.vault().ask()?, id).await? else {
        return Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_export(&path.vault(), id)).accepted());
    };
    let export = if operation.subject == Subject::Export { jobs::export_of(&state.engine, id).await? } else { None };
    let operation = match export {
        Some(export) => ExportView::Export(ExportedView::new(&caller.base_url, &export)),
        None => ExportView::Other(JobsView {
            object_type: "OperationResultInfo",
            job_list: operation.job_id.iter().map(ToString::to_string).collect(),
        }),
    };
    Ok(Json(ExportResultView { status_code: "OK", headers: serde_json::json!({}), operation }).into_response())
}
