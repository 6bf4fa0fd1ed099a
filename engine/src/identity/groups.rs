//! Resource groups. Deleting one deletes what is in it, as Azure does: vaults that nothing blocks (those with soft-deleted
//! items are soft-deleted) and Resource Guards that no vault outside of it is linked to. Always holds: it is all or nothing, and a
//! group with a server in it stays.

use crate::{Engine, guards, vaults};
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::id::{NameKey, SubscriptionId};
use rsvault_domain::ports::Page;
use rsvault_domain::tenancy::{ResourceGroup, group_name, same_region};

/// Makes or changes a group; true if it is new. Its location cannot change.
pub async fn put_group(engine: &Engine, group: &ResourceGroup) -> Result<(ResourceGroup, bool)> {
    group_name(&group.name)?;
    let mut tx = engine.store.begin().await?;
    let standing = tx.group(group.subscription, &NameKey::new(&group.name)).await?;
    if let Some(standing) = standing.filter(|g| !same_region(&g.location, &group.location)) {
        return Err(Fault::conflict(
            "InvalidResourceGroupLocation",
            format!(
                "Invalid resource group location '{}'. The Resource group already exists in location '{}'. Send that one, or choose another name.",
                group.location, standing.location
            ),
        )
        .at("location"));
    }
    let outcome = tx.put_group(group).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Deletes a group with the vaults and guards in it; false if there is none.
pub async fn delete_group(engine: &Engine, subscription: SubscriptionId, name: &str) -> Result<bool> {
    let key = NameKey::new(name);
    let mut tx = engine.store.begin().await?;
    let mut blockers = Vec::new();
    let servers = tx.servers(subscription).await?.into_iter().filter(|s| NameKey::new(&s.resource_group) == key).map(|s| s.name);
    let servers: Vec<String> = servers.take(20).collect();
    if !servers.is_empty() {
        let message = format!("It holds the servers {}; remove them first.", servers.join(", "));
        blockers.push(Fault::conflict("ResourceGroupDeletionBlocked", message).at("servers"));
    }
    let mut gone = Vec::new();
    loop {
        // Each turn takes away what the page held, unless something blocks.
        let vaults = tx.vaults(subscription, Some(&key), &Page::default()).await?.items;
        if vaults.is_empty() {
            break;
        }
        for vault in vaults {
            let (id, label) = (vault.arm_id(), vault.name.clone());
            match vaults::take_away(engine, tx.as_mut(), vault).await {
                Ok(vault) => gone.extend(vault),
                Err(fault) if fault.kind == FaultKind::Invalid => {
                    let details = fault.details().to_vec();
                    let message = format!("Vault '{label}': {}", fault.message);
                    blockers.push(Fault::conflict(fault.code, message).at(id).with_details(details));
                }
                Err(fault) => return Err(fault),
            }
        }
        if !blockers.is_empty() {
            break;
        }
    }
    if blockers.is_empty() {
        for guard in tx.guards(subscription, &key).await? {
            match guards::may_go(tx.as_mut(), &guard).await {
                Ok(()) => drop(tx.delete_guard(guard.id).await?),
                Err(fault) if fault.kind == FaultKind::Conflict => blockers.push(fault.at(guard.arm_id())),
                Err(fault) => return Err(fault),
            }
        }
    }
    if !blockers.is_empty() {
        let texts: Vec<&str> = blockers.iter().map(|blocker| blocker.message.as_str()).collect();
        let message = format!("The resource group '{name}' cannot be deleted; nothing of it was. {}", texts.join(" "));
        return Err(Fault::conflict("ResourceGroupDeletionBlocked", message).with_details(blockers));
    }
    tx.delete_assignments_of(&NameKey::new(&format!("/subscriptions/{subscription}/resourceGroups/{name}"))).await?;
    let existed = tx.delete_group(subscription, &key).await?;
    tx.commit().await?;
    vaults::forget_keys(engine, &gone).await;
    Ok(existed)
}
