//! Back to the beginning: `purge` empties what soft delete holds, `reset` removes every vault and
//! server and brings the seeded servers back. Subscriptions, groups and principals stay.

use super::{delete_server, put_server, servers::servers};
use crate::Engine;
use crate::reconcile::Purged;
use jiff::Timestamp;
use rsvault_domain::fault::Result;
use rsvault_domain::ports::{ItemFilter, Page, Simulation, Tx};
use rsvault_domain::simulation::ServerSpec;
use rsvault_domain::vault::Vault;

/// Deletes everything soft-deleted now, as if its time had come. Answers what it removed, by name.
pub async fn purge(engine: &Engine) -> Result<Purged> {
    let mut all = Purged::default();
    loop {
        let round = crate::reconcile::purge(engine, Timestamp::MAX).await?;
        if round == Purged::default() {
            return Ok(all);
        }
        all.items.extend(round.items);
        all.containers.extend(round.containers);
        all.vaults.extend(round.vaults);
    }
}

/// Removes all vaults and servers, then makes the servers of `seed`.
pub async fn reset(engine: &Engine, simulation: &dyn Simulation, seed: &[(String, ServerSpec)]) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    let mut removed = Vec::new();
    for vault in vaults(tx.as_mut()).await? {
        empty(engine, tx.as_mut(), &vault).await?;
        tx.remove_vault(vault.id).await?;
        removed.push(vault.id);
    }
    let gone = servers(tx.as_mut(), None).await?;
    tx.commit().await?;
    crate::vaults::forget_keys(engine, &removed).await;
    for server in gone {
        delete_server(engine, simulation, server.id).await?;
    }
    for (name, spec) in seed {
        put_server(engine, simulation, name, spec).await?;
    }
    Ok(())
}

async fn vaults(tx: &mut dyn Tx) -> Result<Vec<Vault>> {
    let mut all = tx.deleted_vaults().await?;
    for subscription in tx.subscriptions().await? {
        let mut page = Page::default();
        loop {
            let slice = tx.vaults(subscription.id, None, &page).await?;
            all.extend(slice.items);
            match slice.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
    }
    Ok(all)
}

/// Items and containers of a vault; always the first page, until there is none.
async fn empty(engine: &Engine, tx: &mut dyn Tx, vault: &Vault) -> Result<()> {
    loop {
        let items = tx.items(vault.id, &ItemFilter::default(), &Page::default()).await?.items;
        if items.is_empty() {
            break;
        }
        for item in items {
            crate::outcome::remove_item(engine, tx, item.id).await?;
        }
    }
    loop {
        let containers = tx.containers(vault.id, &Page::default()).await?.items;
        if containers.is_empty() {
            return Ok(());
        }
        for container in containers {
            tx.delete_container(container.id).await?;
        }
    }
}
