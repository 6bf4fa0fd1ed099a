//! `unlockDelete`: what comes before a guarded deletion. It opens a window in which the same caller may carry it out.

use super::proxy::missing;
use super::require::shown;
use crate::protection::{ItemPath, find_item};
use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine};
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::guard::{Critical, PROXY, UNLOCK_MINUTES, Unlock};
use rsvault_domain::id::{ArmId, ContainerName, ItemId, ItemName, NameKey};
use rsvault_domain::ports::Tx;
use rsvault_domain::vault::Vault;

/// Unlocks the deletions that `requests` (those of the caller) stand for; until when.
pub async fn unlock(engine: &Engine, caller: &Caller, path: &VaultPath, name: &str, resource: Option<&str>) -> Result<Timestamp> {
    let now = engine.clock.now();
    let expires_at = now.saturating_add(SignedDuration::from_mins(UNLOCK_MINUTES)).unwrap_or(Timestamp::MAX);
    let mut tx = engine.store.begin().await?;
    let vault = find(tx.as_mut(), path).await?;
    let Some(link) = vault.settings.guard.clone().filter(|_| name.eq_ignore_ascii_case(PROXY)) else { return Err(missing(path, name)) };
    let guard = tx.guard_by_id(link.guard).await?.ok_or_else(|| Fault::internal("the guard of a vault is gone"))?;
    let field = "resourceGuardOperationRequests";
    if caller.guard_requests.is_empty() {
        let message = format!(
            "Property '{field}' is empty. Name the request of the deletion to unlock: '{}' or '{}'.",
            guard.request(Critical::DeleteProtection),
            guard.request(Critical::RemoveGuard)
        );
        return Err(Fault::invalid("BMSUserErrorInvalidInput", message).at(field));
    }
    for request in &caller.guard_requests {
        let critical = guard.critical_of(request).filter(|c| matches!(c, Critical::DeleteProtection | Critical::RemoveGuard));
        let Some(critical) = critical else {
            let message = format!(
                "Property '{field}' names '{request}', which is no deletion that '{}' watches over. Take defaultResourceRequest from the proxy's resourceGuardOperationDetails.",
                guard.arm_id()
            );
            return Err(Fault::invalid("BMSUserErrorInvalidInput", message).at(field));
        };
        let item = match critical {
            Critical::DeleteProtection => Some(item_of(tx.as_mut(), path, &vault, resource).await?),
            _ => None,
        };
        shown(tx.as_mut(), caller, &vault, &guard, critical, &caller.guard_requests).await?;
        tx.put_unlock(&Unlock { vault: vault.id, principal: caller.principal.id, critical, item, expires_at }, now).await?;
    }
    tx.commit().await?;
    Ok(expires_at)
}

/// The item that `resourceToBeDeleted` names; it must be of this vault.
async fn item_of(tx: &mut dyn Tx, path: &VaultPath, vault: &Vault, resource: Option<&str>) -> Result<ItemId> {
    let field = "resourceToBeDeleted";
    let bad = |what: String| Fault::invalid("BMSUserErrorInvalidInput", what).at(field);
    let text = resource
        .filter(|text| !text.is_empty())
        .ok_or_else(|| bad(format!("Property '{field}' is missing. To unlock the deletion of an item, send the item's id.")))?;
    let id = ArmId::parse(text, field)?;
    let here = id.subscription == vault.subscription
        && NameKey::new(&id.resource_group) == NameKey::new(&vault.resource_group)
        && id.name_of("vaults").is_some_and(|name| NameKey::new(name) == NameKey::new(&vault.name));
    let (Some(container), Some(item), true) = (id.name_of("protectionContainers"), id.name_of("protectedItems"), here) else {
        return Err(bad(format!("Property '{field}' is no protected item of vault '{}': '{text}'.", vault.name)));
    };
    let path = ItemPath { vault: path.clone(), container: ContainerName::parse(container)?, item: ItemName::parse(item)? };
    Ok(find_item(tx, &path).await?.2.id)
}
