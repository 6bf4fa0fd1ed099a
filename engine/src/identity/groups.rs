//! Resource groups. Always holds: a group that holds a vault or a server is not deleted.

use crate::Engine;
use rsvault_domain::fault::{Fault, Result};
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

/// Deletes an empty group; false if there is none.
pub async fn delete_group(engine: &Engine, subscription: SubscriptionId, name: &str) -> Result<bool> {
    let key = NameKey::new(name);
    let mut tx = engine.store.begin().await?;
    let vaults = tx.vaults(subscription, Some(&key), &Page { after: None, limit: 20 }).await?.items.into_iter().map(|v| v.name);
    let servers = tx.servers(subscription).await?.into_iter().filter(|s| NameKey::new(&s.resource_group) == key).map(|s| s.name);
    let held: Vec<String> = vaults.chain(servers.take(20)).collect();
    if !held.is_empty() {
        let message = format!("The resource group '{name}' cannot be deleted: it holds {}. Delete these first.", held.join(", "));
        return Err(Fault::conflict("ResourceGroupDeletionBlocked", message));
    }
    let existed = tx.delete_group(subscription, &key).await?;
    tx.commit().await?;
    Ok(existed)
}
