//! Which sets are to be copied, where the moment of their commit did not say so: the flag was switched on
//! later, or the server has a second region only now.
//!
//! Always holds: to survey again changes nothing; a large vault is surveyed in parts.

use super::copy::{enqueue, queue_copy};
use crate::Engine;
use rsvault_domain::fault::Result;
use rsvault_domain::id::{TaskId, VaultId};
use rsvault_domain::ports::{Bell, ItemFilter, Page, Tx};
use rsvault_domain::vault::Vault;
use rsvault_domain::work::{Task, TaskKind};

/// Sets noted in one go.
const BATCH: u32 = 500;

/// Notes that the points of a vault are to be looked through.
pub(crate) async fn queue_survey(engine: &Engine, tx: &mut dyn Tx, vault: &Vault) -> Result<()> {
    if engine.secondary.is_none() || !vault.settings.cross_region_restore {
        return Ok(());
    }
    Ok(tx.enqueue(TaskId(uuid::Uuid::now_v7()), &TaskKind::Survey { vault: vault.id }, engine.clock.now()).await?)
}

/// At the start of a server: takes up what an earlier run, perhaps without a second region, has left.
pub async fn resume(engine: &Engine) -> Result<()> {
    if engine.secondary.is_none() {
        return Ok(());
    }
    let mut tx = engine.store.begin().await?;
    for subscription in tx.subscriptions().await? {
        let mut page = Page::default();
        loop {
            let slice = tx.vaults(subscription.id, None, &page).await?;
            for vault in slice.items {
                queue_survey(engine, tx.as_mut(), &vault).await?;
            }
            match slice.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
    }
    let mut after = None;
    loop {
        let unsettled = tx.unsettled_replicas(after, BATCH).await?;
        for replica in &unsettled {
            enqueue(engine, tx.as_mut(), replica.set_id).await?;
        }
        after = unsettled.last().map(|replica| replica.set_id);
        if unsettled.len() < BATCH as usize {
            break;
        }
    }
    tx.commit().await?;
    engine.wake.ring(Bell::Tasks);
    Ok(())
}

/// Runs the task.
pub(crate) async fn run(engine: &Engine, owner: &str, task: &Task, vault: VaultId) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    let noted = match tx.vault_by_id(vault).await? {
        Some(vault) => survey(engine, tx.as_mut(), &vault).await?,
        None => 0,
    };
    let ours = if noted == BATCH {
        tx.release_task(task.id, owner, task.attempt, engine.clock.now(), "more to survey").await?
    } else {
        tx.finish_task(task.id, owner, task.attempt).await?
    };
    if ours {
        tx.commit().await?;
    }
    Ok(())
}

/// Notes the sets of a vault that have no replica, up to a batch; how many.
async fn survey(engine: &Engine, tx: &mut dyn Tx, vault: &Vault) -> Result<u32> {
    let mut left = BATCH;
    let mut page = Page::default();
    loop {
        let slice = tx.items(vault.id, &ItemFilter::default(), &page).await?;
        for item in slice.items {
            for set in tx.unreplicated(item.id, left).await? {
                queue_copy(engine, tx, vault, item.id, set).await?;
                left = left.saturating_sub(1);
            }
            if left == 0 {
                return Ok(BATCH);
            }
        }
        match slice.next {
            Some(next) => page.after = Some(next),
            None => return Ok(BATCH - left),
        }
    }
}
