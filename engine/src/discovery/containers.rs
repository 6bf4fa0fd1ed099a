//! Reading containers.

use crate::Engine;
use crate::vaults::{VaultPath, find};
use rsvault_domain::discovery::{Container, Registration, Server};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::ContainerName;
use rsvault_domain::ports::{Page, Slice, Tx};
use rsvault_domain::vault::Vault;

/// A container with the server behind it (None if the server is gone).
#[derive(Clone, Debug)]
pub struct ContainerView {
    /// Vault.
    pub vault: Vault,
    /// Container.
    pub container: Container,
    /// Server.
    pub server: Option<Server>,
}

/// The container `name` of a vault, or 404.
pub(crate) async fn find_container(tx: &mut dyn Tx, vault: &Vault, name: &ContainerName) -> Result<Container> {
    tx.container(vault.id, &name.key()).await?.ok_or_else(|| {
        Fault::not_found(
            "BMSUserErrorContainerObjectNotFound",
            format!("Container '{name}' is not registered to vault '{}'. Register the server first.", vault.name),
        )
        .at("containerName")
    })
}

/// Reads a container.
pub async fn get(engine: &Engine, path: &VaultPath, name: &ContainerName) -> Result<ContainerView> {
    let mut tx = engine.store.glance().await?;
    let vault = find(tx.as_mut(), path).await?;
    let container = find_container(tx.as_mut(), &vault, name).await?;
    let server = tx.server_by_id(container.server_id).await?;
    Ok(ContainerView { vault, container, server })
}

/// Containers of a vault: registered, being registered, and soft-deleted ones (wire-facts 10: the
/// client's filter `status eq 'Registered'` must find those too).
pub async fn list(engine: &Engine, path: &VaultPath, page: &Page) -> Result<Slice<ContainerView>> {
    collect(engine, path, page, |_| true).await
}

/// Soft-deleted containers of a vault.
pub async fn list_soft_deleted(engine: &Engine, path: &VaultPath, page: &Page) -> Result<Slice<ContainerView>> {
    collect(engine, path, page, |c| c.registration == Registration::SoftDeleted).await
}

async fn collect(engine: &Engine, path: &VaultPath, page: &Page, wanted: impl Fn(&Container) -> bool) -> Result<Slice<ContainerView>> {
    let mut tx = engine.store.glance().await?;
    let vault = find(tx.as_mut(), path).await?;
    let slice = tx.containers(vault.id, page).await?;
    let mut items = Vec::new();
    for container in slice.items.into_iter().filter(|c| wanted(c)) {
        let server = tx.server_by_id(container.server_id).await?;
        items.push(ContainerView { vault: vault.clone(), container, server });
    }
    Ok(Slice { items, next: slice.next })
}

/// Servers that a refresh has seen and that no vault has registered.
pub async fn protectable(engine: &Engine, path: &VaultPath) -> Result<(Vault, Vec<Server>)> {
    let mut tx = engine.store.read().await?;
    let vault = find(tx.as_mut(), path).await?;
    let servers = tx.discovered(vault.id).await?;
    Ok((vault, servers))
}
