//! Who asks: an enrolled agent.

use crate::edge::Problem;
use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use rsvault_domain::discovery::AgentRecord;
use rsvault_domain::{Fault, FaultKind};
use rsvault_engine::{Engine, agents};
use rsvault_protocol::messages::AgentCredential;
use std::sync::Arc;

/// The agent of this request; its secret was checked.
pub(super) struct CallingAgent(pub(super) AgentRecord);

impl FromRequestParts<Arc<Engine>> for CallingAgent {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, engine: &Arc<Engine>) -> Result<Self, Problem> {
        let missing = || {
            Fault::new(
                FaultKind::Unauthenticated,
                "AgentCredentialsMissing",
                "Send 'Authorization: Bearer <agentId>.<secret>', as given at enrolment.",
            )
        };
        let field = parts.headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).ok_or_else(missing)?;
        let (scheme, bearer) = field.split_once(' ').ok_or_else(missing)?;
        let credential =
            scheme.eq_ignore_ascii_case("Bearer").then(|| AgentCredential::parse(bearer.trim())).flatten().ok_or_else(missing)?;
        Ok(Self(agents::authenticate(engine, credential.agent_id, &credential.secret).await?))
    }
}
