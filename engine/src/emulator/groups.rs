//! Simulated availability groups.
//!
//! Always holds: the vaults that know a node of a group are told to look at it again when the group changes, as
//! the cluster tells the extension; what they believe until then is corrected by the nodes themselves.

use super::find_server;
use crate::Engine;
use rsvault_domain::discovery::Server;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::NameKey;
use rsvault_domain::ports::Simulation;
use rsvault_domain::simulation::{GroupSpec, ReplicaSpec};

/// Makes or changes the group `name`. True if it is new.
pub async fn put_group(engine: &Engine, simulation: &dyn Simulation, name: &str, spec: &GroupSpec) -> Result<(GroupSpec, bool)> {
    spec.validate(name)?;
    let stands = find(simulation, name).await?;
    let before = stands.as_ref().map(|(_, spec)| spec.replicas.clone()).unwrap_or_default();
    let mut servers = Vec::with_capacity(spec.replicas.len());
    for replica in &spec.replicas {
        servers.push(server_of(engine, spec, replica).await?);
    }
    simulation.put_group(name, &servers, spec).await?;
    let mut concerned = servers;
    for replica in before {
        concerned.extend(server_of(engine, spec, &replica).await.ok());
    }
    rediscover(engine, &concerned).await?;
    Ok((spec.clone(), stands.is_none()))
}

/// All groups by name.
pub async fn list_groups(simulation: &dyn Simulation) -> Result<Vec<(String, GroupSpec)>> {
    simulation.groups().await
}

/// The group `name`.
pub async fn find_group(simulation: &dyn Simulation, name: &str) -> Result<(String, GroupSpec)> {
    find(simulation, name).await?.ok_or_else(|| not_found(name))
}

/// Makes the replica on `server` the primary.
pub async fn fail_over(engine: &Engine, simulation: &dyn Simulation, name: &str, server: &str) -> Result<GroupSpec> {
    let (name, mut spec) = find_group(simulation, name).await?;
    let Some(to) = spec.replica(server) else {
        return Err(Fault::invalid(
            "InvalidFailover",
            format!("Server '{server}' is not a replica of availability group '{name}'. Name one of its replicas."),
        )
        .at("to"));
    };
    if !to.synchronized {
        return Err(Fault::conflict(
            "ReplicaNotSynchronized",
            format!("The replica on '{server}' does not follow the primary; a failover to it would lose data. Set 'synchronized' first."),
        )
        .at("to"));
    }
    spec.primary = Some(to.server.clone());
    spec.resolving = false;
    Ok(put_group(engine, simulation, &name, &spec).await?.0)
}

/// Takes a group apart; its databases stay on the primary's instance.
pub async fn delete_group(engine: &Engine, simulation: &dyn Simulation, name: &str) -> Result<()> {
    let (name, spec) = find_group(simulation, name).await?;
    simulation.delete_group(&name).await?;
    let mut servers = Vec::new();
    for replica in &spec.replicas {
        servers.extend(server_of(engine, &spec, replica).await.ok());
    }
    rediscover(engine, &servers).await
}

/// Refuses to delete a server that is a replica of a group.
pub(super) async fn may_go(engine: &Engine, simulation: &dyn Simulation, server: &Server) -> Result<()> {
    for (name, spec) in simulation.groups().await? {
        let Some(replica) = spec.replica(&server.name) else { continue };
        if server_of(engine, &spec, replica).await.is_ok_and(|of| of.id == server.id) {
            return Err(Fault::conflict(
                "ServerInAvailabilityGroup",
                format!(
                    "Server '{}' is a replica of availability group '{name}'. Take it out of the group, or delete the group first.",
                    server.name
                ),
            )
            .at("name"));
        }
    }
    Ok(())
}

async fn find(simulation: &dyn Simulation, name: &str) -> Result<Option<(String, GroupSpec)>> {
    let key = NameKey::new(name);
    Ok(simulation.groups().await?.into_iter().find(|(name, _)| NameKey::new(name) == key))
}

fn not_found(name: &str) -> Fault {
    Fault::not_found(
        "AvailabilityGroupNotFound",
        format!("There is no availability group '{name}'. GET /emulator/availabilityGroups lists all."),
    )
}

async fn server_of(engine: &Engine, spec: &GroupSpec, replica: &ReplicaSpec) -> Result<Server> {
    find_server(engine, &replica.server, spec.subscription).await.map_err(|fault| {
        Fault::invalid("InvalidServer", format!("The replica '{}' is no server of the emulator: {}", replica.server, fault.message))
            .at("replicas[].server")
    })
}

/// Has the vault that a server is registered to look at it at once.
async fn rediscover(engine: &Engine, servers: &[Server]) -> Result<()> {
    let now = engine.clock.now();
    let mut tx = engine.store.begin().await?;
    for server in servers {
        if let Some(mut container) = tx.container_of_server(server.id).await? {
            container.discover_at = Some(now);
            tx.update_container(&container).await?;
        }
    }
    tx.commit().await?;
    crate::reconcile::discover::discover(engine).await
}
