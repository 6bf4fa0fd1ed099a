//! `POST /agent/v1/commands/{id}/heartbeat`

use super::caller::CallingAgent;
use super::extract::{At, Body};
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::State;
use rsvault_domain::id::CommandId;
use rsvault_domain::work::COMMAND_LEASE;
use rsvault_engine::{Engine, Progress, agents};
use rsvault_protocol::messages::{HeartbeatBody, HeartbeatView, Verdict};
use std::sync::Arc;

/// Extend a command's lease and say how far it is.
#[utoipa::path(post, path = "/agent/v1/commands/{id}/heartbeat", tag = "Commands", operation_id = "heartbeat", request_body = HeartbeatBody,
    security(("agent" = [])), params(("id" = uuid::Uuid, Path, description = "Command.")),
    responses((status = 200, description = "Whether to go on.", body = HeartbeatView), Problems))]
pub(super) async fn handler(
    State(engine): State<Arc<Engine>>,
    CallingAgent(agent): CallingAgent,
    At(id): At<CommandId>,
    Body(body): Body<HeartbeatBody>,
) -> Result<Json<HeartbeatView>, Problem> {
    let progress = Progress { bytes_done: body.bytes_done, bytes_total: body.bytes_total };
    let verdict = match agents::heartbeat(&engine, &agent, id, body.generation, progress).await? {
        agents::Verdict::Continue => Verdict::Continue,
        agents::Verdict::Cancel => Verdict::Cancel,
        agents::Verdict::Stale => Verdict::Stale,
    };
    Ok(Json(HeartbeatView { verdict, lease_seconds: u32::try_from(COMMAND_LEASE.as_secs()).unwrap_or(u32::MAX) }))
}
