//! What the vault itself waits for, and how it comes to rest at a moment. The emulator runs time with
//! it: to the next timer, rest, on.
//!
//! Always holds: rounds of tasks and reconcilers do not overlap in one process (see
//! [`Engine::turn`]); coming to rest ends, also when something that is due cannot be done.

use crate::{Engine, Progress, reconcile, tasks};
use jiff::Timestamp;
use rsvault_domain::discovery::ServerState;
use rsvault_domain::fault::Result;
use rsvault_domain::id::{CommandId, ServerId};
use rsvault_domain::ports::Timer;
use rsvault_domain::work::CommandState;

/// Rounds until something that stays due is left to the next timer. A batch is 16 tasks.
const ROUNDS: usize = 10_000;

/// The earliest moment after now at which the vault itself has something to do, and what.
pub async fn next_due(engine: &Engine) -> Result<Option<(Timestamp, &'static str)>> {
    let now = engine.clock.now();
    let timers = engine.store.read().await?.timers().await?;
    Ok(timers.into_iter().filter(|(_, at)| *at > now).map(|(timer, at)| (at, word(timer))).min())
}

fn word(timer: Timer) -> &'static str {
    match timer {
        Timer::Task => "task",
        Timer::Purge => "softDelete",
        Timer::Lease => "lease",
        Timer::Reap => "retention",
        Timer::Watch => "missedSlot",
        Timer::Discover => "discovery",
    }
}

/// Runs tasks and reconcilers until nothing is due any more. True if anything was.
pub async fn settle(engine: &Engine, owner: &str) -> Result<bool> {
    let _turn = engine.turn().await;
    let mut before = Vec::new();
    for round in 0..ROUNDS {
        let now = engine.clock.now();
        let mut due = engine.store.read().await?.timers().await?;
        due.retain(|(_, at)| *at <= now);
        if due.is_empty() {
            return Ok(round > 0);
        }
        let ran = if due.iter().any(|(timer, _)| *timer == Timer::Task) { tasks::run_due(engine, owner).await? } else { 0 };
        if ran == 0 && due == before {
            tracing::debug!(?due, "cannot be done now");
            return Ok(round > 1);
        }
        if due.iter().any(|(timer, _)| *timer != Timer::Task) {
            reconcile::round(engine).await?;
        }
        before = due;
    }
    tracing::warn!("the vault did not come to rest");
    Ok(true)
}

/// A command that an agent has or should take.
#[derive(Clone, Debug, PartialEq)]
pub struct Flight {
    /// Command.
    pub command: CommandId,
    /// Whose agent.
    pub server: ServerId,
    /// What, for people.
    pub what: String,
    /// Changes while it goes on.
    pub seen: (CommandState, i64, Option<Progress>),
}

/// The commands under way on servers that run. Cheap while there is none.
pub async fn flights(engine: &Engine) -> Result<Vec<Flight>> {
    let mut tx = engine.store.read().await?;
    // An open command has a deadline or a lease.
    if !tx.timers().await?.iter().any(|(timer, _)| *timer == Timer::Lease) {
        return Ok(Vec::new());
    }
    let mut flights = Vec::new();
    for subscription in tx.subscriptions().await? {
        for server in tx.servers(subscription.id).await?.into_iter().filter(|s| s.state == ServerState::Running) {
            for command in tx.open_commands(server.id).await? {
                let work = command.work.words();
                flights.push(Flight {
                    command: command.id,
                    server: server.id,
                    what: format!("{work} on server '{}' (command {}, {})", server.name, command.id, command.state.as_str()),
                    seen: (command.state, command.generation, command.job_id.and_then(|job| engine.progress(job))),
                });
            }
        }
    }
    Ok(flights)
}
