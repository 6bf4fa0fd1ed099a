//! Giving a command back: an agent that must stop (shutdown, network) has not failed.

use super::{leased, own, stale};
use crate::Engine;
use crate::outcome::{self, Outcome};
use rsvault_domain::discovery::AgentRecord;
use rsvault_domain::fault::{JobFault, Result};
use rsvault_domain::id::CommandId;
use rsvault_domain::ports::Bell;
use rsvault_domain::work::MAX_COMMAND_GENERATIONS;

/// Ends the lease now, so that the reconciler hands the command out again, as after a silent agent. The last generation
/// ends the command instead, with the agent's reason: nobody else will say why. A stale generation is told so.
pub async fn release(engine: &Engine, agent: &AgentRecord, id: CommandId, generation: i64, reason: &str) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    own(tx.as_mut(), agent, id).await?;
    if generation >= MAX_COMMAND_GENERATIONS {
        let command = leased(tx.as_mut(), agent, id, generation).await?;
        let fault = JobFault::catalogue("DataTransferInterrupted", reason);
        outcome::conclude(engine, tx.as_mut(), command, &Outcome::Failed(fault)).await?;
    } else if !tx.renew_command(id, generation, engine.clock.now()).await? {
        return Err(stale(id, generation));
    }
    tx.commit().await?;
    engine.wake.ring(Bell::Tasks);
    engine.wake.ring(Bell::Operations);
    Ok(())
}
