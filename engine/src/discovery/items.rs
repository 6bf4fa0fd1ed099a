//! What inquiry has found, as the two lists of the wire show it.

use super::{ContainerView, get};
use crate::Engine;
use crate::vaults::{VaultPath, find};
use rsvault_domain::discovery::{DatabaseInventory, InstanceInventory, Registration};
use rsvault_domain::fault::Result;
use rsvault_domain::id::{ContainerName, ItemName};
use rsvault_domain::ports::{ItemFilter, Page};
use std::collections::HashSet;

/// A row of `backupProtectableItems`.
#[derive(Clone, Debug)]
pub struct ProtectableItem {
    /// Container it is on.
    pub container: ContainerView,
    /// Instance.
    pub instance: InstanceInventory,
    /// Database; None for the instance's own row.
    pub database: Option<DatabaseInventory>,
}

/// Instances and the databases that are not protected (wire-facts 0.7), instance first, then
/// databases by name.
pub async fn protectable_items(engine: &Engine, path: &VaultPath) -> Result<Vec<ProtectableItem>> {
    let mut tx = engine.store.read().await?;
    let vault = find(tx.as_mut(), path).await?;
    let mut rows = Vec::new();
    let mut page = Page::default();
    loop {
        let slice = tx.containers(vault.id, &page).await?;
        for container in slice.items.into_iter().filter(|c| c.registration != Registration::SoftDeleted) {
            let protected = protected_names(tx.as_mut(), &container).await?;
            let server = tx.server_by_id(container.server_id).await?;
            let view = ContainerView { vault: vault.clone(), container, server };
            for instance in &view.container.inventory.instances {
                rows.push(ProtectableItem { container: view.clone(), instance: instance.clone(), database: None });
                let mut databases: Vec<_> = instance
                    .databases
                    .iter()
                    .filter(|d| !protected.contains(ItemName::new(&instance.name, &d.name).key().as_str()))
                    .cloned()
                    .collect();
                databases.sort_by_key(|d| d.name.to_lowercase());
                rows.extend(databases.into_iter().map(|d| ProtectableItem {
                    container: view.clone(),
                    instance: instance.clone(),
                    database: Some(d),
                }));
            }
        }
        match slice.next {
            Some(next) => page.after = Some(next),
            None => return Ok(rows),
        }
    }
}

async fn protected_names(
    tx: &mut dyn rsvault_domain::ports::Tx,
    container: &rsvault_domain::discovery::Container,
) -> Result<HashSet<String>> {
    let filter = ItemFilter { container_id: Some(container.id), policy_id: None };
    let mut page = Page::default();
    let mut names = HashSet::new();
    loop {
        let slice = tx.items(container.vault_id, &filter, &page).await?;
        names.extend(slice.items.iter().map(|i| i.name.key().as_str().to_owned()));
        match slice.next {
            Some(next) => page.after = Some(next),
            None => return Ok(names),
        }
    }
}

/// The container whose inventory `…/protectionContainers/{c}/items` shows.
pub async fn workload_items(engine: &Engine, path: &VaultPath, name: &ContainerName) -> Result<ContainerView> {
    get(engine, path, name).await
}
