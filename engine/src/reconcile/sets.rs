//! Sets that will never be a recovery point: marked first, objects next, rows last (design §3.4).

use crate::Engine;
use jiff::SignedDuration;
use rsvault_domain::backup::SetState;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::TaskId;
use rsvault_domain::ports::{Bell, OBJECT_PATIENCE};
use rsvault_domain::work::{CommandState, TaskKind};

/// How long dead objects stay, so that a put that is still on its way lands before the collector looks:
/// longer than any put may take (`OBJECT_PATIENCE`). What landed later would have no row and stay for ever.
pub(crate) const GRACE: SignedDuration = SignedDuration::from_secs(OBJECT_PATIENCE.as_secs().cast_signed() + 15);

/// Aborts open sets whose command has ended, and hands aborted ones to the collector.
pub async fn sets(engine: &Engine) -> Result<()> {
    let now = engine.clock.now();
    let before = now.saturating_sub(GRACE).map_err(Fault::internal)?;
    let mut tx = engine.store.read().await?;
    let open = tx.sets_in(SetState::Open, before, 200).await?;
    let mut orphans = Vec::new();
    for set in open {
        if tx.command(set.command_id).await?.is_none_or(|c| c.state == CommandState::Done) {
            orphans.push(set.id);
        }
    }
    let dead = tx.sets_in(SetState::Aborted, before, 200).await?;
    drop(tx);
    if orphans.is_empty() && dead.is_empty() {
        return Ok(());
    }
    let mut tx = engine.store.begin().await?;
    for id in orphans {
        tx.move_set(id, &[SetState::Open], SetState::Aborted, now).await?;
    }
    for set in dead {
        if tx.move_set(set.id, &[SetState::Aborted], SetState::Collecting, now).await? {
            tx.enqueue(TaskId(uuid::Uuid::new_v4()), &TaskKind::CollectSet { set: set.id }, now).await?;
        }
    }
    tx.commit().await?;
    engine.wake.ring(Bell::Tasks);
    Ok(())
}
