//! `rsvault-agent run`

use super::config::{Config, SystemClock};
use super::{Failure, State};
use rsvault_agent::coordinator::credentials::Enrolment;
use rsvault_agent::{Agent, AgentSettings, Limits};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    state: State,
    /// Configuration file that names the engines (see rsvault-agent --help). Without it: PostgreSQL on its default socket.
    #[arg(long, value_name = "FILE", env = "RSVAULT_AGENT_CONFIG")]
    config: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let enrolment = super::status::load(&arguments.state.dir)?;
    let config = match &arguments.config {
        Some(file) => Config::load(file)?,
        None => Config::of_this_machine(),
    };
    let engines = config.engines().await?;
    if engines.is_empty() {
        return Err(Failure::configuration("the configuration names no engine; add a section such as [postgresql]"));
    }
    let failed = |e| Failure::configuration(format!("signals cannot be received: {e}"));
    let (mut term, mut int) = (signal(SignalKind::terminate()).map_err(failed)?, signal(SignalKind::interrupt()).map_err(failed)?);
    let credentials = enrolment.credential();
    let Enrolment { vault_url, ca_pem, agent_id, server_name, .. } = enrolment;
    let names: Vec<_> = engines.iter().map(|e| e.engine()).collect();
    tracing::info!(%vault_url, %agent_id, server_name, engines = names.join(","), version = env!("CARGO_PKG_VERSION"), "agent started");
    let (clock, state) = (Arc::new(SystemClock), Some(arguments.state.dir));
    let settings = AgentSettings { vault_url, ca_pem, credentials, engines, limits: Limits::default(), clock, state };
    let agent = Agent::start(settings).map_err(Failure::configuration)?;
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    tracing::info!("stopping; running work is given back to the vault");
    agent.shutdown().await;
    tracing::info!("stopped");
    Ok(())
}
