//! Changing a vault's settings. PATCH of the vault and the config resources all come through here:
//! soft delete and redundancy are one fact shown in two places. Immutability is shown on the vault alone.

use super::{VaultPath, find};
use crate::alerts::{self, Cause};
use crate::{Caller, Engine, guards, regions};
use rsvault_domain::alert::AlertKind;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::guard::Critical;
use rsvault_domain::ports::{Bell, ItemFilter, Page, Tx};
use rsvault_domain::tenancy::same_region;
use rsvault_domain::vault::encryption::EncryptionChange;
use rsvault_domain::vault::identity::IdentityChange;
use rsvault_domain::vault::{Immutability, SoftDeleteState, StorageModel, Vault};
use serde_json::Value;
use std::collections::BTreeMap;

/// What to change; None leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct VaultChange {
    /// Region; fixed at creation.
    pub location: Option<String>,
    /// SKU name.
    pub sku: Option<String>,
    /// Tags, replacing all.
    pub tags: Option<BTreeMap<String, String>>,
    /// Soft delete switch.
    pub soft_delete: Option<SoftDeleteState>,
    /// Soft delete days.
    pub soft_delete_days: Option<i64>,
    /// Enhanced security switch.
    pub enhanced_security: Option<SoftDeleteState>,
    /// Whether the server and the version of the API let nobody switch soft delete off (rulebook 5.2).
    pub soft_delete_stays_on: bool,
    /// Immutability.
    pub immutability: Option<Immutability>,
    /// Redundancy.
    pub storage_model: Option<StorageModel>,
    /// Cross-region restore.
    pub cross_region_restore: Option<bool>,
    /// `Enabled` or `Disabled`.
    pub public_network_access: Option<String>,
    /// Monitoring settings; merged into what stands.
    pub monitoring: Option<Value>,
    /// Cost management settings; merged.
    pub cost_management: Option<Value>,
    /// Restore settings; merged.
    pub restore_settings: Option<Value>,
    /// Managed identities.
    pub identity: Option<IdentityChange>,
    /// Customer-managed key.
    pub encryption: Option<EncryptionChange>,
}

/// Applies the change to a loaded vault; `registered`: whether anything ever was registered to it.
pub(super) fn apply(vault: &mut Vault, change: VaultChange, registered: bool) -> Result<()> {
    if let Some(location) = change.location.filter(|l| !same_region(l, &vault.location)) {
        return Err(Fault::conflict(
            "InvalidResourceLocation",
            format!("The vault '{}' is in '{}'; its location cannot be changed to '{location}'. Leave the location as it is, or create another vault.", vault.name, vault.location),
        )
        .at("location"));
    }
    if let Some(sku) = change.sku {
        vault.sku = sku;
    }
    if let Some(tags) = change.tags {
        vault.tags = tags;
    }
    let soft_delete = vault.settings.soft_delete.change(change.soft_delete, change.soft_delete_days, change.enhanced_security)?;
    let immutability = change.immutability.map_or(Ok(vault.settings.immutability), |next| vault.settings.immutability.change(next))?;
    let switched_off = soft_delete.state == SoftDeleteState::Disabled && vault.settings.soft_delete.state != SoftDeleteState::Disabled;
    if switched_off && change.soft_delete_stays_on {
        return Err(Fault::invalid(
            "BMSUserErrorSoftDeleteCannotBeDisabled",
            "Soft delete cannot be switched off by this version of the API: vaults are secure by default. Leave the state out, or send Enabled or AlwaysON. (An api-version before 2024-09-30 may, if the server's setting soft_delete_off allows it.)",
        )
        .at("properties.softDeleteFeatureState"));
    }
    if switched_off && (vault.settings.immutability.is_on() || immutability.is_on()) {
        let cure = "Leave soft delete on: what it keeps would be purged at once.";
        let refusal = vault.immutable_as(immutability, "Switching soft delete off", cure);
        return Err(refusal.at("properties.softDeleteFeatureState"));
    }
    vault.settings.soft_delete = soft_delete;
    vault.settings.immutability = immutability;
    vault.set_storage(change.storage_model, change.cross_region_restore)?;
    if let Some(access) = change.public_network_access {
        if !["Enabled", "Disabled"].contains(&access.as_str()) {
            return Err(Fault::invalid(
                "BMSUserErrorInvalidInput",
                format!("Property 'publicNetworkAccess' is '{access}'; allowed are Enabled, Disabled."),
            )
            .at("properties.publicNetworkAccess"));
        }
        vault.settings.public_network_access = access;
    }
    for (stands, new) in [
        (&mut vault.settings.monitoring, change.monitoring),
        (&mut vault.settings.cost_management, change.cost_management),
        (&mut vault.settings.restore_settings, change.restore_settings),
    ] {
        if let Some(new) = new {
            merge(stands, new);
        }
    }
    if let Some(identity) = change.identity {
        vault.set_identity(&identity)?;
    }
    if let Some(encryption) = change.encryption {
        vault.set_encryption(encryption, registered)?;
    }
    vault.keeps_key_identity()
}

