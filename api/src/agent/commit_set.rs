//! `POST /agent/v1/sets/{id}/commit`

use super::caller::CallingAgent;
use super::extract::{At, Body};
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::State;
use rsvault_domain::id::SetId;
use rsvault_engine::{Engine, agents};
use rsvault_protocol::messages::{CommitSetBody, CommittedView};
use std::sync::Arc;

/// Make a set a recovery point. Asked again, it answers the same.
#[utoipa::path(post, path = "/agent/v1/sets/{id}/commit", tag = "Sets", operation_id = "commitSet", request_body = CommitSetBody,
    security(("agent" = [])), params(("id" = uuid::Uuid, Path, description = "Set.")),
    responses((status = 200, description = "Committed.", body = CommittedView), Problems))]
pub(super) async fn handler(
    State(engine): State<Arc<Engine>>,
    CallingAgent(agent): CallingAgent,
    At(id): At<SetId>,
    Body(body): Body<CommitSetBody>,
) -> Result<Json<CommittedView>, Problem> {
    let request = agents::CommitRequest { generation: body.generation, facts: body.facts, key: body.key, streams: body.streams };
    let committed = agents::commit(&engine, &agent, id, &request).await?;
    Ok(Json(CommittedView { recovery_point: committed.point.0, committed_at: committed.at }))
}
