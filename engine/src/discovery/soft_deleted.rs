//! Soft-deleted containers (rulebook 5.2). One comes back with an item of it that is undeleted, unless its server is gone
//! or has been registered to another vault meanwhile: then the item stays, stopped, and can be restored elsewhere. It goes with its last
//! item.

use crate::Engine;
use rsvault_domain::discovery::{Container, Registration};
use rsvault_domain::fault::Result;
use rsvault_domain::id::ContainerId;
use rsvault_domain::ports::{ItemFilter, Page, Tx};

/// Registers the container again, if it is soft-deleted and may be; its server is inquired at once.
pub(crate) async fn bring_back(engine: &Engine, tx: &mut dyn Tx, id: ContainerId) -> Result<()> {
    let now = engine.clock.now();
    // The container of an availability group comes back with a node of it alone.
    let gone = |c: &Container| c.registration == Registration::SoftDeleted && !c.name.is_group();
    let Some(container) = tx.container_by_id(id).await?.filter(gone) else { return Ok(()) };
    if tx.server_by_id(container.server_id).await?.is_none() || tx.container_of_server(container.server_id).await?.is_some() {
        return Ok(());
    }
    let back = Container { registration: Registration::Registered, discover_at: Some(now), updated_at: now, ..container };
    Ok(tx.update_container(&back).await?)
}

/// Removes a container whose last item is gone and that nothing else holds: a soft-deleted one, or that of an
/// availability group without nodes; its name, if it went.
pub(crate) async fn drop_if_empty(tx: &mut dyn Tx, id: ContainerId) -> Result<Option<String>> {
    let nodeless = |c: &Container| c.group().is_some_and(|group| group.nodes().next().is_none());
    let held = |c: &Container| c.registration != Registration::SoftDeleted && !nodeless(c);
    let Some(container) = tx.container_by_id(id).await?.filter(|container| !held(container)) else { return Ok(None) };
    let filter = ItemFilter { container_id: Some(id), policy_id: None };
    if !tx.items(container.vault_id, &filter, &Page { after: None, limit: 1 }).await?.items.is_empty() {
        return Ok(None);
    }
    tx.delete_container(id).await?;
    Ok(Some(container.name.to_string()))
}
