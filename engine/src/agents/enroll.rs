//! Enrolment: a one-time token becomes an agent's own secret.

use crate::{Engine, secret};
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::discovery::{AgentRecord, Server};
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::id::{AgentId, ServerId};

/// An enrolled agent's credentials; the secret is shown once.
pub struct Enrolled {
    /// Agent.
    pub agent_id: AgentId,
    /// Secret.
    pub secret: String,
    /// Server it speaks for.
    pub server: Server,
}

/// Makes a one-time enrolment token for a server, valid for `valid_for`.
pub async fn create_token(engine: &Engine, server: ServerId, valid_for: SignedDuration) -> Result<(String, Timestamp)> {
    let token = secret::generate()?;
    let expires_at = engine.clock.now().saturating_add(valid_for).map_err(Fault::internal)?;
    let mut tx = engine.store.begin().await?;
    tx.insert_token(secret::hash(&token), server, expires_at).await?;
    tx.commit().await?;
    Ok((token, expires_at))
}

/// Uses a token up and makes the agent.
pub async fn enroll(engine: &Engine, token: &str, version: &str) -> Result<Enrolled> {
    let now = engine.clock.now();
    let mut tx = engine.store.begin().await?;
    let refused = || {
        Fault::new(
            FaultKind::Unauthenticated,
            "EnrolmentTokenInvalid",
            "The enrolment token is unknown, used or expired. Make a new one for this server and enrol again.",
        )
        .at("token")
    };
    let server_id = tx.take_token(secret::hash(token), now).await?.ok_or_else(refused)?;
    let server = tx.server_by_id(server_id).await?.ok_or_else(refused)?;
    let own_secret = secret::generate()?;
    let agent = AgentRecord {
        // Time-ordered: the newest enrolment wins even within one tick of the clock.
        id: AgentId(uuid::Uuid::now_v7()),
        server_id,
        secret_hash: secret::hash(&own_secret),
        enrolled_at: now,
        last_seen_at: now,
        version: version.to_owned(),
        schedule_revision: None,
        schedule_acked_at: None,
    };
    tx.insert_agent(&agent).await?;
    crate::reconcile::discover::after_silence(engine, tx.as_mut(), server_id).await?;
    tx.commit().await?;
    Ok(Enrolled { agent_id: agent.id, secret: own_secret, server })
}

/// Checks an agent's credentials. Only the newest enrolment of a server counts: an agent whose
/// server was enrolled again is out.
pub async fn authenticate(engine: &Engine, id: AgentId, own_secret: &str) -> Result<AgentRecord> {
    let mut tx = engine.store.read().await?;
    let agent = tx.agent(id).await?.ok_or_else(refused)?;
    if !secret::matches(own_secret, &agent.secret_hash) {
        return Err(refused());
    }
    match tx.agent_of(agent.server_id).await? {
        Some(newest) if newest.id == agent.id => Ok(agent),
        _ => Err(refused()),
    }
}

/// The answer to an agent whose credentials do not count (any more).
pub(super) fn refused() -> Fault {
    Fault::new(
        FaultKind::Unauthenticated,
        "AgentCredentialsInvalid",
        "The agent's credentials are not valid here. Enrol the agent again with a new token.",
    )
}
