//! GET the recovery points of an item: newest first, `DefaultRangeRecoveryPoint` as the last element of the
//! last page.

use super::body::{Detail, wire_kind};
use super::{PointList, PointView};
use crate::AppState;
use crate::arm::filter::Filter;
use crate::arm::names::{ItemPath, at_item};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_domain::ports::Page;
use rsvault_engine::backups;
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
    let (from, to) = (filter.moment("startDate")?, filter.moment("endDate")?);
    let detail = if filter.is_true("extendedInfo") { Detail::Extended } else { Detail::List };
    let item = path.ask()?;
    if kind == "Log" {
        let (of, newest) = backups::points(&state.engine, &item, None, None, &Page { after: None, limit: 1 }).await?;
        return Ok(Json(PointList { value: vec![PointView::default_range(&of, newest.items.first(), detail)], next_link: None }));
    }
    let (of, slice) = backups::points(&state.engine, &item, from, to, &query.page()?).await?;
    let wanted = |have: &str| match kind {
        "All" => true,
        "FullAndDifferential" => have != "Log",
        word => word == have,
    };
    let mut value: Vec<PointView> =
        slice.items.iter().filter(|p| wanted(wire_kind(p.kind))).map(|p| PointView::new(&of, p, detail)).collect();
    if kind == "All" && slice.next.is_none() {
        value.push(PointView::default_range(&of, slice.items.first(), detail));
    }
    Ok(Json(PointList { value, next_link: next_link(&caller.base_url, &uri, slice.next.as_deref()) }))
}
