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
    collect(engine, path, None, page).await
}

/// Containers of a vault in one state.
pub async fn list_in(engine: &Engine, path: &VaultPath, registration: Registration, page: &Page) -> Result<Slice<ContainerView>> {
    collect(engine, path, Some(registration), page).await
}

async fn collect(engine: &Engine, path: &VaultPath, state: Option<Registration>, page: &Page) -> Result<Slice<ContainerView>> {
    let mut tx = engine.store.glance().await?;
    let vault = find(tx.as_mut(), path).await?;
    let slice = match state {
        Some(state) => tx.containers_in(vault.id, state, page).await?,
        None => tx.containers(vault.id, page).await?,
    };
    let mut items = Vec::with_capacity(slice.items.len());
    for container in slice.items {
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
