//! GET a recovery point.

use super::PointView;
use super::body::Detail;
use crate::AppState;
use crate::arm::names::{PointPath, at_item};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_domain::backup::DEFAULT_RANGE;
use rsvault_engine::backups;
use std::sync::Arc;

/// Reads a recovery point, with the files of the database.
#[utoipa::path(get, path = at_item!("/recoveryPoints/{recoveryPointId}"), tag = "Recovery points", operation_id = "RecoveryPoints_Get", params(PointPath, VersionQuery),
    responses((status = 200, description = "The recovery point.", body = PointView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<PointPath>,
) -> Result<Json<PointView>, ArmError> {
    let item = path.item_path().ask()?;
    if path.recovery_point_id.eq_ignore_ascii_case(DEFAULT_RANGE) {
        let (of, coverage) = backups::whole_coverage(&state.engine, &item).await?;
        return Ok(Json(PointView::default_range(&of, &coverage, Detail::Single)));
    }
    let (of, point) = backups::point(&state.engine, &item, &path.recovery_point_id).await?;
    Ok(Json(PointView::new(&of, &point, Detail::Single, state.engine.clock.now())))
}
