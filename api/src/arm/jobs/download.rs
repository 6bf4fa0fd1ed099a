//! GET an export of jobs over its URL with the secret: JSON or CSV, page by page.
//!
//! Always holds: the secret is checked before the first byte and with every page; the body is never held whole;
//! one that breaks off is no whole JSON document.

use super::JobView;
use crate::AppState;
use crate::edge::Problem;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, TryStreamExt};
use http::{HeaderValue, header};
use rsvault_domain::Fault;
use rsvault_domain::fault::Result;
use rsvault_domain::id::OperationId;
use rsvault_domain::job::Job;
use rsvault_domain::ports::{Page, Slice};
use rsvault_domain::vault::Vault;
use rsvault_engine::jobs;
use serde::Deserialize;
use std::sync::Arc;

/// Jobs a page.
const PAGE: u32 = 500;

/// The secret; other parameters of the key are for people.
#[derive(Deserialize)]
struct Key {
    #[serde(default)]
    sig: String,
}

/// How jobs are written.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Json,
    Csv,
}

/// The routes of downloads: no token, the secret in the URL is the right.
pub(crate) fn downloads(state: Arc<AppState>) -> axum::Router {
    axum::Router::new().route("/exports/{operation}/{file}", axum::routing::get(download)).with_state(state)
}

async fn download(
    State(state): State<Arc<AppState>>,
    Path((operation, file)): Path<(String, String)>,
    Query(key): Query<Key>,
) -> std::result::Result<Response, Problem> {
    let form = match file.as_str() {
        "jobs.json" => Form::Json,
        "jobs.csv" => Form::Csv,
        _ => {
            return Err(Problem(Fault::not_found("NoSuchFile", format!("An export has no file '{file}'. Ask for jobs.json or jobs.csv."))));
        }
    };
    let id: OperationId = operation
        .parse()
        .map_err(|_| Fault::not_found("NoSuchExport", format!("'{operation}' names no export. Take blobUrl from the export's result.")))?;
    let first = page(&state, id, &key.sig, None).await?;
    let (name, kind) = match form {
        Form::Json => ("jobs.json", "application/json; charset=utf-8"),
        Form::Csv => ("jobs.csv", "text/csv; charset=utf-8"),
    };
    let mut response = Body::from_stream(pages(state, id, key.sig, first, form)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

async fn page(state: &AppState, id: OperationId, secret: &str, after: Option<String>) -> Result<(Vault, Slice<Job>)> {
    jobs::exported(&state.engine, id, secret, &Page { after, limit: PAGE }).await
}

/// The document, a page at a time. `first` is read already.
fn pages(
    state: Arc<AppState>,
    id: OperationId,
    secret: String,
    first: (Vault, Slice<Job>),
    form: Form,
) -> impl futures::Stream<Item = std::result::Result<Bytes, std::io::Error>> {
    let begin = (Some(first), true, None);
    stream::try_unfold(begin, move |(ready, is_first, after)| {
        let (state, secret) = (Arc::clone(&state), secret.clone());
        async move {
            let (vault, slice) = match (ready, after) {
                (Some(ready), _) => ready,
                (None, Some(after)) => page(&state, id, &secret, Some(after)).await?,
                (None, None) => return Ok::<_, Fault>(None),
            };
            let now = state.engine.clock.now();
            let last = slice.next.is_none();
            let text = match form {
                Form::Json => json(&vault, &slice.items, now, is_first, last)?,
                Form::Csv => csv(&slice.items, is_first),
            };
            Ok(Some((Bytes::from(text), (None, false, slice.next))))
        }
    })
    .map_err(|fault| {
        crate::edge::log(&fault);
        std::io::Error::other(fault.to_string())
    })
}

/// A part of `{"value":[…]}`.
fn json(vault: &Vault, jobs: &[Job], now: jiff::Timestamp, first: bool, last: bool) -> Result<String> {
    let mut text = String::from(if first { "{\"value\":[" } else { "" });
    for (n, job) in jobs.iter().enumerate() {
        if n > 0 || !first {
            text.push(',');
        }
        text.push_str(&serde_json::to_string(&JobView::new(vault, job, now, true)).map_err(Fault::internal)?);
    }
    if last {
        text.push_str("]}");
    }
    Ok(text)
}

const HEAD: &str = "JobId,Operation,Status,Item,StartTime,EndTime,UserTriggered,ErrorCode,ErrorTitle,ErrorText\r\n";

fn csv(jobs: &[Job], first: bool) -> String {
    let mut text = String::from(if first { HEAD } else { "" });
    for job in jobs {
        let fault = job.faults.first();
        let cells = [
            job.id.to_string(),
            job.kind.text(job.status),
            job.status.as_str().to_owned(),
            job.entity_name.clone(),
            job.started_at.to_string(),
            job.ended_at.map_or_else(String::new, |at| at.to_string()),
            job.user_triggered.to_string(),
            fault.map_or_else(String::new, |f| f.number.to_string()),
            fault.map_or_else(String::new, |f| f.code.clone()),
            fault.map_or_else(String::new, |f| f.message.clone()),
        ];
        text.push_str(&cells.map(|cell| quoted(&cell)).join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell of RFC 4180. Names come from servers: one that a spreadsheet would run as a formula is shown as text.
fn quoted(cell: &str) -> String {
    let text = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn cells_are_quoted_and_run_no_formula() {
        assert_eq!(quoted("salesdb [vm1]"), "salesdb [vm1]");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
    }
}
