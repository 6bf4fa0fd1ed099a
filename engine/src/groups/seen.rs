//! What an inquiry of a node says of the groups that it is in.

use super::nodes::{leave, settle};
use crate::Engine;
use rsvault_domain::availability::GroupInventory;
use rsvault_domain::discovery::{Container, InstanceInventory, Inventory, Registration, Server};
use rsvault_domain::fault::Result;
use rsvault_domain::id::ContainerId;
use rsvault_domain::naming;
use rsvault_domain::ports::Tx;

/// Takes note of the groups of a node. `node` is its container as it was before the inquiry. Gives the
/// groups' containers as they are now.
pub(crate) async fn seen(engine: &Engine, tx: &mut dyn Tx, node: &Container, inventory: &Inventory) -> Result<Vec<Container>> {
    let Some(server) = tx.server_by_id(node.server_id).await? else { return Ok(Vec::new()) };
    let mut groups = Vec::with_capacity(inventory.groups.len());
    for found in &inventory.groups {
        groups.push(note(engine, tx, node, &server, found).await?);
    }
    // A node that cannot see its groups now is in them still.
    if inventory.groups_fault.is_none() && inventory.instances.iter().all(|instance| instance.fault.is_none()) {
        for gone in node.inventory.groups.iter().filter(|before| inventory.groups.iter().all(|now| now.group.id != before.group.id)) {
            leave(engine, tx, node, &gone.group).await?;
        }
    }
    Ok(groups)
}

async fn note(engine: &Engine, tx: &mut dyn Tx, node: &Container, server: &Server, found: &GroupInventory) -> Result<Container> {
    let name = found.group.container_name();
    let stands = tx.container(node.vault_id, &name.key()).await?;
    let known = stands.as_ref().and_then(Container::group);
    let mut group = found.group.clone();
    let host = server.host_name();
    for replica in &mut group.replicas {
        // A node tells hosts; which of them are registered the vault knows itself.
        if replica.host.eq_ignore_ascii_case(&host) {
            (replica.node, replica.vm_id) = (Some(server.id), Some(server.vm_id()));
        } else {
            let known = known.and_then(|known| known.replica_of_host(&replica.host));
            (replica.node, replica.vm_id) = (known.and_then(|known| known.node), known.and_then(|known| known.vm_id.clone()));
        }
    }
    let itself = InstanceInventory {
        name: group.name.clone(),
        version: group.replicas.first().map(|replica| replica.version.clone()).unwrap_or_default(),
        directories: Vec::new(),
        databases: found.databases.clone(),
        fault: None,
    };
    let inventory =
        Inventory { instances: vec![itself], groups: vec![GroupInventory { group, databases: Vec::new() }], groups_fault: None };
    let is_new = stands.is_none();
    let mut container = Container {
        id: stands.map_or_else(|| ContainerId(uuid::Uuid::new_v4()), |container| container.id),
        vault_id: node.vault_id,
        server_id: server.id,
        name,
        source_resource_id: server.vm_id(),
        registration: Registration::Registered,
        healthy: true,
        inventory: naming::listed(inventory),
        discover_at: None,
        updated_at: engine.clock.now(),
    };
    settle(tx, &mut container).await?;
    if is_new {
        tx.insert_container(&container).await?;
    } else {
        tx.update_container(&container).await?;
    }
    Ok(container)
}
