//! Soft-deleted vaults (rulebook 5.2): listed by region, read, and brought back with all that is in them.
//!
//! Always holds: a deleted vault is known by `{resource group}_{id}`, so several of one name stand beside each other; it
//! comes back only where its name is free, with its items as they were: soft-deleted, until they are undeleted or purged.

use crate::guards::holds;
use crate::operations::{Start, repeated, start};
use crate::protection::{Around, ItemView};
use crate::{Caller, Engine};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{NameKey, SubscriptionId, VaultId};
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::{ItemFilter, Page, Slice, Tx};
use rsvault_domain::tenancy::RegionKey;
use rsvault_domain::vault::Vault;
use std::sync::Arc;

/// Path of a deleted vault, as the request wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedVaultPath {
    /// Subscription.
    pub subscription: SubscriptionId,
    /// Region.
    pub location: String,
    /// `{resource group}_{id}`.
    pub name: String,
}

impl DeletedVaultPath {
    /// Id of the vault, as its name ends.
    pub fn vault(&self) -> Option<VaultId> {
        self.name.rsplit_once('_').and_then(|(_, id)| id.parse().ok())
    }
}

/// The name that a deleted vault has.
pub fn deleted_name(vault: &Vault) -> String {
    format!("{}_{}", vault.resource_group, vault.id)
}

/// ARM id of a deleted vault.
pub fn deleted_id(vault: &Vault) -> String {
    let region = RegionKey::new(&vault.location);
    format!(
        "/subscriptions/{}/providers/Microsoft.RecoveryServices/locations/{}/deletedVaults/{}",
        vault.subscription,
        region.as_str(),
        deleted_name(vault)
    )
}

/// Deleted vaults of a region, the oldest deletion first.
pub async fn list_deleted(engine: &Engine, subscription: SubscriptionId, location: &str, page: &Page) -> Result<Slice<Vault>> {
    Ok(engine.store.read().await?.deleted_vaults(subscription, Some(&RegionKey::new(location)), page).await?)
}

/// Reads a deleted vault.
pub async fn get_deleted(engine: &Engine, path: &DeletedVaultPath) -> Result<Vault> {
    find_deleted(engine.store.read().await?.as_mut(), path).await
}

async fn find_deleted(tx: &mut dyn Tx, path: &DeletedVaultPath) -> Result<Vault> {
    let vault = match path.vault() {
        Some(id) => tx.vault_by_id(id).await?,
        None => None,
    };
    let named = |vault: &Vault| {
        vault.soft_deleted.is_some()
            && vault.subscription == path.subscription
            && RegionKey::new(&vault.location) == RegionKey::new(&path.location)
            && NameKey::new(&deleted_name(vault)) == NameKey::new(&path.name)
    };
    vault.filter(named).ok_or_else(|| {
        Fault::not_found(
            "ResourceNotFound",
            format!("There is no deleted vault '{}' in '{}'. It may have been undeleted or purged; list the deleted vaults of the region for the names.", path.name, path.location),
        )
        .at("deletedVaultName")
    })
}

/// Brings a deleted vault back into the resource group that `into` names.
pub async fn undelete(engine: &Engine, caller: &Caller, path: &DeletedVaultPath, into: &str) -> Result<Operation> {
    let field = "properties.recoveryResourceGroupId";
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let mut vault = find_deleted(tx.as_mut(), path).await?;
    let (subscription, group) = group_of(into, field)?;
    if subscription != vault.subscription {
        let message = format!(
            "Property 'recoveryResourceGroupId' is in subscription '{subscription}'. A vault comes back in its own, '{}'.",
            vault.subscription
        );
        return Err(Fault::invalid("BMSUserErrorInvalidInput", message).at(field));
    }
    let group = tx.group(subscription, &NameKey::new(&group)).await?.ok_or_else(|| {
        let message = format!("Resource group '{group}' could not be found. Create it, or name another one in 'recoveryResourceGroupId'.");
        Fault::not_found("ResourceGroupNotFound", message).at(field)
    })?;
    let scope = format!("/subscriptions/{subscription}/resourceGroups/{}", group.name);
    let cure = "Ask for a role that may write vaults there, or name another resource group.";
    holds(tx.as_mut(), caller, "Microsoft.RecoveryServices/vaults/write", &scope, cure).await?;
    if tx.vault(subscription, &NameKey::new(&group.name), &NameKey::new(&vault.name)).await?.is_some() {
        let message = format!(
            "Resource group '{}' has a vault '{}'. Delete that one, or name another resource group in 'recoveryResourceGroupId'.",
            group.name, vault.name
        );
        return Err(Fault::conflict("UserErrorVaultNameInUse", message).at(field));
    }
    vault.resource_group = group.name;
    vault.soft_deleted = None;
    vault.etag += 1;
    vault.updated_at = engine.clock.now();
    tx.update_vault(&vault).await?;
    let operation = start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Vault, job: None, done: true }).await?;
    tx.commit().await?;
    Ok(operation)
}

/// Subscription and name of a resource group's id.
fn group_of(id: &str, field: &str) -> Result<(SubscriptionId, String)> {
    let bad = || {
        let message = format!("Property 'recoveryResourceGroupId' is '{id}'; it must read '/subscriptions/<guid>/resourceGroups/<name>'.");
        Fault::invalid("LinkedInvalidPropertyId", message).at(field)
    };
    let segments: Vec<&str> = id.trim_end_matches('/').split('/').collect();
    match segments.as_slice() {
        ["", subscriptions, subscription, groups, group]
            if subscriptions.eq_ignore_ascii_case("subscriptions")
                && groups.eq_ignore_ascii_case("resourceGroups")
                && !group.is_empty() =>
        {
            Ok((subscription.parse().map_err(|_| bad())?, (*group).to_owned()))
        }
        _ => Err(bad()),
    }
}

/// The items of every deleted vault of a subscription that `wanted` asks for.
pub async fn deleted_items(engine: &Engine, subscription: SubscriptionId, wanted: impl Fn(&Vault) -> bool + Send) -> Result<Vec<ItemView>> {
    let mut tx = engine.store.read().await?;
    let mut items = Vec::new();
    let mut page = Page::default();
    loop {
        let slice = tx.deleted_vaults(subscription, None, &page).await?;
        for vault in slice.items.into_iter().filter(&wanted) {
            let (vault, mut page, mut around) = (Arc::new(vault), Page::default(), Around::default());
            loop {
                let slice = tx.items(vault.id, &ItemFilter::default(), &page).await?;
                for item in slice.items {
                    items.extend(around.view(tx.as_mut(), &vault, item).await?);
                }
                match slice.next {
                    Some(next) => page.after = Some(next),
                    None => break,
                }
            }
        }
        match slice.next {
            Some(next) => page.after = Some(next),
            None => return Ok(items),
        }
    }
}
