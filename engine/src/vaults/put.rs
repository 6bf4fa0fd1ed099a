//! Creating a vault, or writing over one that stands.

use super::change::{apply, name_tenant, write};
use super::{VaultChange, VaultPath};
use crate::{Caller, Engine};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{NameKey, PolicyId, VaultId, vault_name};
use rsvault_domain::limits;
use rsvault_domain::policy::{self, Policy};
use rsvault_domain::ports::Bell;
use rsvault_domain::vault::{Immutability, SoftDelete, SoftDeleteState, StorageModel, Vault, VaultSettings};
use serde_json::json;
use uuid::Uuid;

/// Creates the vault with its three default policies, or changes it. True if it is new.
pub async fn put(engine: &Engine, caller: &Caller, path: &VaultPath, mut change: VaultChange) -> Result<(Vault, bool)> {
    if let Some(identity) = change.identity.as_mut() {
        identity.replace = true;
    }
    vault_name(&path.name)?;
    let now = engine.clock.now();
    let mut tx = engine.store.begin().await?;
    let group_key = NameKey::new(&path.resource_group);
    let Some(group) = tx.group(path.subscription, &group_key).await? else {
        return Err(Fault::not_found(
            "ResourceGroupNotFound",
            format!("Resource group '{}' could not be found. Create it first.", path.resource_group),
        ));
    };
    if let Some(mut vault) = tx.vault(path.subscription, &group_key, &NameKey::new(&path.name)).await? {
        write(engine, tx.as_mut(), caller, &mut vault, change).await?;
        tx.commit().await?;
        engine.wake.ring(Bell::Tasks);
        return Ok((vault, false));
    }
    let location = change.location.clone().filter(|l| !l.trim().is_empty()).ok_or_else(|| {
        Fault::invalid(
            "LocationRequired",
            "The property 'location' is required to create a vault. Send the region, for instance 'westeurope'.",
        )
        .at("location")
    })?;
    if tx.vaults_in(path.subscription, &location).await? >= limits::VAULTS_PER_REGION {
        let limit = limits::VAULTS_PER_REGION;
        let message =
            format!("The subscription has {limit} vaults in '{location}', which is the most. Delete one, or choose another region.");
        return Err(Fault::invalid("VaultQuotaExceeded", message).at("location"));
    }
    let mut vault = Vault {
        id: VaultId(Uuid::new_v4()),
        subscription: path.subscription,
        resource_group: group.name,
        name: path.name.clone(),
        location,
        sku: "Standard".into(),
        tags: std::collections::BTreeMap::new(),
        settings: default_settings(),
        used: false,
        etag: 1,
        created_at: now,
        updated_at: now,
        soft_deleted: None,
    };
    apply(&mut vault, change, false)?;
    name_tenant(tx.as_mut(), &mut vault).await?;
    tx.insert_vault(&vault).await?;
    for (name, spec) in policy::defaults(now) {
        let policy = Policy {
            id: PolicyId(Uuid::new_v4()),
            vault_id: vault.id,
            name: name.to_owned(),
            spec,
            system: true,
            created_at: now,
            updated_at: now,
            etag: 1,
        };
        tx.put_policy(&policy).await?;
    }
    tx.commit().await?;
    Ok((vault, true))
}

/// What a new vault has (wire-facts 8).
fn default_settings() -> VaultSettings {
    VaultSettings {
        immutability: Immutability::default(),
        guard: None,
        soft_delete: SoftDelete { state: SoftDeleteState::Enabled, retention_days: 14, enhanced: SoftDeleteState::Enabled },
        storage_model: StorageModel::GeoRedundant,
        cross_region_restore: false,
        public_network_access: "Enabled".into(),
        monitoring: json!({
            "azureMonitorAlertSettings": {"alertsForAllJobFailures": "Enabled", "alertsForAllReplicationIssues": "Enabled", "alertsForAllFailoverIssues": "Enabled"},
            "classicAlertSettings": {"alertsForCriticalOperations": "Enabled", "emailNotificationsForSiteRecovery": "Enabled"}
        }),
        cost_management: json!({"granularityLevel": "VaultLevel"}),
        restore_settings: json!({"crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": "Enabled"}}),
        identity: None,
        encryption: None,
        private_endpoints: Vec::new(),
    }
}
