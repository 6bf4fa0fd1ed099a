//! Changing a vault's settings. PATCH of the vault and the config resources all come through here:
//! soft delete and redundancy are one fact shown in two places. Immutability is shown on the vault alone.

use super::{VaultPath, find};
use crate::alerts::{self, Cause};
use crate::{Caller, Engine};
use rsvault_domain::alert::AlertKind;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::ports::Tx;
use rsvault_domain::tenancy::same_region;
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
    /// Identity, replacing.
    pub identity: Option<Value>,
}

/// Applies the change to a loaded vault.
pub(super) fn apply(vault: &mut Vault, change: VaultChange) -> Result<()> {
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
    vault.settings.soft_delete =
        vault.settings.soft_delete.change(change.soft_delete, change.soft_delete_days, change.enhanced_security)?;
    if let Some(next) = change.immutability {
        vault.settings.immutability = vault.settings.immutability.change(next)?;
    }
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
        let none = identity.get("type").and_then(Value::as_str).is_some_and(|t| t.eq_ignore_ascii_case("none"));
        vault.settings.identity = (!none).then_some(identity);
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
pub async fn patch(engine: &Engine, _caller: &Caller, path: &VaultPath, change: VaultChange) -> Result<Vault> {
    let mut tx = engine.store.begin().await?;
    let mut vault = find(tx.as_mut(), path).await?;
    let before = vault.settings.soft_delete.state;
    apply(&mut vault, change)?;
    vault.etag += 1;
    vault.updated_at = engine.clock.now();
    tx.update_vault(&vault).await?;
    warn(engine, tx.as_mut(), before, &vault).await?;
    tx.commit().await?;
    Ok(vault)
}

/// Soft delete that was switched off is an alert (rulebook 7.1).
pub(super) async fn warn(engine: &Engine, tx: &mut dyn Tx, before: SoftDeleteState, vault: &Vault) -> Result<()> {
    let now = vault.settings.soft_delete.state;
    if before == now || now != SoftDeleteState::Disabled {
        return Ok(());
    }
    let cause = Cause {
        vault: vault.id,
        item: None,
        subject: vault.name.clone(),
        kind: AlertKind::SoftDeleteDisabled,
        code: None,
        text: format!("Soft delete of vault '{}' was switched off: what is deleted from now on is gone at once.", vault.name),
        job: None,
    };
    alerts::raise(engine, tx, cause).await
}
