//! `POST /agent/v1/sets/{id}/abort`

use super::caller::CallingAgent;
use super::extract::{At, Body};
use crate::edge::{Problem, Problems};
use axum::extract::State;
use http::StatusCode;
use rsvault_domain::id::SetId;
use rsvault_engine::{Engine, agents};
use rsvault_protocol::messages::AbortSetBody;
use std::sync::Arc;

/// Give an open set up; its chunks are collected later.
#[utoipa::path(post, path = "/agent/v1/sets/{id}/abort", tag = "Sets", operation_id = "abortSet", request_body = AbortSetBody,
    security(("agent" = [])), params(("id" = uuid::Uuid, Path, description = "Set.")),
    responses((status = 204, description = "Given up."), Problems))]
pub(super) async fn handler(
    State(engine): State<Arc<Engine>>,
    CallingAgent(agent): CallingAgent,
    At(id): At<SetId>,
    Body(body): Body<AbortSetBody>,
) -> Result<StatusCode, Problem> {
    agents::abort(&engine, &agent, id, body.generation).await?;
    Ok(StatusCode::NO_CONTENT)
}
