//! One simulated server with its agent, and the files that say what it was made of.

use super::enrol::{Vault, enrolment};
use rsvault_agent::coordinator::AgentWatch;
use rsvault_agent::plugin::WorkloadError;
use rsvault_agent::plugin::simulated::{SimulatedEngine, SimulatedServer};
use rsvault_agent::{Agent, AgentHandle, AgentSettings, Limits};
use rsvault_domain::discovery::{Server, ServerState};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::ports::Clock;
use rsvault_domain::simulation::{DatabaseFaults, DatabaseSpec, Extension, SYSTEM_DATABASES, ServerSpec};
use rsvault_engine::Engine;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const SPEC: &str = "spec.json";
const BYTES_PER_MIB: u64 = 1024 * 1024;
/// In the end of a process and at power-off: what an agent's work gets to stop.
const GRACE: Duration = Duration::from_millis(1500);
/// Seconds between two signs of life of an agent that takes no work.
const HUNG_ASKS_EVERY: u32 = 2;

/// A server that is open.
pub(super) struct Machine {
    pub(super) server: Arc<SimulatedServer>,
    spec: ServerSpec,
    agent: Option<AgentHandle>,
    /// Whether that agent takes work.
    takes_work: bool,
}

/// The spec that a folder was last made with.
pub(super) fn saved_spec(folder: &Path) -> Result<Option<ServerSpec>> {
    let path = folder.join(SPEC);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Fault::internal(format!("cannot read {}: {e}", path.display()))),
    };
    serde_json::from_slice(&text).map(Some).map_err(|e| Fault::internal(format!("{} is not a server: {e}", path.display())))
}

/// Writes a file whole or not at all.
pub(crate) fn save_json(path: &Path, value: &impl serde::Serialize) -> Result<()> {
    let aside = path.with_extension("new");
    serde_json::to_vec_pretty(value)
        .map_err(std::io::Error::other)
        .and_then(|bytes| std::fs::write(&aside, bytes))
        .and_then(|()| std::fs::rename(&aside, path))
        .map_err(|e| Fault::internal(format!("cannot write {}: {e}", path.display())))
}

impl Machine {
    pub(super) async fn open(
        folder: &Path,
        name: &str,
        spec: &ServerSpec,
        clock: Arc<dyn Clock>,
    ) -> std::result::Result<Self, WorkloadError> {
        let server = SimulatedServer::open(&folder.join("machine"), name, spec, clock).await?;
        Ok(Self { server, spec: spec.clone(), agent: None, takes_work: true })
    }

    /// What it was last made with.
    pub(super) fn made_of(&self) -> &ServerSpec {
        &self.spec
    }

    pub(super) fn save_spec(&mut self, folder: &Path, spec: &ServerSpec) -> Result<()> {
        self.spec = spec.clone();
        save_json(&folder.join(SPEC), spec)
    }

    /// Whether it is powered on.
    pub(super) fn runs(&self) -> bool {
        self.spec.state == ServerState::Running
    }

    /// Brings the agent up or down, as power and the state of the extension have it.
    pub(super) async fn power(&mut self, engine: &Engine, vault: &Vault, server: &Server, folder: &Path) -> Result<()> {
        let extension = self.spec.faults.extension;
        let (up, takes_work) = (self.runs() && extension != Extension::Stopped, extension != Extension::NotPolling);
        if let Some(agent) = self.agent.take() {
            if up && takes_work == self.takes_work {
                self.agent = Some(agent);
                return Ok(());
            }
            agent.shutdown().await;
        }
        self.takes_work = takes_work;
        if up {
            let credentials = enrolment(engine, vault, server, &folder.join("agent")).await?;
            let limits = Limits { grace: GRACE, ..Limits::default() };
            let settings = AgentSettings {
                vault_url: vault.url.clone(),
                ca_pem: vault.ca_pem.clone(),
                credentials,
                engines: vec![Arc::new(SimulatedEngine::new(self.server.clone()))],
                limits: if takes_work { limits } else { Limits { takes_work, wait_seconds: HUNG_ASKS_EVERY, ..limits } },
                clock: engine.clock.clone(),
                state: Some(folder.join("agent")),
            };
            self.agent = Some(Agent::start(settings).map_err(Fault::internal)?);
        }
        Ok(())
    }

    /// Restarts it: the agent ends what it does as a machine that goes down makes it, and comes back.
    pub(super) async fn reboot(&mut self, engine: &Engine, vault: &Vault, server: &Server, folder: &Path) -> Result<()> {
        if let Some(agent) = self.agent.take() {
            agent.reboot().await;
        }
        self.power(engine, vault, server, folder).await
    }

    /// How busy its agent is, if it has one that takes work.
    pub(super) fn watch(&self) -> Option<AgentWatch> {
        self.agent.as_ref().filter(|_| self.takes_work).map(AgentHandle::watch)
    }

    /// What it was made of, and beside it the databases that were restored since.
    pub(super) fn spec(&self) -> ServerSpec {
        let mut spec = self.spec.clone();
        for seen in self.server.inventory() {
            let Some(instance) = spec.instances.iter_mut().find(|i| i.name.eq_ignore_ascii_case(&seen.name)) else { continue };
            for database in seen.databases {
                let known = SYSTEM_DATABASES.iter().any(|s| s.eq_ignore_ascii_case(&database.name))
                    || instance.databases.iter().any(|d| d.name.eq_ignore_ascii_case(&database.name));
                if !known {
                    let size_mib = u32::try_from(database.size.div_ceil(BYTES_PER_MIB)).unwrap_or(u32::MAX);
                    instance.databases.push(DatabaseSpec {
                        name: database.name,
                        recovery_model: database.recovery_model,
                        size_mib,
                        write_rate: 0,
                        write_interval_seconds: 1,
                        read_only: database.read_only,
                        certificate: None,
                        faults: DatabaseFaults::default(),
                    });
                }
            }
        }
        spec
    }

    pub(super) async fn shutdown(self) {
        if let Some(agent) = self.agent {
            agent.shutdown().await;
        }
        if let Err(error) = self.server.shutdown().await {
            tracing::warn!(server = self.server.name(), %error, "the simulated server did not save its last state; its log has it");
        }
    }
}
