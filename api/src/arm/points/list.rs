//! GET the recovery points of an item: newest first, `DefaultRangeRecoveryPoint` as the last element of the
//! last page.

use super::body::Detail;
use super::{PointList, PointView};
use crate::AppState;
use crate::arm::cross_region;
use crate::arm::filter::Filter;
use crate::arm::names::{ItemPath, at_item};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::Uri;
use rsvault_domain::backup::BackupKind;
use rsvault_engine::archive;
use rsvault_engine::backups::{self, PointQuery};
use std::sync::Arc;

const KINDS: &[&str] =
    &["All", "Full", "Differential", "FullAndDifferential", "Log", "Incremental", "SnapshotFull", "SnapshotCopyOnlyFull"];

/// Lists recovery points, newest first.
#[utoipa::path(get, path = at_item!("/recoveryPoints"), tag = "Recovery points", operation_id = "RecoveryPoints_List", params(ItemPath, ListQuery),
    responses((status = 200, description = "A page of recovery points.", body = PointList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<ItemPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Response, ArmError> {
    if cross_region::is_secondary(query._api_version.as_deref()) {
        return Ok(cross_region::points(&state, &caller, &path, &query, &uri).await);
    }
    let Asked { query: asked, detail } = Asked::read(query.filter.as_deref())?;
    let list = backups::points(&state.engine, &path.ask()?, &asked, &query.page()?).await?;
    let range = list.coverage.iter().map(|coverage| PointView::default_range(&list.of, coverage, detail));
    let now = state.engine.clock.now();
    let ready = archive::readiness(&state.engine, &list.points.items).await?;
    let points = list.points.items.iter().zip(&ready);
    let value = points
        .map(|(point, ready)| PointView::new(&list.of, point, ready, detail, now).replicated(list.replicated.contains(&point.set_id)))
        .chain(range)
        .collect();
    Ok(Json(PointList { value, next_link: next_link(&caller.base_url, &uri, list.points.next.as_deref()) }).into_response())
}

/// What a `$filter` asks for.
pub(crate) struct Asked {
    /// Which points.
    pub(crate) query: PointQuery,
    /// How much of each.
    pub(crate) detail: Detail,
}

impl Asked {
    /// Reads it.
    pub(crate) fn read(filter: Option<&str>) -> rsvault_domain::fault::Result<Self> {
        let filter = Filter::parse(filter, &["restorePointQueryType", "startDate", "endDate", "extendedInfo"])?;
        let (kinds, coverage) = kinds(filter.known("restorePointQueryType", KINDS)?.unwrap_or("All"));
        let detail = if filter.is_true("extendedInfo") { Detail::Extended } else { Detail::List };
        let query = PointQuery { kinds, coverage, from: filter.moment("startDate")?, to: filter.moment("endDate")? };
        Ok(Self { query, detail })
    }
}

/// The distinct points that a word asks for, and whether it asks for the range.
fn kinds(word: &str) -> (Vec<BackupKind>, bool) {
    use BackupKind::{CopyOnlyFull, Differential, Full};
    match word {
        "All" => (vec![Full, CopyOnlyFull, Differential], true),
        "Full" => (vec![Full, CopyOnlyFull], false),
        "Differential" => (vec![Differential], false),
        "FullAndDifferential" => (vec![Full, CopyOnlyFull, Differential], false),
        "Log" => (Vec::new(), true),
        // Kinds of other workloads.
        _ => (Vec::new(), false),
    }
}
