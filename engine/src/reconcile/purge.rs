//! Purge: soft-deleted items whose time has come, then the containers that held only them, and deleted vaults whose own time has
//! come too. A vault never goes before its last item.

use crate::alerts::{self, Cause};
use crate::{Engine, outcome};
use jiff::Timestamp;
use rsvault_domain::alert::AlertKind;
use rsvault_domain::fault::Result;
use rsvault_domain::id::VaultId;
use rsvault_domain::ports::{About, EventKind, ItemFilter, Page, Tx};

/// Items, and vaults, that go in one transaction.
const BATCH: u32 = 1000;

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
    let mut work = !tx.items_to_purge(now, 1).await?.is_empty();
    for vault in tx.vaults_to_purge(now, BATCH).await? {
        work |= is_empty(tx.as_mut(), vault.id).await?;
    }
    if !work {
        return Ok(purged);
    }
    drop(tx);
    let mut tx = engine.store.begin().await?;
    let mut events = Vec::new();
    for item in tx.items_to_purge(now, BATCH).await? {
        let container = outcome::remove_item(engine, tx.as_mut(), item.id).await?;
        purged.items.push(item.name.to_string());
        if let Some(soft) = item.soft_deleted {
            let days = soft.purge_at.duration_since(soft.at).as_hours() / 24;
            let text = format!("Item purged with all its points: soft-deleted on {}, kept {days} days, until {}.", soft.at, soft.purge_at);
            let cause = Cause {
                vault: item.vault_id,
                item: Some(item.id),
                subject: item.name.to_string(),
                kind: AlertKind::PurgeComplete,
                code: None,
                text: text.clone(),
                job: None,
            };
            alerts::resolve(engine, tx.as_mut(), item.vault_id, About::Item(item.id), AlertKind::UpcomingPurge).await?;
            alerts::raise(engine, tx.as_mut(), cause).await?;
            events.push((item.name.to_string(), text));
        }
        if let Some(container) = container {
            events.push((container.clone(), "Container removed: it was soft-deleted and held nothing any more.".to_owned()));
            purged.containers.push(container);
        }
    }
    let mut gone = Vec::new();
    for vault in tx.vaults_to_purge(now, BATCH).await? {
        if is_empty(tx.as_mut(), vault.id).await? {
            loop {
                let containers = tx.containers(vault.id, &Page::default()).await?.items;
                if containers.is_empty() {
                    break;
                }
                for container in containers {
                    tx.delete_container(container.id).await?;
                }
            }
            tx.remove_vault(vault.id).await?;
            events.push((
                vault.name.clone(),
                "Vault removed for good: it was deleted, its time is over and its last soft-deleted item is gone.".to_owned(),
            ));
            purged.vaults.push(vault.name);
            gone.push(vault.id);
        }
    }
    tx.commit().await?;
    for (subject, text) in events {
        engine.note(EventKind::SoftDelete, subject, text);
    }
    crate::vaults::forget_keys(engine, &gone).await;
    Ok(purged)
}

async fn is_empty(tx: &mut dyn Tx, vault: VaultId) -> Result<bool> {
    Ok(tx.items(vault, &ItemFilter::default(), &Page { after: None, limit: 1 }).await?.items.is_empty())
}
