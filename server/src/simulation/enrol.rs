//! Enrolment of an in-process agent: once per server, over HTTP with a one-time token, as any agent
//! enrols.

use jiff::SignedDuration;
use rsvault_agent::coordinator::credentials::Enrolment;
use rsvault_agent::transport::enroll;
use rsvault_domain::discovery::Server;
use rsvault_domain::fault::{Fault, Result};
use rsvault_engine::Engine;
use rsvault_engine::agents::create_token;
use rsvault_protocol::messages::{AgentCredential, EnrollBody};
use std::path::Path;

/// How agents of this process reach the vault.
pub(super) struct Vault {
    pub(super) url: String,
    pub(super) ca_pem: Option<String>,
}

const TOKEN_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// The credentials kept in `state`, or new ones.
pub(super) async fn enrolment(engine: &Engine, vault: &Vault, server: &Server, state: &Path) -> Result<AgentCredential> {
    if let Ok(kept) = Enrolment::load(state) {
        // Another catalogue under the same folder, or a newer enrolment, makes them worthless.
        let newest = engine.store.read().await?.agent_of(server.id).await?;
        if newest.is_some_and(|agent| agent.id == kept.agent_id) {
            return Ok(kept.credential());
        }
    }
    let (token, _) = create_token(engine, server.id, TOKEN_LIFE).await?;
    let body = EnrollBody { token, agent_version: env!("CARGO_PKG_VERSION").to_owned(), engines: vec!["simulated".to_owned()] };
    let answer = enroll(&vault.url, vault.ca_pem.as_deref(), &body)
        .await
        .map_err(|e| Fault::internal(format!("the agent of '{}' cannot enrol at {}: {e}", server.name, vault.url)))?;
    let enrolment = Enrolment {
        vault_url: vault.url.clone(),
        ca_pem: vault.ca_pem.clone(),
        agent_id: answer.agent_id,
        secret: answer.secret,
        server_name: answer.server_name,
    };
    enrolment.save(state).map_err(|e| Fault::internal(format!("cannot keep credentials in {}: {e}", state.display())))?;
    Ok(enrolment.credential())
}
