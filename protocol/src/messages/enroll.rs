//! Enrolment, and the credential that comes of it.

use rsvault_domain::id::AgentId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Asks for a credential with a one-time token.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrollBody {
    /// One-time token from the control plane.
    pub token: String,
    /// Version of the agent.
    pub agent_version: String,
    /// Engines it has plugins for.
    #[serde(default)]
    pub engines: Vec<String>,
}

/// A credential. It is shown once; the vault keeps only a hash.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrollView {
    /// Id of the agent.
    #[schema(value_type = uuid::Uuid)]
    pub agent_id: AgentId,
    /// Secret.
    pub secret: String,
    /// Server that the token was for.
    pub server_name: String,
}

/// What `Authorization: Bearer` carries: `<agentId>.<secret>`.
#[derive(Clone)]
pub struct AgentCredential {
    /// Id.
    pub agent_id: AgentId,
    /// Secret.
    pub secret: String,
}

impl AgentCredential {
    /// Reads the bearer text.
    pub fn parse(bearer: &str) -> Option<Self> {
        let (id, secret) = bearer.split_once('.')?;
        (!secret.is_empty()).then_some(())?;
        Some(Self { agent_id: id.parse().ok()?, secret: secret.to_owned() })
    }
    /// The bearer text.
    pub fn bearer(&self) -> String {
        format!("{}.{}", self.agent_id, self.secret)
    }
}
