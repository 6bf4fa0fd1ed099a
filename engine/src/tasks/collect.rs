//! Garbage: deletes the objects of a set that is Collecting, then its rows; of a committed set only
//! what older generations left.

use crate::{Engine, regions};
use rsvault_domain::backup::SetState;
use rsvault_domain::fault::Result;
use rsvault_domain::id::SetId;
use rsvault_domain::work::Task;

/// Objects deleted in one go. Then the task goes back to the end of the queue: a large set must not keep
/// changes of protection and leases waiting.
const BATCH: usize = 1000;

pub(super) async fn run(engine: &Engine, owner: &str, task: &Task, id: SetId) -> Result<()> {
    let Some(set) = engine.store.read().await?.set_head(id).await? else { return finish(engine, owner, task, None).await };
    let all = format!("vaults/{}/items/{}/sets/{id}/", set.vault_id, set.item_id);
    let (dead, gone) = match set.state {
        SetState::Collecting => (vec![all], Some(id)),
        SetState::Committed => ((1..set.generation).map(|old| format!("{all}{old}/")).collect(), None),
        SetState::Open | SetState::Aborted => (Vec::new(), None),
    };
    for prefix in dead {
        let keys = engine.objects.list(&prefix, None, BATCH).await?;
        for key in &keys {
            engine.objects.delete(key).await?;
        }
        if keys.len() == BATCH {
            let mut tx = engine.store.begin().await?;
            tx.release_task(task.id, owner, task.attempt, engine.clock.now(), "more to delete").await?;
            return Ok(tx.commit().await?);
        }
    }
    finish(engine, owner, task, gone).await
}

async fn finish(engine: &Engine, owner: &str, task: &Task, gone: Option<SetId>) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    if tx.finish_task(task.id, owner, task.attempt).await? {
        if let Some(id) = gone {
            tx.remove_set(id).await?;
            regions::doom(engine, tx.as_mut(), id).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
