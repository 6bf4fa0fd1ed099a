//! The guard itself: an ARM resource outside of any vault.

use crate::{Caller, Engine};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::guard::{ResourceGuard, exclusions, guard_path};
use rsvault_domain::id::{GuardId, NameKey, SubscriptionId};
use rsvault_domain::ports::Tx;
use rsvault_domain::tenancy::same_region;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Path of a guard, as the request wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardPath {
    /// Subscription.
    pub subscription: SubscriptionId,
    /// Resource group.
    pub resource_group: String,
    /// Guard.
    pub name: String,
}

/// What a PUT asks for.
#[derive(Clone, Debug, Default)]
pub struct GuardChange {
    /// Region.
    pub location: Option<String>,
    /// Tags, replacing all.
    pub tags: Option<BTreeMap<String, String>>,
    /// `vaultCriticalOperationExclusionList`, replacing all.
    pub excluded: Option<Vec<String>>,
}

/// The guard at `path`, or 404.
pub(super) async fn find_guard(tx: &mut dyn Tx, path: &GuardPath) -> Result<ResourceGuard> {
    tx.guard(path.subscription, &NameKey::new(&path.resource_group), &NameKey::new(&path.name)).await?.ok_or_else(|| {
        Fault::not_found(
            "ResourceNotFound",
            format!(
                "The Resource 'Microsoft.DataProtection/resourceGuards/{}' under resource group '{}' was not found.",
                path.name, path.resource_group
            ),
        )
    })
}

/// Reads a guard.
pub async fn get_guard(engine: &Engine, path: &GuardPath) -> Result<ResourceGuard> {
    find_guard(engine.store.read().await?.as_mut(), path).await
}

/// Makes a guard, or changes its tags and exclusions. True if it is new.
pub async fn put_guard(engine: &Engine, _caller: &Caller, path: &GuardPath, change: GuardChange) -> Result<(ResourceGuard, bool)> {
    let now = engine.clock.now();
    let mut tx = engine.store.begin().await?;
    let standing = tx.guard(path.subscription, &NameKey::new(&path.resource_group), &NameKey::new(&path.name)).await?;
    let excluded = change.excluded.as_deref().map(exclusions).transpose()?;
    let (guard, new) = match standing {
        Some(guard) => {
            if let Some(location) = change.location.filter(|l| !same_region(l, &guard.location)) {
                let message = format!(
                    "The Resource Guard '{}' is in '{}'; its location cannot be changed to '{location}'. Leave it as it is.",
                    guard.name, guard.location
                );
                return Err(Fault::conflict("InvalidResourceLocation", message).at("location"));
            }
            let tags = change.tags.unwrap_or_else(|| guard.tags.clone());
            let excluded = excluded.unwrap_or_else(|| guard.excluded.clone());
            (ResourceGuard { tags, excluded, updated_at: now, ..guard }, false)
        }
        None => {
            well_named(&path.name)?;
            let location = change.location.filter(|l| !l.trim().is_empty()).ok_or_else(|| {
                Fault::invalid(
                    "LocationRequired",
                    "The property 'location' is required to create a Resource Guard. Send the region of the vaults it is for.",
                )
                .at("location")
            })?;
            let group = tx.group(path.subscription, &NameKey::new(&path.resource_group)).await?.ok_or_else(|| {
                Fault::not_found("ResourceGroupNotFound", format!("Resource group '{}' could not be found.", path.resource_group))
            })?;
            let guard = ResourceGuard {
                id: GuardId(Uuid::new_v4()),
                subscription: path.subscription,
                resource_group: group.name,
                name: path.name.clone(),
                location,
                tags: change.tags.unwrap_or_default(),
                excluded: excluded.unwrap_or_default(),
                created_at: now,
                updated_at: now,
            };
            (guard, true)
        }
    };
    tx.put_guard(&guard).await?;
    tx.commit().await?;
    Ok((guard, new))
}

fn well_named(name: &str) -> Result<()> {
    let ok = (3..=63).contains(&name.chars().count()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if ok {
        return Ok(());
    }
    let message = format!("The Resource Guard name '{name}' breaks the rule: 3 to 63 letters, digits or -_. characters.");
    Err(Fault::invalid("InvalidResourceName", message).at("resourceGuardsName"))
}

/// Deletes a guard that no vault is linked to; false if there was none.
pub async fn delete_guard(engine: &Engine, path: &GuardPath) -> Result<bool> {
    let mut tx = engine.store.begin().await?;
    let Some(guard) = tx.guard(path.subscription, &NameKey::new(&path.resource_group), &NameKey::new(&path.name)).await? else {
        return Ok(false);
    };
    may_go(tx.as_mut(), &guard).await?;
    // What has the name next is another resource.
    tx.delete_assignments_of(&NameKey::new(&guard.arm_id())).await?;
    tx.delete_guard(guard.id).await?;
    tx.commit().await?;
    Ok(true)
}

/// Refuses to lose a guard that vaults are linked to, and names them.
pub(crate) async fn may_go(tx: &mut dyn Tx, guard: &ResourceGuard) -> Result<()> {
    let linked = tx.guarded_vaults(guard.id, 20).await?;
    if linked.is_empty() {
        return Ok(());
    }
    let names: Vec<String> =
        linked.iter().map(|v| if v.soft_deleted.is_some() { format!("{} (soft-deleted)", v.name) } else { v.name.clone() }).collect();
    Err(Fault::conflict(
        "UserErrorResourceGuardInUse",
        format!(
            "Resource Guard '{}' cannot be deleted: these vaults are linked to it: {}. Remove it from each first (DELETE …/backupResourceGuardProxies/VaultProxy after unlockDelete).",
            guard_path(guard.subscription, &guard.resource_group, &guard.name),
            names.join(", ")
        ),
    ))
}
