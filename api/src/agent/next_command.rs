//! `POST /agent/v1/commands/next`

use super::caller::CallingAgent;
use super::extract::Body;
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use rsvault_domain::work::CommandWork;
use rsvault_engine::Engine;
use rsvault_engine::agents::{self, LeasedCommand};
use rsvault_protocol::messages::{CommandView, NextCommandBody, Work};
use std::sync::Arc;
use std::time::Duration;

/// Lease the next command; the answer waits up to `waitSeconds` for one.
#[utoipa::path(post, path = "/agent/v1/commands/next", tag = "Commands", operation_id = "nextCommand", request_body = NextCommandBody,
    security(("agent" = [])),
    responses((status = 200, description = "A command, leased.", body = CommandView), (status = 204, description = "Nothing to do for now."), Problems))]
pub(super) async fn handler(
    State(engine): State<Arc<Engine>>,
    CallingAgent(agent): CallingAgent,
    Body(body): Body<NextCommandBody>,
) -> Result<Response, Problem> {
    let wait = Duration::from_secs(body.wait_seconds.into());
    let version = if body.agent_version.is_empty() { &agent.version } else { &body.agent_version };
    let Some(leased) = agents::next_command(&engine, &agent, version, wait).await? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    Ok(Json(view(leased)).into_response())
}

/// A leased command on the wire.
pub(super) fn view(leased: LeasedCommand) -> CommandView {
    CommandView {
        id: leased.command.id,
        generation: leased.command.generation,
        lease_seconds: leased.lease_seconds,
        work: match leased.command.work {
            CommandWork::Inquire { .. } => Work::Inquire {},
            CommandWork::Backup { item, instance, database, kind, compress, .. } => {
                Work::Backup { item_id: item, instance, database, backup: kind, compress }
            }
            CommandWork::Restore { plan, .. } => Work::Restore { plan },
        },
    }
}
