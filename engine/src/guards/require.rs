//! What a critical operation must show: the guard's request, and the right on it.

use crate::{Caller, Engine};
use rsvault_domain::access;
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::guard::{Critical, ResourceGuard};
use rsvault_domain::id::ItemId;
use rsvault_domain::ports::Tx;
use rsvault_domain::vault::Vault;

/// The guard that watches over `critical` in this vault, if there is one.
async fn watching(tx: &mut dyn Tx, vault: &Vault, critical: Critical) -> Result<Option<ResourceGuard>> {
    let Some(link) = &vault.settings.guard else { return Ok(None) };
    let guard = tx.guard_by_id(link.guard).await?.ok_or_else(|| Fault::internal("the guard of a vault is gone"))?;
    Ok(Some(guard).filter(|guard| guard.guards(critical)))
}

/// Refuses unless the caller holds `action` at `scope`, which it needs beside the right to what it asks for.
pub(crate) async fn holds(tx: &mut dyn Tx, caller: &Caller, action: &str, scope: &str, cure: &str) -> Result<()> {
    let assignments = tx.assignments(caller.principal.id).await?;
    if access::allowed(&assignments, action, scope) {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Forbidden,
        "LinkedAuthorizationFailed",
        format!(
            "The client '{}' with object id '{}' has permission for the operation itself; however, it does not have permission to perform action '{action}' on the linked scope '{scope}'. {cure}",
            caller.principal.client_id, caller.principal.id
        ),
    ))
}

/// Refuses a critical operation that does not name the guard's request for it, or whose caller has no right on it. A vault
/// without a guard, or whose guard leaves the operation out, refuses nothing.
pub(crate) async fn require(tx: &mut dyn Tx, caller: &Caller, vault: &Vault, critical: Critical) -> Result<()> {
    let Some(guard) = watching(tx, vault, critical).await? else { return Ok(()) };
    shown(tx, caller, vault, &guard, critical, &caller.guard_requests).await
}

/// Checks that `requests` name the guard's request for `critical`, and the caller's right on it.
pub(super) async fn shown(
    tx: &mut dyn Tx,
    caller: &Caller,
    vault: &Vault,
    guard: &ResourceGuard,
    critical: Critical,
    requests: &[String],
) -> Result<()> {
    if !requests.iter().any(|request| guard.critical_of(request) == Some(critical)) {
        return Err(Fault::new(
            FaultKind::Forbidden,
            "UserErrorResourceGuardRequestRequired",
            format!(
                "{} is protected by Resource Guard '{}' of vault '{}'. Property 'resourceGuardOperationRequests' must name '{}', and you must hold a role on the guard that allows it (Backup MUA Operator).",
                critical.words(),
                guard.arm_id(),
                vault.name,
                guard.request(critical)
            ),
        )
        .at("properties.resourceGuardOperationRequests"));
    }
    let cure = "Ask the owner of the Resource Guard for the role 'Backup MUA Operator' on it, then try again.";
    holds(tx, caller, &critical.right(), &guard.arm_id(), cure).await
}

/// Refuses a guarded deletion (of an item, or of the link itself) that was not unlocked by this caller, or whose unlock
/// has expired. The right on the guard must still be held.
pub(crate) async fn unlocked(
    engine: &Engine,
    tx: &mut dyn Tx,
    caller: &Caller,
    vault: &Vault,
    critical: Critical,
    item: Option<ItemId>,
) -> Result<()> {
    let Some(guard) = watching(tx, vault, critical).await? else { return Ok(()) };
    if !tx.unlocked(vault.id, caller.principal.id, critical, item, engine.clock.now()).await? {
        return Err(Fault::new(
            FaultKind::Forbidden,
            "UserErrorResourceGuardUnlockRequired",
            format!(
                "{} is protected by Resource Guard '{}' of vault '{}' and was not unlocked by you, or the unlock has expired. POST …/backupResourceGuardProxies/VaultProxy/unlockDelete with resourceGuardOperationRequests ['{}']{}, then delete before the time it answers.",
                critical.words(),
                guard.arm_id(),
                vault.name,
                guard.request(critical),
                if item.is_some() { " and resourceToBeDeleted, the id of the item" } else { "" }
            ),
        ));
    }
    let cure = "Ask the owner of the Resource Guard for the role 'Backup MUA Operator' on it, then try again.";
    holds(tx, caller, &critical.right(), &guard.arm_id(), cure).await
}
