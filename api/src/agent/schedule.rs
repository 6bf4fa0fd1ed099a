//! `POST /agent/v1/schedule`

use super::caller::CallingAgent;
use super::extract::Body;
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use rsvault_engine::{Engine, agents};
use rsvault_protocol::messages::{ScheduleBody, ScheduleView, ScheduledItemView};
use std::sync::Arc;
use std::time::Duration;

/// The schedule of the agent's server, whole; the answer waits up to `waitSeconds` for one that
/// differs from `have`. `have` acknowledges: that revision is on the agent's disk.
#[utoipa::path(post, path = "/agent/v1/schedule", tag = "Schedule", operation_id = "nextSchedule", request_body = ScheduleBody,
    security(("agent" = [])),
    responses((status = 200, description = "A schedule that differs from `have`.", body = ScheduleView), (status = 204, description = "`have` is still the schedule."), Problems))]
pub(super) async fn handler(
    State(engine): State<Arc<Engine>>,
    CallingAgent(agent): CallingAgent,
    Body(body): Body<ScheduleBody>,
) -> Result<Response, Problem> {
    let wait = Duration::from_secs(body.wait_seconds.into());
    let Some(schedule) = agents::next_schedule(&engine, &agent, body.have.as_deref(), wait).await? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let items = schedule.items.into_iter().map(|item| ScheduledItemView {
        item_id: item.item,
        instance: item.instance,
        database: item.database,
        since: item.since,
        timetable: item.timetable,
    });
    Ok(Json(ScheduleView { revision: schedule.revision, items: items.collect() }).into_response())
}
