//! POST an export of jobs: 202; where it can be fetched is the operation's result.

use super::filter::wanted;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::ListQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_domain::ports::JobFilter;
use rsvault_engine::jobs;
use std::sync::Arc;
use utoipa::IntoParams;

/// The query of an export.
#[derive(Clone, Debug, Default, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "the document names what the handler reads by ListQuery")]
pub(crate) struct ExportQuery {
    /// Version of the API; any well-formed one is accepted.
    #[serde(rename = "api-version")]
    #[param(required = true)]
    api_version: Option<String>,
    /// Terms `key eq 'value'` joined by `and`, as of the list of jobs.
    #[serde(rename = "$filter")]
    filter: Option<String>,
}

/// Exports jobs: those that `$filter` lets through, to be fetched within an hour.
#[utoipa::path(post, path = at_vault!("/backupJobsExport"), tag = "Jobs", operation_id = "Jobs_Export", params(VaultPath, ExportQuery),
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
) -> Result<Response, ArmError> {
    // Jobs of another workload: there is none, as there is none that started before all time.
    let filter = wanted(query.filter.as_deref())?.unwrap_or(JobFilter { to: Some(jiff::Timestamp::UNIX_EPOCH), ..JobFilter::default() });
    let operation = jobs::export(&state.engine, &caller.engine, &path.ask()?, filter).await?;
    Ok(Lro::new(&caller, query._api_version.as_deref(), links::of_export(&path, operation.id)).accepted())
}
