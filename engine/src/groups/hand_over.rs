//! A node that was asked for a backup says that it is not the one: the backup goes on to the next.
//!
//! Always holds: job and operation go on; what the refusal says of the node's role is believed at once
//! ([`Group::believe`](rsvault_domain::availability::Group::believe)); a backup changes hands a few times at most.

use super::nodes::{settle, up};
use crate::Engine;
use rsvault_domain::backup::SetState;
use rsvault_domain::fault::{JobFault, Result, codes};
use rsvault_domain::id::CommandId;
use rsvault_domain::ports::{Bell, Tx};
use rsvault_domain::work::{AgentCommand, COMMAND_PATIENCE, CommandState, CommandWork, MAX_COMMAND_GENERATIONS};

/// Refusals and failures that are of the node, not of the database.
const OF_THE_NODE: [&str; 6] = [
    codes::NOT_ON_SECONDARY,
    codes::NOT_PREFERRED,
    codes::REPLICA_RESOLVING,
    codes::NOT_IN_STEP,
    "VMNotInRunningStateUserError",
    "WorkloadExtensionNotReachable",
];

/// Gives a failed backup of a group's database to the next node; false if there is none, or the failure is
/// one that every node would meet.
pub(crate) async fn hand_over(engine: &Engine, tx: &mut dyn Tx, command: &AgentCommand, fault: &JobFault) -> Result<bool> {
    let CommandWork::Backup { item, kind, .. } = &command.work else { return Ok(false) };
    if !OF_THE_NODE.contains(&fault.code.as_str()) || command.cancel_requested || command.generation >= MAX_COMMAND_GENERATIONS {
        return Ok(false);
    }
    let Some(item) = tx.item_by_id(*item).await? else { return Ok(false) };
    let Some(mut container) = tx.container_by_id(item.container_id).await? else { return Ok(false) };
    if container.group().is_none() {
        return Ok(false);
    }
    for seen in &mut container.inventory.groups {
        seen.group.believe(command.server_id, *kind, &fault.code);
    }
    settle(tx, &mut container).await?;
    tx.update_container(&container).await?;
    let Some(group) = container.group() else { return Ok(false) };
    let up = up(tx, group).await?;
    let next = group.able(*kind, |node| node != command.server_id && up.contains(&node)).into_iter().next();
    let Some(next) = next else { return Ok(false) };
    let now = engine.clock.now();
    if let Some(set) = tx.set_of_command(command.id).await? {
        tx.move_set(set.id, &[SetState::Open], SetState::Aborted, now).await?;
    }
    // An attempt that no agent took was one, too: else two silent nodes would pass it to and fro for ever.
    let generation = if command.state == CommandState::Queued { command.generation + 1 } else { command.generation };
    let ended = AgentCommand { state: CommandState::Done, lease_expires_at: None, ..command.clone() };
    tx.update_command(&ended).await?;
    tx.insert_command(&AgentCommand {
        id: CommandId(uuid::Uuid::now_v7()),
        server_id: next,
        state: CommandState::Queued,
        generation,
        lease_expires_at: None,
        deadline_at: now.saturating_add(COMMAND_PATIENCE).unwrap_or(jiff::Timestamp::MAX),
        ..command.clone()
    })
    .await?;
    tracing::info!(command = %command.id, code = fault.code, "a node of an availability group passed a backup on");
    engine.wake.ring(Bell::Commands);
    Ok(true)
}
