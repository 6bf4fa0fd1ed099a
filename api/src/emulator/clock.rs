//! The emulator's clock: shown, changed, run forwards.

use super::BODY_LIMIT;
use super::admin::Admin;
use super::clock_body::{AdvanceBody, AdvancedBody, ClockBody, ClockChangeBody};
use super::query::{Asked, Nothing};
use crate::AppState;
use crate::edge::{Problem, Problems, extract};
use axum::Json;
use axum::extract::{Request, State};
use rsvault_domain::ports::Timeline;
use rsvault_domain::{Fault, FaultKind};
use std::sync::Arc;

/// Shows the clock.
#[utoipa::path(get, path = "/emulator/clock", tag = "Clock", operation_id = "Clock_Get",
    responses((status = 200, description = "How it stands.", body = ClockBody), Problems))]
pub(super) async fn get(_: Admin, _: Asked<Nothing>, State(state): State<Arc<AppState>>) -> Result<Json<ClockBody>, Problem> {
    Ok(Json(ClockBody::of(timeline(&state)?.read())))
}

/// Freezes, thaws, scales or moves the clock. What is not sent stays. It never goes back; on the way forwards everything
/// that is due fires, as with advance.
#[utoipa::path(put, path = "/emulator/clock", tag = "Clock", operation_id = "Clock_Put", request_body = ClockChangeBody,
    responses((status = 200, description = "How it stands now.", body = ClockBody), Problems))]
pub(super) async fn put(
    _: Admin,
    _: Asked<Nothing>,
    State(state): State<Arc<AppState>>,
    request: Request,
) -> Result<Json<ClockBody>, Problem> {
    let body: ClockChangeBody = extract::json(request, BODY_LIMIT).await?;
    Ok(Json(ClockBody::of(timeline(&state)?.change(body.into_change()?).await?)))
}

/// Runs time forwards through every timer on the way, in order: schedules, retention, soft delete, leases, discovery,
/// alerts. Each step ends before the next begins; the answer lists what fired. One run at a time; ending the
/// call stops it after its step.
#[utoipa::path(post, path = "/emulator/clock/advance", tag = "Clock", operation_id = "Clock_Advance", request_body = AdvanceBody,
    responses((status = 200, description = "What fired.", body = AdvancedBody), Problems))]
pub(super) async fn advance(
    _: Admin,
    _: Asked<Nothing>,
    State(state): State<Arc<AppState>>,
    request: Request,
) -> Result<Json<AdvancedBody>, Problem> {
    let body: AdvanceBody = extract::json(request, BODY_LIMIT).await?;
    Ok(Json(AdvancedBody::of(timeline(&state)?.advance(body.into_until()?).await?)))
}

fn timeline(state: &AppState) -> Result<&dyn Timeline, Problem> {
    let missing = || Problem(Fault::new(FaultKind::Unavailable, "NoVirtualClock", "This server runs on the system's clock."));
    state.timeline.as_deref().ok_or_else(missing)
}
