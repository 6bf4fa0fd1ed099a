//! Applies a seed. Records are put in one transaction; a server is made, or changed, only when its
//! seed is another than at the last start, so that what was changed at run time stays.

use super::Seed;
use crate::simulation::Fleet;
use rsvault_domain::access::{Principal, RoleAssignment, role};
use rsvault_domain::discovery::Server;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{NameKey, PrincipalId, ServerId};
use rsvault_domain::ports::{Simulation, StoreError};
use rsvault_domain::simulation::ServerSpec;
use rsvault_domain::tenancy::{ResourceGroup, Subscription};
use rsvault_engine::{Engine, secret};
use std::path::Path;
use uuid::Uuid;

/// Namespace of principal ids: the same client id is the same principal at every start.
const PRINCIPALS: Uuid = Uuid::from_u128(0x7273_7661_756c_7400_8000_7072_696e_6369);

/// Puts tenants, subscriptions, groups and principals.
pub(crate) async fn apply_records(seed: &Seed, engine: &Engine) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    for subscription in &seed.subscriptions {
        tx.put_subscription(&Subscription { id: subscription.id, tenant: subscription.tenant, name: subscription.name.clone() }).await?;
        for group in &subscription.resource_groups {
            let known = tx.group(subscription.id, &NameKey::new(&group.name)).await?;
            if known.is_none() {
                let group = ResourceGroup {
                    subscription: subscription.id,
                    name: group.name.clone(),
                    location: group.location.clone(),
                    tags: group.tags.clone(),
                };
                tx.put_group(&group).await?;
            }
        }
    }
    for principal in &seed.principals {
        let tenant = principal.tenant.unwrap_or(seed.subscriptions[0].tenant);
        let id = PrincipalId(Uuid::new_v5(&PRINCIPALS, format!("{tenant}/{}", principal.id).as_bytes()));
        let record = Principal { id, client_id: principal.id.clone(), tenant, name: principal.id.clone() };
        tx.put_principal(&record, secret::hash(&principal.secret)).await?;
        let role = role(&principal.role).map_or_else(|| principal.role.clone(), |role| role.name.to_owned());
        match tx.insert_assignment(&RoleAssignment::seeded(id, &role, &principal.scope, engine.clock.now())).await {
            Ok(()) | Err(StoreError::Exists(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Makes the servers whose seed is new or changed.
pub(crate) async fn apply_servers(seed: &Seed, fleet: &Fleet, engine: &Engine) -> Result<()> {
    for (name, spec) in &seed.servers {
        let subscription = spec.subscription.unwrap_or(seed.subscriptions[0].id);
        let known = engine.store.read().await?.server(subscription, &NameKey::new(&spec.resource_group), &NameKey::new(name)).await?;
        if let Some(known) = &known
            && fleet.get(known.id).await?.is_some()
            && applied(&fleet.folder(known.id)).is_some_and(|before| before == *spec)
        {
            continue;
        }
        let now = engine.clock.now();
        let mut tx = engine.store.begin().await?;
        let server = tx
            .put_server(&Server {
                id: known.as_ref().map_or_else(|| ServerId(Uuid::new_v4()), |known| known.id),
                subscription,
                resource_group: spec.resource_group.clone(),
                name: name.clone(),
                location: spec.location.clone(),
                state: spec.state,
                created_at: known.map_or(now, |known| known.created_at),
            })
            .await?;
        tx.commit().await?;
        fleet.put(&server, spec).await.map_err(|fault| match fault.internal_detail().map(str::to_owned) {
            Some(detail) => fault.because(format!("server '{name}': {detail}")),
            None => fault,
        })?;
        crate::simulation::save_json(&fleet.folder(server.id).join(APPLIED), spec)?;
    }
    Ok(())
}

/// Makes the availability groups that are not there yet: what was changed at run time stays.
pub(crate) async fn apply_groups(seed: &Seed, fleet: &Fleet, engine: &Engine) -> Result<()> {
    let stand: Vec<NameKey> = fleet.groups().await?.iter().map(|(name, _)| NameKey::new(name)).collect();
    for (name, spec) in seed.availability_groups.iter().filter(|(name, _)| !stand.contains(&NameKey::new(name))) {
        rsvault_engine::emulator::put_group(engine, fleet, name, spec).await?;
    }
    Ok(())
}

const APPLIED: &str = "seed.json";

/// The seed that a server was last made with.
fn applied(folder: &Path) -> Option<ServerSpec> {
    let text = std::fs::read(folder.join(APPLIED)).ok()?;
    serde_json::from_slice(&text).map_err(Fault::internal).ok()
}
