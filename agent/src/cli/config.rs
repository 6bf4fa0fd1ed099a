//! The configuration file: which engines this server has.

use super::Failure;
use rsvault_agent::plugin::Workload;
use rsvault_agent::plugin::postgresql::{PostgresSettings, PostgresWorkload};
use rsvault_agent::plugin::simulated::{SimulatedEngine, SimulatedServer};
use rsvault_domain::ports::Clock;
use rsvault_domain::simulation::ServerSpec;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// `agent.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The PostgreSQL server of this machine.
    postgresql: Option<PostgresSettings>,
    /// A simulated SQL Server, for tests.
    simulated: Option<Simulated>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Simulated {
    /// Folder of its files.
    root: PathBuf,
    /// Server name.
    name: String,
    /// What it is made of.
    spec: ServerSpec,
}

/// The system's clock: the one place of this binary that asks for the time.
pub(crate) struct SystemClock;
#[async_trait::async_trait]
impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
    /// In bounded steps: a clock that is set is noticed by the next look.
    async fn until(&self, at: jiff::Timestamp) {
        const STEP: std::time::Duration = std::time::Duration::from_secs(30);
        let wait = std::time::Duration::try_from(at.duration_since(self.now())).unwrap_or_default();
        tokio::time::sleep(wait.min(STEP)).await;
    }
}

impl Config {
    /// What is taken to be here without a file: PostgreSQL on its default socket.
    pub(crate) fn of_this_machine() -> Self {
        Self { postgresql: Some(PostgresSettings::default()), simulated: None }
    }
    /// Reads the file.
    pub(crate) fn load(file: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(file).map_err(|e| Failure::configuration(format!("{}: {e}", file.display())))?;
        toml::from_str(&text).map_err(|e| Failure::configuration(format!("{}: {e}", file.display())))
    }
    /// Starts the engines that it names.
    pub(crate) async fn engines(self) -> Result<Vec<Arc<dyn Workload>>, Failure> {
        let mut engines: Vec<Arc<dyn Workload>> = Vec::new();
        if let Some(settings) = self.postgresql {
            engines.push(Arc::new(PostgresWorkload::new(settings, Arc::new(SystemClock))));
        }
        if let Some(Simulated { root, name, spec }) = self.simulated {
            spec.validate(&name).map_err(|e| Failure::configuration(format!("[simulated]: {e}")))?;
            let server = SimulatedServer::open(&root, &name, &spec, Arc::new(SystemClock)).await;
            engines.push(Arc::new(SimulatedEngine::new(server.map_err(|e| Failure::configuration(format!("[simulated]: {e}")))?)));
        }
        Ok(engines)
    }
}