/// Notes the tenant of the vault's own identity, for its view.
pub(super) async fn name_tenant(tx: &mut dyn Tx, vault: &mut Vault) -> Result<()> {
    if let Some(identity) = vault.settings.identity.as_mut().filter(|i| i.system && i.tenant.is_none()) {
        identity.tenant = tx.subscription(vault.subscription).await?.map(|s| s.tenant.0);
    }
    Ok(())
}

/// JSON merge: objects deep, everything else replaced, null ignored.
fn merge(stands: &mut Value, new: Value) {
    match (stands, new) {
        (Value::Object(stands), Value::Object(new)) => {
            for (key, value) in new {
                merge(stands.entry(key).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (stands, new) => *stands = new,
    }
}

/// Changes a vault.
pub async fn patch(engine: &Engine, caller: &Caller, path: &VaultPath, change: VaultChange) -> Result<Vault> {
    let mut tx = engine.store.begin().await?;
    let mut vault = find(tx.as_mut(), path).await?;
    write(engine, tx.as_mut(), caller, &mut vault, change).await?;
    tx.commit().await?;
    engine.wake.ring(Bell::Tasks);
    Ok(vault)
}

/// Changes a vault that stands, as far as its Resource Guard lets the caller.
pub(super) async fn write(engine: &Engine, tx: &mut dyn Tx, caller: &Caller, vault: &mut Vault, change: VaultChange) -> Result<()> {
    let before = vault.clone();
    let registered = tx.ever_registered(vault.id).await?;
    apply(vault, change, registered)?;
    name_tenant(tx, vault).await?;
    if before.settings.soft_delete.weakens(&vault.settings.soft_delete) {
        guards::require(tx, caller, &before, Critical::DisableSoftDelete).await?;
    }
    if before.settings.immutability.is_on() && !vault.settings.immutability.is_on() {
        guards::require(tx, caller, &before, Critical::ReduceImmutability).await?;
    }
    vault.etag += 1;
    vault.updated_at = engine.clock.now();
    tx.update_vault(vault).await?;
    if vault.settings.cross_region_restore && !before.settings.cross_region_restore {
        regions::queue_survey(engine, tx, vault).await?;
    }
    let is_off = |vault: &Vault| vault.settings.soft_delete.state == SoftDeleteState::Disabled;
    if is_off(vault) && !is_off(&before) {
        switched_off(engine, tx, vault).await?;
    }
    Ok(())
}

/// Soft delete that is switched off gives up what it kept: soft-deleted items are purged at once (rulebook 5.2,
/// the newer of two documents), and an alert tells (7.1). Points that a shorter policy has soft-deleted keep their time.
async fn switched_off(engine: &Engine, tx: &mut dyn Tx, vault: &Vault) -> Result<()> {
    let now = engine.trusted_now();
    let mut page = Page::default();
    let mut purged = 0;
    loop {
        let slice = tx.items(vault.id, &ItemFilter::default(), &page).await?;
        for mut item in slice.items {
            if let Some(deleted) = item.soft_deleted.as_mut() {
                deleted.purge_at = deleted.purge_at.min(now);
                item.reap_at = None;
                tx.update_item(&item).await?;
                purged += 1;
            }
        }
        match slice.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    let cause = Cause {
        vault: vault.id,
        item: None,
        subject: vault.name.clone(),
        kind: AlertKind::SoftDeleteDisabled,
        code: None,
        text: format!(
            "Soft delete of vault '{}' was switched off: what is deleted from now on is gone at once, and {purged} soft-deleted item(s) are purged.",
            vault.name
        ),
        job: None,
    };
    alerts::raise(engine, tx, cause).await
}
