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
    let Some(container) = tx.container_by_id(id).await?.filter(|c| c.registration == Registration::SoftDeleted) else { return Ok(()) };
    if tx.server_by_id(container.server_id).await?.is_none() || tx.container_of_server(container.server_id).await?.is_some() {
        return Ok(());
    }
    let back = Container { registration: Registration::Registered, discover_at: Some(now), updated_at: now, ..container };
    Ok(tx.update_container(&back).await?)
}

/// Removes a soft-deleted container whose last item is gone; its name, if it went.
pub(crate) async fn drop_if_empty(tx: &mut dyn Tx, id: ContainerId) -> Result<Option<String>> {
    let Some(container) = tx.container_by_id(id).await?.filter(|c| c.registration == Registration::SoftDeleted) else { return Ok(None) };
    let filter = ItemFilter { container_id: Some(id), policy_id: None };
    if !tx.items(container.vault_id, &filter, &Page { after: None, limit: 1 }).await?.items.is_empty() {
        return Ok(None);
    }
    tx.delete_container(id).await?;
    Ok(Some(container.name.to_string()))
}
