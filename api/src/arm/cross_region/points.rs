//! GET the recovery points of an item, and one of them, as the secondary region has them.

use super::error::SecondaryError;
use super::shown;
use crate::AppState;
use crate::arm::names::{ItemPath, PointPath};
use crate::arm::page::{ListQuery, next_link};
use crate::arm::points::{Asked, Detail, PointView};
use crate::edge::Caller;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Uri;
use rsvault_domain::backup::{DEFAULT_RANGE, RecoveryPoint};
use rsvault_engine::{archive, backups, regions};
use serde_json::{Value, json};

/// A page of points, newest first; the range of the logs comes last.
pub(crate) async fn points(state: &AppState, caller: &Caller, path: &ItemPath, query: &ListQuery, uri: &Uri) -> Response {
    page(state, caller, path, query, uri).await.unwrap_or_else(IntoResponse::into_response)
}

/// One point, with the files of the database.
pub(crate) async fn point(state: &AppState, path: &PointPath) -> Response {
    single(state, path).await.unwrap_or_else(IntoResponse::into_response)
}

async fn page(state: &AppState, caller: &Caller, path: &ItemPath, query: &ListQuery, uri: &Uri) -> Result<Response, SecondaryError> {
    let asked = Asked::read(query.filter.as_deref())?;
    let list = regions::points(&state.engine, &path.ask()?, &asked.query, &query.page()?).await?;
    let mut value = views(state, &list.of, &list.points.items, asked.detail).await?;
    // Without a log there is nothing to choose a second of.
    for coverage in list.coverage.iter().filter(|coverage| !coverage.ranges.is_empty()) {
        value.push(shown::point(&PointView::default_range(&list.of, coverage, asked.detail))?);
    }
    let mut body = json!({ "value": value });
    if let Some(next) = next_link(&caller.base_url, uri, list.points.next.as_deref()) {
        body["nextLink"] = next.into();
    }
    Ok(Json(body).into_response())
}

async fn single(state: &AppState, path: &PointPath) -> Result<Response, SecondaryError> {
    let item = path.item_path().ask()?;
    if path.recovery_point_id.eq_ignore_ascii_case(DEFAULT_RANGE) {
        let (of, coverage) = regions::whole_coverage(&state.engine, &item).await?;
        return Ok(Json(shown::point(&PointView::default_range(&of, &coverage, Detail::Single))?).into_response());
    }
    let (of, point) = regions::point(&state.engine, &item, &path.recovery_point_id).await?;
    let view = views(state, &of, &[point], Detail::Single).await?.pop();
    Ok(Json(view).into_response())
}

async fn views(
    state: &AppState,
    of: &backups::PointView,
    points: &[RecoveryPoint],
    detail: Detail,
) -> Result<Vec<Value>, rsvault_domain::Fault> {
    let now = state.engine.clock.now();
    let ready = archive::readiness(&state.engine, points).await?;
    points.iter().zip(&ready).map(|(point, ready)| shown::point(&PointView::new(of, point, ready, detail, now))).collect()
}
