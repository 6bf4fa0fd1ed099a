//! Back to the beginning: `purge` empties what soft delete holds, `reset` removes every vault and
//! server (and the Resource Guards) and brings the seeded servers back. Subscriptions, groups and principals stay.

use super::{delete_server, put_group, put_server, servers::servers};
use crate::Engine;
use crate::reconcile::Purged;
use jiff::Timestamp;
use rsvault_domain::fault::Result;
use rsvault_domain::id::NameKey;
use rsvault_domain::ports::{ItemFilter, Page, Simulation, Tx};
use rsvault_domain::simulation::{GroupSpec, ServerSpec};
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

/// Removes all vaults, Resource Guards and servers, then makes the servers of `seed` and the availability groups over them.
pub async fn reset(
    engine: &Engine,
    simulation: &dyn Simulation,
    seed: &[(String, ServerSpec)],
    groups: &[(String, GroupSpec)],
) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    let mut removed = Vec::new();
    for vault in vaults(tx.as_mut()).await? {
        empty(engine, tx.as_mut(), &vault).await?;
        tx.delete_assignments_of(&NameKey::new(&vault.arm_id())).await?;
        tx.remove_vault(vault.id).await?;
        removed.push(vault.id);
    }
    forget_guards(tx.as_mut()).await?;
    let gone = servers(tx.as_mut(), None).await?;
    tx.commit().await?;
    crate::vaults::forget_keys(engine, &removed).await;
    for (name, _) in simulation.groups().await? {
        simulation.delete_group(&name).await?;
    }
    for server in gone {
        delete_server(engine, simulation, server.id).await?;
    }
    for (name, spec) in seed {
        put_server(engine, simulation, name, spec).await?;
    }
    for (name, spec) in groups {
        put_group(engine, simulation, name, spec).await?;
    }
    Ok(())
}

async fn forget_guards(tx: &mut dyn Tx) -> Result<()> {
    for subscription in tx.subscriptions().await? {
        let mut page = Page::default();
        loop {
            let slice = tx.groups(subscription.id, &page).await?;
            for group in slice.items {
                for guard in tx.guards(subscription.id, &NameKey::new(&group.name)).await? {
                    tx.delete_guard(guard.id).await?;
                }
            }
            match slice.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
    }
    Ok(())
}

async fn vaults(tx: &mut dyn Tx) -> Result<Vec<Vault>> {
    let mut all = tx.vaults_to_purge(Timestamp::MAX, u32::MAX).await?;
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
