//! GET a recovery point.

use super::PointView;
use super::body::Detail;
use crate::AppState;
use crate::arm::cross_region;
use crate::arm::names::{PointPath, at_item};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rsvault_domain::backup::DEFAULT_RANGE;
use rsvault_engine::{archive, backups};
use std::sync::Arc;

/// Reads a recovery point, with the files of the database.
#[utoipa::path(get, path = at_item!("/recoveryPoints/{recoveryPointId}"), tag = "Recovery points", operation_id = "RecoveryPoints_Get", params(PointPath, VersionQuery),
    responses((status = 200, description = "The recovery point.", body = PointView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<PointPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    if cross_region::is_secondary(query.api_version.as_deref()) {
        return Ok(cross_region::point(&state, &path).await);
    }
    let item = path.item_path().ask()?;
    if path.recovery_point_id.eq_ignore_ascii_case(DEFAULT_RANGE) {
        let (of, coverage) = backups::whole_coverage(&state.engine, &item).await?;
        return Ok(Json(PointView::default_range(&of, &coverage, Detail::Single)).into_response());
    }
    let (of, point) = backups::point(&state.engine, &item, &path.recovery_point_id).await?;
    let ready = archive::readiness(&state.engine, std::slice::from_ref(&point)).await?;
    let ready = ready.first().unwrap_or(&Ok(()));
    Ok(Json(PointView::new(&of, &point, ready, Detail::Single, state.engine.clock.now())).into_response())
}
