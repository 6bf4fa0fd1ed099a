//! Reading protected items.

use crate::Engine;
use crate::discovery::find_container;
use crate::policies::find_policy;
use crate::vaults::{VaultPath, find};
use rsvault_domain::discovery::{Container, Server};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{ArmId, ContainerId, ContainerName, ItemName, NameKey, PolicyId};
use rsvault_domain::policy::Policy;
use rsvault_domain::ports::{ItemFilter, Page, PointSummary, Slice, Tx};
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::vault::Vault;
use std::collections::HashMap;
use std::sync::Arc;

/// Path of an item.
#[derive(Clone, Debug)]
pub struct ItemPath {
    /// Vault.
    pub vault: VaultPath,
    /// Container.
    pub container: ContainerName,
    /// Item.
    pub item: ItemName,
}

/// An item and all that its resource shows; what items have in common they share.
#[derive(Clone, Debug)]
pub struct ItemView {
    /// Vault.
    pub vault: Arc<Vault>,
    /// Container.
    pub container: Arc<Container>,
    /// Server (None if it is gone).
    pub server: Option<Arc<Server>>,
    /// Item.
    pub item: ProtectedItem,
    /// Policy.
    pub policy: Option<Arc<Policy>>,
    /// Recovery points at a glance.
    pub points: PointSummary,
}

/// The item at `path`, or 404.
pub(crate) async fn find_item(tx: &mut dyn Tx, path: &ItemPath) -> Result<(Vault, Container, ProtectedItem)> {
    let vault = find(tx, &path.vault).await?;
    let container = find_container(tx, &vault, &path.container).await?;
    let item = tx.item(container.id, &path.item.key()).await?.ok_or_else(|| {
        Fault::not_found(
            "BMSUserErrorDataSourceObjectNotFound",
            format!(
                "'{}' is not a protected item of container '{}'. Protect it first, or list the vault's items for the names.",
                path.item, path.container
            ),
        )
        .at("protectedItemName")
    })?;
    Ok((vault, container, item))
}

/// A container with the server behind it.
type Placed = (Arc<Container>, Option<Arc<Server>>);

/// What many items of a page have in common: each is read once.
#[derive(Default)]
pub(crate) struct Around {
    containers: HashMap<ContainerId, Option<Placed>>,
    policies: HashMap<PolicyId, Option<Arc<Policy>>>,
}

impl Around {
    async fn container(&mut self, tx: &mut dyn Tx, id: ContainerId) -> Result<Option<Placed>> {
        if let Some(known) = self.containers.get(&id) {
            return Ok(known.clone());
        }
        let found = match tx.container_by_id(id).await? {
            Some(container) => {
                let server = tx.server_by_id(container.server_id).await?.map(Arc::new);
                Some((Arc::new(container), server))
            }
            None => None,
        };
        self.containers.insert(id, found.clone());
        Ok(found)
    }
    async fn policy(&mut self, tx: &mut dyn Tx, id: PolicyId) -> Result<Option<Arc<Policy>>> {
        if let Some(known) = self.policies.get(&id) {
            return Ok(known.clone());
        }
        let found = tx.policy_by_id(id).await?.map(Arc::new);
        self.policies.insert(id, found.clone());
        Ok(found)
    }
    pub(crate) async fn view(&mut self, tx: &mut dyn Tx, vault: &Arc<Vault>, item: ProtectedItem) -> Result<Option<ItemView>> {
        let Some((container, server)) = self.container(tx, item.container_id).await? else { return Ok(None) };
        let policy = match item.policy_id {
            Some(id) => self.policy(tx, id).await?,
            None => None,
        };
        let points = tx.point_summary(item.id).await?;
        Ok(Some(ItemView { vault: vault.clone(), container, server, item, policy, points }))
    }
}

/// Reads an item.
pub async fn get(engine: &Engine, path: &ItemPath) -> Result<ItemView> {
    let mut tx = engine.store.glance().await?;
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    let server = tx.server_by_id(container.server_id).await?.map(Arc::new);
    let policy = match item.policy_id {
        Some(id) => tx.policy_by_id(id).await?.map(Arc::new),
        None => None,
    };
    let points = tx.point_summary(item.id).await?;
    Ok(ItemView { vault: Arc::new(vault), container: Arc::new(container), server, item, policy, points })
}

/// What a list of items asks for; None matches all.
#[derive(Clone, Copy, Debug, Default)]
pub struct ItemQuery<'a> {
    /// Items of the policy of this name, which must be there.
    pub policy: Option<&'a str>,
    /// Items of this container.
    pub container: Option<&'a ContainerName>,
    /// Items whose database has this name.
    pub database: Option<&'a str>,
}

/// Lists items of a vault. Whatever is asked for is found along an index.
pub async fn list(engine: &Engine, path: &VaultPath, query: ItemQuery<'_>, page: &Page) -> Result<Slice<ItemView>> {
    let mut tx = engine.store.glance().await?;
    let vault = Arc::new(find(tx.as_mut(), path).await?);
    let policy_id = match query.policy {
        Some(name) => Some(find_policy(tx.as_mut(), &vault, name).await?.id),
        None => None,
    };
    let container_id = match query.container {
        Some(name) => match tx.container(vault.id, &name.key()).await? {
            Some(container) => Some(container.id),
            None => return Ok(Slice { items: Vec::new(), next: None }),
        },
        None => None,
    };
    let slice = match query.database {
        // There are few of one name.
        Some(name) => tx.items_named(vault.id, &NameKey::new(name), page).await?,
        None => tx.items(vault.id, &ItemFilter { policy_id, container_id }, page).await?,
    };
    let wanted = |item: &ProtectedItem| {
        policy_id.is_none_or(|id| item.policy_id == Some(id)) && container_id.is_none_or(|id| item.container_id == id)
    };
    let mut items = Vec::with_capacity(slice.items.len());
    let mut around = Around::default();
    for item in slice.items.into_iter().filter(wanted) {
        items.extend(around.view(tx.as_mut(), &vault, item).await?);
    }
    Ok(Slice { items, next: slice.next })
}

/// Which vault a VM is registered to, and how many of its databases are protected
/// (`locations/…/backupStatus`).
pub async fn status_of_server(engine: &Engine, resource_id: &str) -> Result<Option<(Vault, Container, i64)>> {
    let id = ArmId::parse(resource_id, "resourceId")?;
    let Some(name) = id.name_of("virtualMachines") else { return Ok(None) };
    let mut tx = engine.store.read().await?;
    let Some(server) = tx.server(id.subscription, &NameKey::new(&id.resource_group), &NameKey::new(name)).await? else { return Ok(None) };
    let Some(container) = tx.container_of_server(server.id).await? else { return Ok(None) };
    let Some(vault) = tx.vault_by_id(container.vault_id).await? else { return Ok(None) };
    let filter = ItemFilter { container_id: Some(container.id), policy_id: None };
    let mut page = Page::default();
    let mut count = 0;
    loop {
        let slice = tx.items(vault.id, &filter, &page).await?;
        count += i64::try_from(slice.items.len()).unwrap_or(i64::MAX);
        match slice.next {
            Some(next) => page.after = Some(next),
            None => return Ok(Some((vault, container, count))),
        }
    }
}
