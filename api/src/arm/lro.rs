//! Long-running operations as clients see them: the 202, the status body, the result.
//!
//! Always holds: every 202 carries `Azure-AsyncOperation`, `Location` and an integer `Retry-After`, both
//! URLs absolute, ending in the same id and echoing the request's api-version; so do the answers of a
//! reader while the operation runs. A reader is held open for seconds, until the operation is done, because
//! clients that find it unfinished sleep five seconds or more.

use super::links::Readers;
use super::moment;
use super::validate::ValidationStatusPropertiesView;
use crate::edge::Caller;
use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use rsvault_domain::id::OperationId;
use rsvault_domain::job::{Job, JobStatus};
use rsvault_domain::operation::{Operation, OperationStatus};
use rsvault_domain::{Fault, FaultKind};
use rsvault_engine::vaults::VaultPath;
use rsvault_engine::{Engine, operations};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::{IntoResponses, ToSchema};

/// How long a reader is held open.
pub(crate) const HOLD: Duration = Duration::from_secs(8);

const ASYNC_OPERATION: HeaderName = HeaderName::from_static("azure-asyncoperation");

/// For `responses(…)`: what a started operation answers.
#[derive(IntoResponses)]
#[response(
    status = 202,
    description = "Accepted. Both headers end in the operation's id.",
    headers(
        ("Azure-AsyncOperation" = String, description = "Where the status is."),
        ("Location" = String, description = "Where the result will be."),
        ("Retry-After" = i32, description = "Seconds to wait before asking.")
    )
)]
#[allow(dead_code)] // read by the document generator alone
pub(crate) struct AcceptedDoc;

/// Builds answers that point at an operation's readers.
pub(crate) struct Lro<'a> {
    base_url: &'a str,
    api_version: Option<&'a str>,
    readers: Readers,
}

impl<'a> Lro<'a> {
    /// For one operation of one request.
    pub(crate) fn new(caller: &'a Caller, api_version: Option<&'a str>, readers: Readers) -> Self {
        Self { base_url: &caller.base_url, api_version, readers }
    }
    /// 202 without a body.
    pub(crate) fn accepted(&self) -> Response {
        self.pointing(StatusCode::ACCEPTED.into_response())
    }
    /// 202 with `{}`: the client reads JSON here (az-client c.5).
    pub(crate) fn accepted_empty_object(&self) -> Response {
        self.pointing((StatusCode::ACCEPTED, Json(serde_json::json!({}))).into_response())
    }
    /// Any answer, with the headers of a 202 added.
    pub(crate) fn pointing(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        self.put(headers, ASYNC_OPERATION, &self.readers.status);
        self.put(headers, header::LOCATION, &self.readers.result);
        retry_after(headers);
        response
    }
    fn put(&self, headers: &mut HeaderMap, name: HeaderName, path: &str) {
        let version = self.api_version.map(|v| format!("?api-version={}", super::links::segment(v))).unwrap_or_default();
        // Base URL and path are ASCII by construction; a value that is none would be a defect, and is left out.
        match HeaderValue::from_str(&format!("{}{path}{version}", self.base_url)) {
            Ok(value) => {
                headers.insert(name, value);
            }
            Err(error) => tracing::error!(%error, path, "an operation URL is no header value"),
        }
    }
}

/// Asks the client to come back in a second.
pub(crate) fn retry_after(headers: &mut HeaderMap) {
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
}

/// Status of an operation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperationStatusView {
    /// The bare id, or a path, as the reader has it.
    pub(crate) id: String,
    /// The bare id.
    pub(crate) name: String,
    /// `InProgress`, `Succeeded`, `Failed`, `Canceled`.
    pub(crate) status: &'static str,
    /// Start.
    pub(crate) start_time: String,
    /// End; year 1 while it runs.
    pub(crate) end_time: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<OperationErrorView>,
    /// Its job or verdict, once it has succeeded; its jobs, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) properties: Option<OperationPropertiesView>,
}

/// Why an operation failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OperationErrorView {
    /// Word.
    pub(crate) code: String,
    /// What happened.
    pub(crate) message: String,
}

/// The job of an operation, or its jobs, or what it has found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum OperationPropertiesView {
    /// It has one.
    Job(OperationJobView),
    /// It has one for each of several items.
    Jobs(OperationJobsView),
    /// It was a validation.
    Verdict(ValidationStatusPropertiesView),
}

/// The jobs of an operation over several items.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperationJobsView {
    /// `OperationStatusJobsExtendedInfo`.
    pub(crate) object_type: &'static str,
    /// Names of the jobs.
    pub(crate) job_ids: Vec<String>,
    /// Why some failed, by the name of the job.
    pub(crate) failed_jobs_error: BTreeMap<String, String>,
}

