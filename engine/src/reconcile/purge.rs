//! Purge: soft-deleted items whose time has come, then the containers and vaults that held only them.

use crate::Engine;
use jiff::Timestamp;
use rsvault_domain::discovery::Registration;
use rsvault_domain::fault::Result;
use rsvault_domain::ports::{ItemFilter, Page};

/// What a purge removed, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Items.
    pub items: Vec<String>,
    /// Containers.
    pub containers: Vec<String>,
    /// Vaults.
    pub vaults: Vec<String>,
}

/// Purges what may go at `now`. `POST /emulator/purge` passes the end of time.
pub async fn purge(engine: &Engine, now: Timestamp) -> Result<Purged> {
    let mut purged = Purged::default();
    let mut tx = engine.store.read().await?;
    if tx.items_to_purge(now, 1).await?.is_empty() && tx.deleted_vaults().await?.is_empty() {
        return Ok(purged);
    }
    drop(tx);
    let mut tx = engine.store.begin().await?;
    for item in tx.items_to_purge(now, 1000).await? {
        tx.delete_item(item.id, engine.clock.now()).await?;
        purged.items.push(item.name.to_string());
        let filter = ItemFilter { container_id: Some(item.container_id), policy_id: None };
        let empty = tx.items(item.vault_id, &filter, &Page { after: None, limit: 1 }).await?.items.is_empty();
        if let Some(container) = tx.container_by_id(item.container_id).await?.filter(|c| empty && c.registration == Registration::SoftDeleted) {
            tx.delete_container(container.id).await?;
            purged.containers.push(container.name.to_string());
        }
    }
    for vault in tx.deleted_vaults().await? {
        if tx.items(vault.id, &ItemFilter::default(), &Page { after: None, limit: 1 }).await?.items.is_empty() {
            for container in tx.containers(vault.id, &Page::default()).await?.items {
                tx.delete_container(container.id).await?;
            }
            tx.remove_vault(vault.id).await?;
            purged.vaults.push(vault.name);
        }
    }
    tx.commit().await?;
    Ok(purged)
}
