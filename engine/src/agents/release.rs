//! Giving a command back: an agent that must stop (shutdown, network) has not failed.

use super::{own, stale};
use crate::Engine;
use rsvault_domain::discovery::AgentRecord;
use rsvault_domain::fault::Result;
use rsvault_domain::id::CommandId;
use rsvault_domain::ports::Bell;

/// Ends the lease now, so that the reconciler hands the command out again, as after a silent agent.
/// A stale generation is told so.
pub async fn release(engine: &Engine, agent: &AgentRecord, id: CommandId, generation: i64) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    own(tx.as_mut(), agent, id).await?;
    if !tx.renew_command(id, generation, engine.clock.now()).await? {
        return Err(stale(id, generation));
    }
    tx.commit().await?;
    engine.wake.ring(Bell::Tasks);
    Ok(())
}
