//! GET the recovery points of an item: newest first, `DefaultRangeRecoveryPoint` as the last element of the
//! last page.

use super::body::Detail;
use super::{PointList, PointView};
use crate::AppState;
use crate::arm::filter::Filter;
use crate::arm::names::{ItemPath, at_item};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_domain::backup::BackupKind;
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
) -> Result<Json<PointList>, ArmError> {
    let filter = Filter::parse(query.filter.as_deref(), &["restorePointQueryType", "startDate", "endDate", "extendedInfo"])?;
    let kind = filter.known("restorePointQueryType", KINDS)?.unwrap_or("All");
    let detail = if filter.is_true("extendedInfo") { Detail::Extended } else { Detail::List };
    let (kinds, coverage) = kinds(kind);
    let asked = PointQuery { kinds, coverage, from: filter.moment("startDate")?, to: filter.moment("endDate")? };
    let list = backups::points(&state.engine, &path.ask()?, &asked, &query.page()?).await?;
    let range = list.coverage.iter().map(|coverage| PointView::default_range(&list.of, coverage, detail));
    let now = state.engine.clock.now();
    let value = list.points.items.iter().map(|p| PointView::new(&list.of, p, detail, now)).chain(range).collect();
    Ok(Json(PointList { value, next_link: next_link(&caller.base_url, &uri, list.points.next.as_deref()) }))
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
