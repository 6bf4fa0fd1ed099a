//! Simulated servers. Always holds: the row stands before the simulation starts the server's
//! agent, and is gone before its files are; so a crash in between is mended by the same call again.

use crate::Engine;
use rsvault_domain::discovery::Server;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{NameKey, ServerId, SubscriptionId};
use rsvault_domain::ports::{Simulation, Tx};
use rsvault_domain::simulation::ServerSpec;
use rsvault_domain::tenancy::ResourceGroup;
use std::collections::BTreeMap;

/// Makes or changes the server `name`; its resource group comes by itself. True if it is new.
pub async fn put_server(engine: &Engine, simulation: &dyn Simulation, name: &str, spec: &ServerSpec) -> Result<(Server, bool)> {
    spec.validate(name)?;
    rsvault_domain::tenancy::group_name(&spec.resource_group)?;
    let mut tx = engine.store.begin().await?;
    let subscription = match spec.subscription {
        Some(id) => tx.subscription(id).await?,
        None => tx.subscriptions().await?.into_iter().next(),
    };
    let subscription = subscription
        .ok_or_else(|| {
            Fault::invalid(
                "SubscriptionNotFound",
                "The subscription does not exist. Leave 'subscription' out for the default one, or name one of the seed.",
            )
            .at("subscription")
        })?
        .id;
    let key = NameKey::new(name);
    let same = tx.servers(subscription).await?.into_iter().find(|s| NameKey::new(&s.name) == key);
    if let Some(other) = same.as_ref().filter(|s| NameKey::new(&s.resource_group) != NameKey::new(&spec.resource_group)) {
        let message =
            format!("A server '{name}' exists in the resource group '{}'. Delete it first, or choose another name.", other.resource_group);
        return Err(Fault::conflict("ServerExists", message).at("resourceGroup"));
    }
    let group = match tx.group(subscription, &NameKey::new(&spec.resource_group)).await? {
        Some(group) => group,
        None => {
            let group =
                ResourceGroup { subscription, name: spec.resource_group.clone(), location: spec.location.clone(), tags: BTreeMap::new() };
            tx.put_group(&group).await?.0
        }
    };
    let created = same.is_none();
    let server = Server {
        id: same.as_ref().map_or_else(|| ServerId(uuid::Uuid::new_v4()), |s| s.id),
        subscription,
        resource_group: group.name,
        name: same.as_ref().map_or_else(|| name.to_owned(), |s| s.name.clone()),
        location: spec.location.clone(),
        state: spec.state,
        created_at: same.as_ref().map_or_else(|| engine.clock.now(), |s| s.created_at),
    };
    let server = tx.put_server(&server).await?;
    tx.commit().await?;
    simulation.put(&server, spec).await?;
    Ok((server, created))
}

/// The server `name`, in `subscription` or wherever it is the only one of this name.
pub async fn find_server(engine: &Engine, name: &str, subscription: Option<SubscriptionId>) -> Result<Server> {
    let mut tx = engine.store.read().await?;
    let key = NameKey::new(name);
    let mut found: Vec<Server> = servers(tx.as_mut(), subscription).await?.into_iter().filter(|s| NameKey::new(&s.name) == key).collect();
    match (found.pop(), found.is_empty()) {
        (Some(server), true) => Ok(server),
        (Some(_), false) => {
            Err(Fault::conflict("ServerAmbiguous", format!("More than one subscription has a server '{name}'. Add ?subscription=<id>."))
                .at("subscription"))
        }
        (None, _) => Err(Fault::not_found("ServerNotFound", format!("There is no server '{name}'. GET /emulator/servers lists all."))),
    }
}

/// All servers with what they hold now; None for a server that is not simulated.
pub async fn list_servers(engine: &Engine, simulation: &dyn Simulation) -> Result<Vec<(Server, Option<ServerSpec>)>> {
    let mut tx = engine.store.read().await?;
    let all = servers(tx.as_mut(), None).await?;
    drop(tx);
    let mut list = Vec::with_capacity(all.len());
    for server in all {
        let spec = simulation.get(server.id).await?;
        list.push((server, spec));
    }
    Ok(list)
}

/// Deletes a server, its agents and its files. What was backed up stays.
pub async fn delete_server(engine: &Engine, simulation: &dyn Simulation, server: ServerId) -> Result<()> {
    let stands = engine.store.read().await?.server_by_id(server).await?;
    if let Some(stands) = stands {
        super::groups::may_go(engine, simulation, &stands).await?;
    }
    let mut tx = engine.store.begin().await?;
    tx.delete_server(server).await?;
    tx.commit().await?;
    simulation.delete(server).await
}

pub(super) async fn servers(tx: &mut dyn Tx, subscription: Option<SubscriptionId>) -> Result<Vec<Server>> {
    let mut all = Vec::new();
    for one in tx.subscriptions().await? {
        if subscription.is_none_or(|id| id == one.id) {
            all.extend(tx.servers(one.id).await?);
        }
    }
    Ok(all)
}
