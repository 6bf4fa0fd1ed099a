//! Queueing work for a server's agent.

use super::Outcome;
use crate::{Engine, outcome};
use rsvault_domain::discovery::{Server, ServerState};
use rsvault_domain::fault::{JobFault, Result};
use rsvault_domain::id::{CommandId, ItemId, JobId, OperationId};
use rsvault_domain::ports::Tx;
use rsvault_domain::vault::Vault;
use rsvault_domain::work::{AgentCommand, COMMAND_PATIENCE, CommandState, CommandWork};

/// Queues a command. A server that is known to be powered off fails it at once.
#[allow(clippy::too_many_arguments, reason = "one call per use case; a struct would name the same eight things again")]
pub(crate) async fn queue(
    engine: &Engine,
    tx: &mut dyn Tx,
    server: &Server,
    vault: &Vault,
    item: Option<ItemId>,
    work: CommandWork,
    job: Option<JobId>,
    operation: Option<OperationId>,
) -> Result<()> {
    let now = engine.clock.now();
    let command = AgentCommand {
        id: CommandId(uuid::Uuid::now_v7()),
        server_id: server.id,
        vault_id: vault.id,
        item_id: item,
        work,
        state: CommandState::Queued,
        generation: 0,
        lease_expires_at: None,
        cancel_requested: false,
        job_id: job,
        operation_id: operation,
        created_at: now,
        deadline_at: now.saturating_add(COMMAND_PATIENCE).unwrap_or(jiff::Timestamp::MAX),
    };
    tx.insert_command(&command).await?;
    if server.state == ServerState::Stopped {
        let fault = JobFault::catalogue("VMNotInRunningStateUserError", format!("Server '{}' is stopped.", server.name));
        outcome::conclude(engine, tx, command, &Outcome::Failed(fault)).await?;
    }
    Ok(())
}
