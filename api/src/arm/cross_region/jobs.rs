//! POST backupCrrJobs: the cross-region restores of a vault, newest first. The clients ask for further pages
//! with GET and no body, so the `nextLink` says whose jobs they are.

use super::error::SecondaryError;
use crate::AppState;
use crate::arm::fields::required;
use crate::arm::jobs::{JobList, JobView, wanted};
use crate::arm::names::{SecondaryPath, at_provider, subscription};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use jiff::Timestamp;
use rsvault_domain::Fault;
use rsvault_domain::job::Job;
use rsvault_domain::ports::Page;
use rsvault_domain::vault::Vault;
use rsvault_engine::regions::{self, Whose};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Request body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CrrJobBody {
    /// ARM id of the vault that was restored from.
    pub(crate) resource_id: Option<String>,
    /// Job, where one is asked for.
    pub(crate) job_name: Option<String>,
}

/// Whose jobs a request asks for.
pub(super) fn whose(path: &SecondaryPath, resource: String) -> Result<Whose, Fault> {
    Ok(Whose { subscription: subscription(&path.subscription_id)?, region: path.azure_region.clone(), resource })
}

/// A job as the region shows it: under the region, not under the vault.
pub(super) fn view(path: &SecondaryPath, vault: &Vault, job: &Job, now: Timestamp, details: bool) -> JobView {
    let id = format!(
        "/subscriptions/{}/providers/Microsoft.RecoveryServices/locations/{}/backupJobs/{}",
        path.subscription_id, path.azure_region, job.id
    );
    JobView { id, ..JobView::new(vault, job, now, details) }
}

/// Lists the cross-region restores of a vault, newest first.
#[utoipa::path(post, path = at_provider!("/locations/{azureRegion}/backupCrrJobs"), tag = "Cross-region restore", operation_id = "BackupCrrJobs_List", params(SecondaryPath, ListQuery),
    request_body = CrrJobBody, responses((status = 200, description = "A page of jobs, without `extendedInfo`.", body = JobList), ArmErrors))]
pub(crate) async fn first(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<SecondaryPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
    ArmJson(body): ArmJson<CrrJobBody>,
) -> Result<Json<JobList>, SecondaryError> {
    let resource = required(body.resource_id, "resourceId")?;
    let cursor = query.page()?.after.map(|token| place(&token)).transpose()?;
    page(&state, &caller, &path, &query, &uri, resource, cursor.map(|(_, cursor)| cursor)).await
}

/// Goes on with a list of cross-region restores: the `nextLink` of its last page.
#[utoipa::path(get, path = at_provider!("/locations/{azureRegion}/backupCrrJobs"), tag = "Cross-region restore", operation_id = "BackupCrrJobs_ListNext", params(SecondaryPath, ListQuery),
    extensions(("x-rsvault-action" = json!("Microsoft.RecoveryServices/locations/backupCrrJobs/action"))),
    responses((status = 200, description = "A page of jobs, without `extendedInfo`.", body = JobList), ArmErrors))]
pub(crate) async fn next(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<SecondaryPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Json<JobList>, SecondaryError> {
    let token = query.page()?.after.ok_or_else(|| {
        Fault::invalid(
            "BMSUserErrorInvalidInput",
            "GET goes on with a list only. Begin with POST and {\"resourceId\": \"…\"}, then follow 'nextLink'.",
        )
        .at("$skipToken")
    })?;
    let (resource, cursor) = place(&token)?;
    page(&state, &caller, &path, &query, &uri, resource, Some(cursor)).await
}

/// The vault and the cursor that a link of ours names.
fn place(token: &str) -> Result<(String, String), Fault> {
    token.split_once(' ').map(|(resource, cursor)| (resource.to_owned(), cursor.to_owned())).ok_or_else(|| {
        Fault::invalid(
            "InvalidSkipToken",
            "The $skipToken was not made by this list. Follow the nextLink of the page before, or start without a token.",
        )
        .at("$skipToken")
    })
}

async fn page(
    state: &AppState,
    caller: &Caller,
    path: &SecondaryPath,
    query: &ListQuery,
    uri: &Uri,
    resource: String,
    after: Option<String>,
) -> Result<Json<JobList>, SecondaryError> {
    let filter = wanted(query.filter.as_deref())?;
    let whose = whose(path, resource)?;
    let asked = filter.clone().unwrap_or_default();
    let (vault, slice) = regions::jobs(&state.engine, &whose, &asked, &Page { after, limit: 0 }).await?;
    if filter.is_none() {
        return Ok(Json(JobList { value: Vec::new(), next_link: None }));
    }
    let now = state.engine.clock.now();
    let value = slice.items.iter().map(|job| view(path, &vault, job, now, false)).collect();
    let next = slice.next.map(|cursor| format!("{} {cursor}", vault.arm_id()));
    Ok(Json(JobList { value, next_link: next_link(&caller.base_url, uri, next.as_deref()) }))
}
