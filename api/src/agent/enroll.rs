//! `POST /agent/v1/enroll`

use super::extract::Body;
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::State;
use rsvault_engine::{Engine, agents};
use rsvault_protocol::messages::{EnrollBody, EnrollView};
use std::sync::Arc;

/// Trade a one-time token for an agent's credential.
#[utoipa::path(post, path = "/agent/v1/enroll", tag = "Enrolment", operation_id = "enroll", request_body = EnrollBody,
    security(()),
    responses((status = 200, description = "The credential; it is shown once.", body = EnrollView), Problems))]
pub(super) async fn handler(State(engine): State<Arc<Engine>>, Body(body): Body<EnrollBody>) -> Result<Json<EnrollView>, Problem> {
    let enrolled = agents::enroll(&engine, &body.token, &body.agent_version).await?;
    tracing::info!(agent = %enrolled.agent_id, server = enrolled.server.name, engines = body.engines.join(","), "agent enrolled");
    Ok(Json(EnrollView { agent_id: enrolled.agent_id, secret: enrolled.secret, server_name: enrolled.server.name }))
}
