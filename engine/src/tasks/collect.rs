//! Garbage: deletes the objects of a set that is Collecting, then its rows; of a committed set only
//! what older generations left.

use crate::Engine;
use rsvault_domain::backup::SetState;
use rsvault_domain::fault::Result;
use rsvault_domain::id::SetId;
use rsvault_domain::work::Task;

pub(super) async fn run(engine: &Engine, owner: &str, task: &Task, id: SetId) -> Result<()> {
    let set = engine.store.read().await?.set(id).await?;
    if let Some(set) = &set {
        let live = match set.state {
            SetState::Collecting => None,
            SetState::Committed => Some(format!("{}/", set.prefix())),
            SetState::Open | SetState::Aborted => return finish(engine, owner, task, None).await,
        };
        let all = format!("vaults/{}/items/{}/sets/{id}/", set.vault_id, set.item_id);
        let mut after: Option<String> = None;
        loop {
            let keys = engine.objects.list(&all, after.as_deref(), 500).await?;
            let Some(last) = keys.last() else { break };
            after = Some(last.clone());
            for key in keys.iter().filter(|k| live.as_ref().is_none_or(|l| !k.starts_with(l.as_str()))) {
                engine.objects.delete(key).await?;
            }
        }
    }
    let gone = set.filter(|s| s.state == SetState::Collecting).map(|s| s.id);
    finish(engine, owner, task, gone).await
}

async fn finish(engine: &Engine, owner: &str, task: &Task, gone: Option<SetId>) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    if tx.finish_task(task.id, owner, task.attempt).await? {
        if let Some(id) = gone {
            tx.remove_set(id).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
