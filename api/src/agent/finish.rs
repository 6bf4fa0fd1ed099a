//! `POST /agent/v1/commands/{id}/result`

use super::caller::CallingAgent;
use super::extract::{At, Body};
use crate::edge::{Problem, Problems};
use axum::extract::State;
use http::StatusCode;
use rsvault_domain::id::CommandId;
use rsvault_engine::{Engine, agents};
use rsvault_protocol::messages::{Outcome, ResultBody};
use std::sync::Arc;

/// End a command. Sent again, it changes nothing.
#[utoipa::path(post, path = "/agent/v1/commands/{id}/result", tag = "Commands", operation_id = "finishCommand", request_body = ResultBody,
    security(("agent" = [])), params(("id" = uuid::Uuid, Path, description = "Command.")),
    responses((status = 200, description = "Taken."), Problems))]
pub(super) async fn handler(
    State(engine): State<Arc<Engine>>,
    CallingAgent(agent): CallingAgent,
    At(id): At<CommandId>,
    Body(body): Body<ResultBody>,
) -> Result<StatusCode, Problem> {
    let outcome = match body.outcome {
        Outcome::Inquired { inventory } => agents::Outcome::Inquired(inventory),
        Outcome::BackedUp { .. } => agents::Outcome::BackedUp,
        Outcome::Restored { bytes } => agents::Outcome::Restored { bytes },
        Outcome::Failed { fault } => agents::Outcome::Failed(fault),
        Outcome::Cancelled {} => agents::Outcome::Cancelled,
        Outcome::Interrupted { reason } => {
            tracing::info!(command = %id, generation = body.generation, reason, "the agent gives the command back");
            agents::release(&engine, &agent, id, body.generation, &reason).await?;
            return Ok(StatusCode::OK);
        }
    };
    agents::finish(&engine, &agent, id, body.generation, &outcome).await?;
    Ok(StatusCode::OK)
}
