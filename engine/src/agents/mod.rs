//! The agents' side: enrolment, commands, ingest, commit, restore reads.

mod commands;
mod commit;
mod enroll;
mod ingest;
mod queue;
mod release;
mod restore;
mod schedule;
mod slot;

pub use crate::outcome::Outcome;
pub use commands::{LeasedCommand, Verdict, finish, heartbeat, next_command};
pub use commit::{CommitRequest, Committed, commit};
pub use enroll::{Enrolled, authenticate, create_token, enroll};
pub use ingest::{OpenedSet, PutChunk, abort, ledger, open_set, put_chunk};
pub(crate) use queue::queue;
pub use release::release;
pub use restore::{RestoreSet, read_chunk, restore_set};
pub use schedule::{ScheduleOf, ScheduledItem, next_schedule};
pub(crate) use schedule::{schedule_of, timetable};
pub use slot::{SlotOffer, SlotVerdict, slot};

use rsvault_domain::discovery::AgentRecord;
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::id::CommandId;
use rsvault_domain::ports::Tx;
use rsvault_domain::work::{AgentCommand, CommandState};

/// The command `id`, if it is leased to this agent at `generation`.
pub(crate) async fn leased(tx: &mut dyn Tx, agent: &AgentRecord, id: CommandId, generation: i64) -> Result<AgentCommand> {
    let command = own(tx, agent, id).await?;
    if command.generation != generation || command.state != CommandState::Leased {
        return Err(stale(id, generation));
    }
    Ok(command)
}

/// The command `id`, if it is this agent's server's.
pub(crate) async fn own(tx: &mut dyn Tx, agent: &AgentRecord, id: CommandId) -> Result<AgentCommand> {
    tx.command(id).await?.filter(|c| c.server_id == agent.server_id).ok_or_else(|| {
        Fault::not_found("CommandNotFound", format!("Command '{id}' is not one of this agent's. Ask for the next command.")).at("commandId")
    })
}

pub(crate) fn stale(id: CommandId, generation: i64) -> Fault {
    Fault::new(
        FaultKind::Stale,
        "StaleGeneration",
        format!("Command '{id}' is not leased at generation {generation} any more. Stop working on it."),
    )
}

/// The command `id`, if it is leased to this agent at whatever generation.
pub(crate) async fn leased_any(tx: &mut dyn Tx, agent: &AgentRecord, id: CommandId) -> Result<AgentCommand> {
    let command = own(tx, agent, id).await?;
    if command.state != CommandState::Leased {
        return Err(stale(id, command.generation));
    }
    Ok(command)
}
