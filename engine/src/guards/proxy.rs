//! The link of a vault to its guard: one, by the name `VaultProxy`.

use super::guard::{GuardPath, find_guard};
use super::require::{holds, unlocked};
use crate::alerts::{self, Cause};
use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine};
use rsvault_domain::alert::AlertKind;
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::guard::{Critical, GuardLink, PROXY, ResourceGuard};
use rsvault_domain::id::ArmId;
use rsvault_domain::ports::{About, Tx};
use rsvault_domain::tenancy::same_region;
use rsvault_domain::vault::Vault;

/// A proxy as its resource shows it.
#[derive(Clone, Debug)]
pub struct ProxyView {
    /// Vault.
    pub vault: Vault,
    /// Link.
    pub link: GuardLink,
    /// Guard.
    pub guard: ResourceGuard,
}

async fn view(tx: &mut dyn Tx, vault: Vault) -> Result<Option<ProxyView>> {
    let Some(link) = vault.settings.guard.clone() else { return Ok(None) };
    let guard = tx.guard_by_id(link.guard).await?.ok_or_else(|| Fault::internal("the guard of a vault is gone"))?;
    Ok(Some(ProxyView { vault, link, guard }))
}

/// The proxy of a vault, if there is one.
pub async fn list_proxies(engine: &Engine, path: &VaultPath) -> Result<Option<ProxyView>> {
    let mut tx = engine.store.read().await?;
    let vault = find(tx.as_mut(), path).await?;
    view(tx.as_mut(), vault).await
}

/// The proxy `name` of a vault, or 404.
pub async fn get_proxy(engine: &Engine, path: &VaultPath, name: &str) -> Result<ProxyView> {
    list_proxies(engine, path).await?.filter(|_| name.eq_ignore_ascii_case(PROXY)).ok_or_else(|| missing(path, name))
}

pub(super) fn missing(path: &VaultPath, name: &str) -> Fault {
    Fault::not_found(
        "ResourceNotFound",
        format!("The vault '{}' has no Resource Guard proxy '{name}'. Link one by PUT …/backupResourceGuardProxies/{PROXY}.", path.name),
    )
    .at("resourceGuardProxyName")
}

/// Links a vault to a guard. Another guard than the one that stands takes its place only after that was removed.
pub async fn put_proxy(
    engine: &Engine,
    caller: &Caller,
    path: &VaultPath,
    name: &str,
    guard_id: &str,
    description: Option<String>,
) -> Result<ProxyView> {
    let field = "properties.resourceGuardResourceId";
    if !name.eq_ignore_ascii_case(PROXY) {
        let message = format!(
            "A vault has one Resource Guard proxy, by the name '{PROXY}', not '{name}'. Send the request to …/backupResourceGuardProxies/{PROXY}."
        );
        return Err(Fault::invalid("BMSUserErrorInvalidInput", message).at("resourceGuardProxyName"));
    }
    let id = ArmId::parse(guard_id, field)?;
    let named = id.name_of("resourceGuards").filter(|_| id.is("Microsoft.DataProtection", "resourceGuards")).ok_or_else(|| {
        let message = format!("Property 'resourceGuardResourceId' is no Resource Guard: '{guard_id}'. It must read '/subscriptions/<guid>/resourceGroups/<name>/providers/Microsoft.DataProtection/resourceGuards/<name>'.");
        Fault::invalid("LinkedInvalidPropertyId", message).at(field)
    })?;
    let guard_path = GuardPath { subscription: id.subscription, resource_group: id.resource_group.clone(), name: named.to_owned() };
    let mut tx = engine.store.begin().await?;
    let mut vault = find(tx.as_mut(), path).await?;
    let cure = "Ask the owner of the Resource Guard for the role 'Reader' on it, then try again.";
    holds(tx.as_mut(), caller, "Microsoft.DataProtection/resourceGuards/read", guard_id, cure).await?;
    let guard = find_guard(tx.as_mut(), &guard_path).await.map_err(|fault| match fault.kind {
        FaultKind::NotFound => Fault::invalid("LinkedInvalidPropertyId", fault.message).at(field),
        _ => fault,
    })?;
    if !same_region(&guard.location, &vault.location) {
        let message = format!(
            "Resource Guard '{}' is in '{}', vault '{}' in '{}'. A vault is linked to a guard of its own region.",
            guard.name, guard.location, vault.name, vault.location
        );
        return Err(Fault::invalid("UserErrorResourceGuardRegionMismatch", message).at(field));
    }
    if vault.settings.guard.as_ref().is_some_and(|link| link.guard != guard.id) {
        return Err(Fault::conflict(
            "UserErrorResourceGuardAlreadyLinked",
            format!("Vault '{}' is linked to another Resource Guard. Remove that one first (unlockDelete, then DELETE), so that its owners have their say.", vault.name),
        )
        .at(field));
    }
    vault.settings.guard = Some(GuardLink { guard: guard.id, description, updated_at: engine.clock.now() });
    vault.etag += 1;
    tx.update_vault(&vault).await?;
    let about = About::Subject(&vault.name);
    alerts::resolve(engine, tx.as_mut(), vault.id, about, AlertKind::MuaDisabled).await?;
    let shown = view(tx.as_mut(), vault).await?.ok_or_else(|| Fault::internal("the link just made is gone"))?;
    tx.commit().await?;
    Ok(shown)
}

/// Removes the link; false if there was none. It must have been unlocked: this is what a guard always watches over.
pub async fn delete_proxy(engine: &Engine, caller: &Caller, path: &VaultPath, name: &str) -> Result<bool> {
    let mut tx = engine.store.begin().await?;
    let mut vault = find(tx.as_mut(), path).await?;
    if vault.settings.guard.is_none() || !name.eq_ignore_ascii_case(PROXY) {
        return Ok(false);
    }
    unlocked(engine, tx.as_mut(), caller, &vault, Critical::RemoveGuard, None).await?;
    vault.settings.guard = None;
    vault.etag += 1;
    tx.update_vault(&vault).await?;
    tx.forget_unlocks(vault.id).await?;
    let cause = Cause {
        vault: vault.id,
        item: None,
        subject: vault.name.clone(),
        kind: AlertKind::MuaDisabled,
        code: None,
        text: format!(
            "Multi-user authorization of vault '{}' was switched off by '{}': nobody else is asked about critical operations any more.",
            vault.name, caller.principal.name
        ),
        job: None,
    };
    alerts::raise(engine, tx.as_mut(), cause).await?;
    tx.commit().await?;
    Ok(true)
}
