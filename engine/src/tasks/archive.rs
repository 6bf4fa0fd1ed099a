//! What the archive tier waits for: the end of a move, of a rehydration, and of a copy's time.

use crate::{Engine, archive, restores};
use rsvault_domain::fault::Result;
use rsvault_domain::work::{Task, TaskKind};

pub(super) async fn run(engine: &Engine, owner: &str, task: &Task) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    if !tx.finish_task(task.id, owner, task.attempt).await? {
        return Ok(()); // Somebody else holds it now.
    }
    let event = match &task.kind {
        TaskKind::ArchivePoint { vault, item, point, job } => archive::arrive(engine, tx.as_mut(), *vault, *item, point, *job).await?,
        TaskKind::Rehydrate(work) => restores::rehydrated(engine, tx.as_mut(), work).await?,
        TaskKind::ExpireCopy { item, point } => archive::expire(engine, tx.as_mut(), *item, point).await?,
        _ => None,
    };
    tx.commit().await?;
    if let Some((kind, subject, text)) = event {
        engine.note(kind, subject, text);
    }
    engine.wake.ring(rsvault_domain::ports::Bell::Commands);
    Ok(())
}
