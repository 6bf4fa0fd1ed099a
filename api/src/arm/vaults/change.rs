//! From the body to the change it asks for.

use super::body::{ImmutabilityBody, VaultBody};
use super::identity::{EncryptionBody, IdentityBody};
use crate::arm::fields::{one_of, unsupported};
use rsvault_domain::fault::Result;
use rsvault_domain::vault::{Immutability, SoftDeleteState, StorageModel};
use rsvault_engine::vaults::VaultChange;
use serde_json::Value;

/// Reads a body.
pub(crate) fn change(body: VaultBody) -> Result<VaultChange> {
    let properties = body.properties.unwrap_or_default();
    let security = properties.security_settings.unwrap_or_default();
    let soft_delete = security.soft_delete_settings.unwrap_or_default();
    let redundancy = properties.redundancy_settings.unwrap_or_default();
    let state = |word: Option<String>, field: &str| word.map(|w| SoftDeleteState::parse(&w, field)).transpose();
    let sku = body.sku.and_then(|s| s.name).map(|name| one_of(&name, "sku.name", &["Standard", "RS0"]).map(str::to_owned)).transpose()?;
    let crr = redundancy
        .cross_region_restore
        .map(|word| one_of(&word, "properties.redundancySettings.crossRegionRestore", &["Enabled", "Disabled"]).map(|w| w == "Enabled"))
        .transpose()?;
    Ok(VaultChange {
        location: body.location,
        sku,
        tags: body.tags,
        soft_delete: state(soft_delete.soft_delete_state, "properties.securitySettings.softDeleteSettings.softDeleteState")?,
        soft_delete_stays_on: false,
        soft_delete_days: soft_delete.soft_delete_retention_period_in_days,
        enhanced_security: state(
            soft_delete.enhanced_security_state,
            "properties.securitySettings.softDeleteSettings.enhancedSecurityState",
        )?,
        immutability: security.immutability_settings.map(immutability).transpose()?.flatten(),
        storage_model: redundancy
            .standard_tier_storage_redundancy
            .map(|w| StorageModel::parse(&w, "properties.redundancySettings.standardTierStorageRedundancy"))
            .transpose()?,
        cross_region_restore: crr,
        public_network_access: properties.public_network_access,
        monitoring: given(properties.monitoring_settings),
        cost_management: given(properties.cost_management_settings),
        restore_settings: given(properties.restore_settings),
        identity: body.identity.map(IdentityBody::change).transpose()?,
        encryption: properties.encryption.map(EncryptionBody::change).transpose()?,
    })
}

/// Backups are held as long as their policy says; a fixed time for all is another scheme, refused by name.
fn immutability(body: ImmutabilityBody) -> Result<Option<Immutability>> {
    let kind = "properties.securitySettings.immutabilitySettings.configuration.type";
    if let Some(word) = body.configuration.and_then(|c| c.r#type)
        && one_of(&word, kind, &["AsPerPolicy", "TimeBased"])? == "TimeBased"
    {
        return Err(unsupported("Immutability for a fixed time", kind, "Send AsPerPolicy: backups are held as long as their policy says."));
    }
    body.state.map(|word| Immutability::parse(&word, "properties.securitySettings.immutabilitySettings.state")).transpose()
}

/// `null` is the same as nothing.
fn given(value: Option<Value>) -> Option<Value> {
    value.filter(|v| !v.is_null())
}