/// The job of an operation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperationJobView {
    /// `OperationStatusJobExtendedInfo`.
    pub(crate) object_type: &'static str,
    /// Name of the job.
    pub(crate) job_id: String,
}

impl OperationStatusView {
    /// With the bare id as `id`: what `backupOperations` answers.
    pub(crate) fn bare(operation: &Operation) -> Self {
        let id = operation.id.to_string();
        let job = operation.job_id.filter(|_| operation.status == OperationStatus::Succeeded);
        let error = operation.error.as_ref().filter(|_| operation.status != OperationStatus::Succeeded);
        Self {
            name: id.clone(),
            id,
            status: operation.status.as_str(),
            start_time: moment::full(operation.started_at),
            end_time: operation.ended_at.map_or_else(|| moment::NEVER.to_owned(), moment::full),
            error: error.map(|(code, message)| OperationErrorView { code: code.clone(), message: message.clone() }),
            properties: job.map(|job| {
                OperationPropertiesView::Job(OperationJobView { object_type: "OperationStatusJobExtendedInfo", job_id: job.to_string() })
            }),
        }
    }
    /// With the jobs of an operation over several items.
    pub(crate) fn with_jobs(self, jobs: &[Job]) -> Self {
        let why = |job: &Job| job.faults.first().map_or_else(String::new, |fault| fault.message.clone());
        let failed = jobs.iter().filter(|job| job.status == JobStatus::Failed);
        let properties = OperationPropertiesView::Jobs(OperationJobsView {
            object_type: "OperationStatusJobsExtendedInfo",
            job_ids: jobs.iter().map(|job| job.id.to_string()).collect(),
            failed_jobs_error: failed.map(|job| (job.id.to_string(), why(job))).collect(),
        });
        Self { properties: Some(properties), ..self }
    }
    /// With a path as `id`.
    pub(crate) fn at(operation: &Operation, path: &str) -> Self {
        Self { id: path.to_owned(), ..Self::bare(operation) }
    }
    /// 200, with `Retry-After` while it runs or not: pollers read it from every answer.
    pub(crate) fn answer(self) -> Response {
        let mut response = (StatusCode::OK, Json(self)).into_response();
        retry_after(response.headers_mut());
        response
    }
}

/// 204.
pub(crate) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// What a result reader starts with: the operation once it has succeeded, None while it still runs
/// after [`HOLD`], its fault if it has failed.
pub(crate) async fn settled(engine: &Engine, vault: &VaultPath, id: OperationId) -> Result<Option<Operation>, Fault> {
    let operation = operations::wait(engine, vault, id, HOLD).await?;
    match failure(&operation) {
        Some(fault) => Err(fault),
        None => Ok((operation.status != OperationStatus::InProgress).then_some(operation)),
    }
}

/// The fault of an operation that has failed, for result readers.
fn failure(operation: &Operation) -> Option<Fault> {
    let fallback = || ("OperationFailed".to_owned(), "The operation failed. Look at its job for the reason.".to_owned());
    match operation.status {
        OperationStatus::InProgress | OperationStatus::Succeeded => None,
        OperationStatus::Failed => {
            let (code, message) = operation.error.clone().unwrap_or_else(fallback);
            Some(Fault::new(FaultKind::Invalid, code, message))
        }
        OperationStatus::Canceled => {
            let (code, message) =
                operation.error.clone().unwrap_or_else(|| ("OperationCanceled".to_owned(), "The operation was cancelled.".to_owned()));
            Some(Fault::new(FaultKind::Conflict, code, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsvault_domain::id::{JobId, OperationId, VaultId};
    use rsvault_domain::operation::Subject;
    use uuid::Uuid;

    fn operation(status: OperationStatus) -> Operation {
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        Operation {
            id: OperationId(Uuid::nil()),
            vault_id: VaultId(Uuid::nil()),
            vault_key: String::new(),
            subject: Subject::Nothing,
            status,
            job_id: Some(JobId(Uuid::max())),
            error: None,
            started_at: at,
            ended_at: (status != OperationStatus::InProgress).then_some(at),
            request_key: None,
        }
    }

    #[test]
    fn the_job_shows_only_once_the_operation_has_succeeded() {
        let running = serde_json::to_value(OperationStatusView::bare(&operation(OperationStatus::InProgress))).unwrap();
        assert_eq!(running["endTime"], "0001-01-01T00:00:00Z");
        assert!(running.get("properties").is_none() && running.get("error").is_none());
        let done = serde_json::to_value(OperationStatusView::bare(&operation(OperationStatus::Succeeded))).unwrap();
        assert_eq!(done["properties"]["objectType"], "OperationStatusJobExtendedInfo");
        assert_eq!(done["properties"]["jobId"], Uuid::max().to_string());
        assert_eq!(done["id"], done["name"]);
    }
}
