//! Containers of availability groups beside those of their nodes.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, container, id, server, vault};
use rsvault_domain::discovery::{Container, Registration};
use rsvault_domain::id::ContainerName;

on_both!(the_container_of_a_group_is_not_its_nodes);

async fn the_container_of_a_group_is_not_its_nodes(bed: Bed) {
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    let node = tx.put_server(&server("vm1")).await.unwrap();
    tx.mark_discovered(vault.id, &[node.id], at(1)).await.unwrap();
    let group = Container {
        id: id(),
        name: ContainerName::group(uuid::Uuid::from_u128(7), "Ag1"),
        registration: Registration::Registered,
        ..container(vault.id, &node)
    };
    tx.insert_container(&group).await.unwrap();
    assert_eq!(tx.container(vault.id, &group.name.key()).await.unwrap(), Some(group.clone()));
    assert_eq!(tx.container_by_id(group.id).await.unwrap(), Some(group.clone()));
    // The node itself is registered to no vault yet.
    assert_eq!(tx.container_of_server(node.id).await.unwrap(), None);
    assert_eq!(tx.discovered(vault.id).await.unwrap(), [node.clone()]);
    let own = container(vault.id, &node);
    tx.insert_container(&own).await.unwrap();
    assert_eq!(tx.container_of_server(node.id).await.unwrap(), Some(own));
    assert_eq!(tx.discovered(vault.id).await.unwrap(), []);
}
