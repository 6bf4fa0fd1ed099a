//! Commands: long poll, heartbeat, result.

use super::{Outcome, leased, own};
use crate::reconcile::discover;
use crate::{Engine, Progress, outcome};
use rsvault_domain::discovery::AgentRecord;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::CommandId;
use rsvault_domain::ports::{Bell, Tx};
use rsvault_domain::work::{AgentCommand, COMMAND_LEASE, COMMAND_PATIENCE, CommandState, CommandWork};
use std::time::Duration;

/// A command with the lease it comes with.
#[derive(Clone, Debug)]
pub struct LeasedCommand {
    /// The command.
    pub command: AgentCommand,
    /// Seconds until the lease ends without a heartbeat.
    pub lease_seconds: u32,
}

/// What an agent is told when it reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Continue,
    /// Cancel, clean up, report Cancelled.
    Cancel,
    /// Somebody else has it: stop, report nothing.
    Stale,
}

pub(super) fn lease_end(engine: &Engine) -> Result<jiff::Timestamp> {
    engine.clock.now().saturating_add(COMMAND_LEASE).map_err(Fault::internal)
}

/// Seconds of a lease.
pub(super) fn lease_seconds() -> u32 {
    u32::try_from(COMMAND_LEASE.as_secs()).unwrap_or(30)
}

/// The next command of the agent's server; waits for one up to `wait` (bounded to a minute).
pub async fn next_command(engine: &Engine, agent: &AgentRecord, version: &str, wait: Duration) -> Result<Option<LeasedCommand>> {
    const STEP: Duration = Duration::from_secs(2);
    let wait = wait.min(Duration::from_secs(60));
    let mut waited = Duration::ZERO;
    let mut tx = engine.store.begin().await?;
    touch(engine, tx.as_mut(), agent, version).await?;
    tx.commit().await?;
    loop {
        let waiting = engine.store.read().await?.open_commands(agent.server_id).await?.iter().any(|c| c.state == CommandState::Queued);
        if waiting {
            let mut tx = engine.store.begin().await?;
            // The server may have been enrolled again while this poll waited.
            if tx.agent_of(agent.server_id).await?.is_none_or(|newest| newest.id != agent.id) {
                return Err(super::enroll::refused());
            }
            if let Some(command) = tx.claim_command(agent.server_id, lease_end(engine)?).await? {
                tx.commit().await?;
                return Ok(Some(LeasedCommand { command, lease_seconds: lease_seconds() }));
            }
        }
        if waited >= wait {
            return Ok(None);
        }
        let step = STEP.min(wait - waited);
        engine.wake.wait(Bell::Commands, step).await;
        waited += step;
    }
}

/// Notes that the agent was heard of.
pub(super) async fn touch(engine: &Engine, tx: &mut dyn Tx, agent: &AgentRecord, version: &str) -> Result<()> {
    let now = engine.clock.now();
    tx.touch_agent(agent.id, version, now).await?;
    if now.duration_since(agent.last_seen_at) > COMMAND_PATIENCE {
        discover::after_silence(engine, tx, agent.server_id).await?;
    }
    Ok(())
}

/// Notes progress and extends the lease.
pub async fn heartbeat(engine: &Engine, agent: &AgentRecord, id: CommandId, generation: i64, progress: Progress) -> Result<Verdict> {
    let mut tx = engine.store.begin().await?;
    let command = own(tx.as_mut(), agent, id).await?;
    if !tx.renew_command(id, generation, lease_end(engine)?).await? {
        return Ok(Verdict::Stale);
    }
    touch(engine, tx.as_mut(), agent, &agent.version).await?;
    if let Some(job) = command.job_id {
        // While the turn to write is ours: the end of the job, which clears it, can only come after.
        engine.progress.set(job, progress);
    }
    tx.commit().await?;
    Ok(if command.cancel_requested { Verdict::Cancel } else { Verdict::Continue })
}

/// Takes the outcome of a command. Repeating it is fine; a stale generation is told so.
pub async fn finish(engine: &Engine, agent: &AgentRecord, id: CommandId, generation: i64, outcome: &Outcome) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    let command = own(tx.as_mut(), agent, id).await?;
    if command.state == CommandState::Done && command.generation == generation {
        return Ok(());
    }
    let command = leased(tx.as_mut(), agent, id, generation).await?;
    check_fit(&command, outcome)?;
    outcome::conclude(engine, tx.as_mut(), command, outcome).await?;
    tx.commit().await?;
    engine.wake.ring(Bell::Operations);
    Ok(())
}

/// An outcome must fit the work. A backup ends by its commit: `BackedUp` without one is refused.
fn check_fit(command: &AgentCommand, outcome: &Outcome) -> Result<()> {
    let fits = match outcome {
        Outcome::Inquired(_) => matches!(command.work, CommandWork::Inquire { .. }),
        Outcome::Restored { .. } => matches!(command.work, CommandWork::Restore { .. }),
        Outcome::BackedUp => false,
        Outcome::Failed(_) | Outcome::Cancelled => true,
    };
    if fits {
        return Ok(());
    }
    Err(Fault::invalid(
        "OutcomeDoesNotFit",
        format!("Command '{}' cannot end with this outcome; a backup ends by committing its set.", command.id),
    )
    .at("outcome"))
}
