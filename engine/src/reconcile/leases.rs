//! Commands whose agent is silent: handed out again, or failed when patience or attempts are used up.

use crate::agents::Outcome;
use crate::{Engine, outcome};
use rsvault_domain::discovery::ServerState;
use rsvault_domain::fault::{Fault, JobFault, Result};
use rsvault_domain::ports::{Bell, EventKind};
use rsvault_domain::work::{COMMAND_PATIENCE, CommandState, MAX_COMMAND_GENERATIONS};

/// Ends or requeues overdue commands.
pub async fn leases(engine: &Engine) -> Result<()> {
    let now = engine.clock.now();
    if engine.store.read().await?.overdue_commands(now, 1).await?.is_empty() {
        return Ok(());
    }
    let mut tx = engine.store.begin().await?;
    let mut events = Vec::new();
    for mut command in tx.overdue_commands(now, 100).await? {
        let lost = command.state == CommandState::Leased;
        tracing::warn!(command = %command.id, generation = command.generation, lost, "agent did not answer in time");
        let off = match tx.server_by_id(command.server_id).await? {
            Some(server) if server.state == ServerState::Running => None,
            Some(server) => {
                Some(JobFault::catalogue("VMNotInRunningStateUserError", format!("Server '{}' was stopped while it worked.", server.name)))
            }
            None => Some(JobFault::catalogue("WorkloadExtensionNotReachable", "The server does not exist any more.")),
        };
        let mut note = |text: &str| events.push((command.id.to_string(), format!("{}: {text}", command.work.words())));
        if command.cancel_requested {
            note("cancelled; its agent was silent");
            outcome::conclude(engine, tx.as_mut(), command, &Outcome::Cancelled).await?;
        } else if let Some(fault) = off {
            note(&format!("failed: {}", fault.message));
            outcome::conclude(engine, tx.as_mut(), command, &Outcome::Failed(fault)).await?;
        } else if lost && command.generation < MAX_COMMAND_GENERATIONS {
            note("its agent was silent for a lease; handed out again");
            command.state = CommandState::Queued;
            command.lease_expires_at = None;
            command.deadline_at = now.saturating_add(COMMAND_PATIENCE).map_err(Fault::internal)?;
            tx.update_command(&command).await?;
        } else {
            note("failed: no agent took it and finished it in time");
            // An agent that was heard of since, but never took it, hangs; one that was not is away.
            let heard = tx.agent_of(command.server_id).await?.is_some_and(|agent| agent.last_seen_at > command.created_at);
            let hangs = heard && command.generation == 0;
            let code = if hangs { "WorkloadExtensionDidntDequeueMsg" } else { "WorkloadExtensionNotReachable" };
            let fault = JobFault::catalogue(code, "");
            outcome::conclude(engine, tx.as_mut(), command, &Outcome::Failed(fault)).await?;
        }
    }
    tx.commit().await?;
    engine.wake.ring(Bell::Commands);
    engine.wake.ring(Bell::Operations);
    for (subject, text) in events {
        engine.note(EventKind::Lease, subject, text);
    }
    Ok(())
}
