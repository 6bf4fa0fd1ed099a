//! The nodes of a group: which of them is asked, what they have under way, and how one leaves.

use crate::{Engine, intents};
use rsvault_domain::availability::{Group, Role};
use rsvault_domain::backup::BackupKind;
use rsvault_domain::discovery::{Container, Registration, Server, ServerState};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{ContainerName, ServerId};
use rsvault_domain::ports::{ItemFilter, Page, Tx};
use rsvault_domain::work::AgentCommand;
use std::collections::HashSet;

/// Whose turn a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The asking node's.
    Mine,
    /// Another node's: it offers the slot too, or is down and will be missed.
    Other,
    /// Nobody's: no registered node may take it.
    Nobody,
}

/// Nodes of a group that run.
pub(super) async fn up(tx: &mut dyn Tx, group: &Group) -> Result<HashSet<ServerId>> {
    let mut up = HashSet::new();
    for node in group.nodes() {
        if tx.server_by_id(node).await?.is_some_and(|server| server.state == ServerState::Running) {
            up.insert(node);
        }
    }
    Ok(up)
}

/// Whether `node` takes a backup of `kind` that is due.
pub(crate) async fn turn(tx: &mut dyn Tx, group: &Group, kind: BackupKind, node: ServerId) -> Result<Turn> {
    let up = up(tx, group).await?;
    let up = |node| up.contains(&node);
    Ok(if group.elects(kind, node, up) {
        Turn::Mine
    } else if !group.able(kind, up).is_empty() {
        Turn::Other
    } else {
        Turn::Nobody
    })
}

/// The server that a backup of `kind` of this container goes to: the container's own; of a group the node
/// that is elected, or the one that would be if it ran. None with the code if no registered node may take it.
pub(crate) async fn holder(
    tx: &mut dyn Tx,
    container: &Container,
    kind: BackupKind,
) -> Result<std::result::Result<Option<Server>, &'static str>> {
    let Some(group) = container.group() else { return Ok(Ok(tx.server_by_id(container.server_id).await?)) };
    let up = up(tx, group).await?;
    let node = group.able(kind, |node| up.contains(&node)).into_iter().chain(group.able(kind, |_| true)).next();
    match node {
        Some(node) => Ok(Ok(tx.server_by_id(node).await?)),
        None => Ok(Err(group.nobody(kind))),
    }
}

/// Whether the server of a container runs; of a group, whether one of its nodes does.
pub(crate) async fn one_runs(tx: &mut dyn Tx, container: &Container) -> Result<bool> {
    Ok(match container.group() {
        Some(group) => !up(tx, group).await?.is_empty(),
        // A server that is gone stands in nobody's way.
        None => tx.server_by_id(container.server_id).await?.is_none_or(|server| server.state == ServerState::Running),
    })
}

/// What people are told as the place of a database: the guest's name of its server, or its group.
pub(crate) fn host_of(container: &Container, server: &Server) -> String {
    match container.group() {
        Some(group) => group.name.clone(),
        None => server.host_name(),
    }
}

/// Commands that have not ended on the server of a container, or on all nodes of a group.
pub(crate) async fn open_commands(tx: &mut dyn Tx, container: &Container) -> Result<Vec<AgentCommand>> {
    let mut servers = vec![container.server_id];
    servers.extend(container.group().into_iter().flat_map(Group::nodes).filter(|node| *node != container.server_id));
    let mut open = Vec::new();
    for server in servers {
        open.extend(tx.open_commands(server).await?);
    }
    Ok(open)
}

/// Sets the node that is asked first: the primary, if it is registered.
pub(super) async fn settle(tx: &mut dyn Tx, container: &mut Container) -> Result<()> {
    let first = container.group().and_then(|group| {
        let registered = || group.replicas.iter().filter(|replica| replica.node.is_some());
        registered().find(|replica| replica.role == Role::Primary).or_else(|| registered().next())?.node
    });
    let Some(server) = (match first {
        Some(node) => tx.server_by_id(node).await?,
        None => None,
    }) else {
        return Ok(());
    };
    container.server_id = server.id;
    container.source_resource_id = server.vm_id();
    Ok(())
}

/// A node is not in a group any more, or is given up. With the last node the group's container goes; what
/// is kept of its databases holds it.
pub(crate) async fn leave(engine: &Engine, tx: &mut dyn Tx, node: &Container, group: &Group) -> Result<()> {
    let Some(mut container) = tx.container(node.vault_id, &group.container_name().key()).await? else { return Ok(()) };
    for seen in &mut container.inventory.groups {
        seen.group
            .replicas
            .iter_mut()
            .filter(|replica| replica.node == Some(node.server_id))
            .for_each(|replica| (replica.node, replica.vm_id) = (None, None));
    }
    container.updated_at = engine.clock.now();
    if container.group().is_some_and(|group| group.nodes().next().is_some()) {
        settle(tx, &mut container).await?;
        return Ok(tx.update_container(&container).await?);
    }
    let filter = ItemFilter { container_id: Some(container.id), policy_id: None };
    let items = tx.items(container.vault_id, &filter, &Page { after: None, limit: 1 }).await?.items;
    if items.is_empty() {
        intents::end_all(engine, tx, container.id).await?;
        tx.delete_container(container.id).await?;
        return Ok(());
    }
    container.healthy = false;
    if holds_active(tx, &container).await?.is_none() {
        container.registration = Registration::SoftDeleted;
    }
    Ok(tx.update_container(&container).await?)
}

/// Refuses to give a node up while its groups hold databases that are protected or kept (rulebook 3.7).
pub(crate) async fn may_leave(tx: &mut dyn Tx, node: &Container) -> Result<()> {
    for seen in &node.inventory.groups {
        let Some(container) = tx.container(node.vault_id, &seen.group.container_name().key()).await? else { continue };
        if let Some(item) = holds_active(tx, &container).await? {
            return Err(Fault::invalid(
                "BMSUserErrorContainerHasDatasources",
                format!(
                    "Container '{}' cannot be unregistered: its server is a node of availability group '{}', of which databases are protected or kept ({item}). Stop their protection with deletion of the data first, or take the server out of the group and rediscover it.",
                    node.name, seen.group.name
                ),
            )
            .at("containerName"));
        }
    }
    Ok(())
}

/// Refuses what is done to servers only for the container of a group.
pub(crate) fn of_a_server(name: &ContainerName) -> Result<()> {
    if !name.is_group() {
        return Ok(());
    }
    Err(Fault::invalid(
        "BMSUserErrorInvalidInput",
        format!(
            "'{name}' is the container of availability group '{}': it comes and goes with the registration of the group's nodes. Register or unregister their servers.",
            name.server
        ),
    )
    .at("containerName"))
}

/// The name of a database of a container that is protected or kept, if there is one.
async fn holds_active(tx: &mut dyn Tx, container: &Container) -> Result<Option<String>> {
    let filter = ItemFilter { container_id: Some(container.id), policy_id: None };
    let mut page = Page::default();
    loop {
        let slice = tx.items(container.vault_id, &filter, &page).await?;
        if let Some(item) = slice.items.iter().find(|item| item.soft_deleted.is_none()) {
            return Ok(Some(item.name.to_string()));
        }
        match slice.next {
            Some(next) => page.after = Some(next),
            None => return Ok(None),
        }
    }
}
