//! The wire form of a vault (wire-facts 8): bodies of PUT and PATCH, and the view that all answers show.

use super::identity::{EncryptionBody, EncryptionView, IdentityBody, IdentityView};
use crate::arm::moment;
use crate::arm::private_endpoints::EndpointOfVaultView;
use rsvault_domain::vault::endpoint::SubResource;
use rsvault_domain::vault::{SoftDeleteState, Vault, VaultSettings};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Body of PUT and PATCH; each says in its own place what it demands.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct VaultBody {
    /// Region; demanded by PUT.
    pub(crate) location: Option<String>,
    /// Tags.
    pub(crate) tags: Option<BTreeMap<String, String>>,
    /// Price tier.
    pub(crate) sku: Option<SkuBody>,
    /// Managed identities.
    pub(crate) identity: Option<IdentityBody>,
    /// Settings.
    pub(crate) properties: Option<VaultPropertiesBody>,
}

impl VaultBody {
    /// Takes the Resource Guard's requests out of it.
    pub(crate) fn guard_requests(&mut self) -> Option<Vec<String>> {
        self.properties.as_mut()?.resource_guard_operation_requests.take()
    }
}

/// Price tier.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SkuBody {
    /// `Standard` or `RS0`.
    pub(crate) name: Option<String>,
}

/// Settings as a client sends them; what is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VaultPropertiesBody {
    /// Soft delete and what is near it.
    pub(crate) security_settings: Option<SecuritySettingsBody>,
    /// Redundancy.
    pub(crate) redundancy_settings: Option<RedundancyBody>,
    /// `Enabled` or `Disabled`.
    pub(crate) public_network_access: Option<String>,
    /// Monitoring switches, as given.
    #[schema(value_type = Option<Object>)]
    pub(crate) monitoring_settings: Option<Value>,
    /// Cost management, as given.
    #[schema(value_type = Option<Object>)]
    pub(crate) cost_management_settings: Option<Value>,
    /// Cross-subscription restore, as given.
    #[schema(value_type = Option<Object>)]
    pub(crate) restore_settings: Option<Value>,
    /// The Resource Guard's requests for critical changes.
    pub(crate) resource_guard_operation_requests: Option<Vec<String>>,
    /// Customer-managed key.
    pub(crate) encryption: Option<EncryptionBody>,
}

/// Security settings.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecuritySettingsBody {
    /// Soft delete.
    pub(crate) soft_delete_settings: Option<SoftDeleteBody>,
    /// Immutability.
    pub(crate) immutability_settings: Option<ImmutabilityBody>,
}

/// Immutability.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImmutabilityBody {
    /// `Disabled`, `Unlocked` or `Locked`; Locked cannot be left.
    pub(crate) state: Option<String>,
    /// How long backups are held.
    pub(crate) configuration: Option<ImmutabilityConfigurationBody>,
}

/// How long an immutable vault holds backups.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ImmutabilityConfigurationBody {
    /// `AsPerPolicy`.
    pub(crate) r#type: Option<String>,
}

/// Soft delete.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SoftDeleteBody {
    /// `Disabled`, `Enabled` or `AlwaysON`.
    pub(crate) soft_delete_state: Option<String>,
    /// 14 to 180.
    pub(crate) soft_delete_retention_period_in_days: Option<i64>,
    /// `Disabled`, `Enabled` or `AlwaysON`.
    pub(crate) enhanced_security_state: Option<String>,
}

/// Redundancy.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RedundancyBody {
    /// `GeoRedundant`, `LocallyRedundant` or `ZoneRedundant`.
    pub(crate) standard_tier_storage_redundancy: Option<String>,
    /// `Enabled` or `Disabled`.
    pub(crate) cross_region_restore: Option<String>,
}

/// A vault.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VaultView {
    /// ARM id.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/vaults`.
    pub(crate) r#type: &'static str,
    /// Region.
    pub(crate) location: String,
    /// Version of the resource.
    pub(crate) etag: String,
    /// Tags.
    pub(crate) tags: BTreeMap<String, String>,
    /// Price tier.
    pub(crate) sku: SkuBody,
    /// Managed identities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<IdentityView>,
    /// Settings and state.
    pub(crate) properties: VaultPropertiesView,
}

/// Settings and state of a vault.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VaultPropertiesView {
    /// `Succeeded`.
    pub(crate) provisioning_state: &'static str,
    /// `Enabled` while a private endpoint is or may become connected.
    pub(crate) private_endpoint_state_for_backup: &'static str,
    /// Private endpoint connections, if there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) private_endpoint_connections: Vec<EndpointOfVaultView>,
    /// Customer-managed key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encryption: Option<EncryptionView>,
    /// The same for site recovery.
    pub(crate) private_endpoint_state_for_site_recovery: &'static str,
    /// Monitoring switches.
    #[schema(value_type = Object)]
    pub(crate) monitoring_settings: Value,
    /// `Unassigned` until something is protected, then `V2`.
    pub(crate) backup_storage_version: &'static str,
    /// Soft delete and what is near it.
    #[schema(value_type = Object)]
    pub(crate) security_settings: Value,
    /// Redundancy.
    #[schema(value_type = Object)]
    pub(crate) redundancy_settings: Value,
    /// How well the vault is secured.
    pub(crate) secure_score: &'static str,
    /// The same in other words.
    pub(crate) bcdr_security_level: &'static str,
    /// `Enabled` or `Disabled`.
    pub(crate) public_network_access: String,
    /// Cross-subscription restore.
    #[schema(value_type = Object)]
    pub(crate) restore_settings: Value,
    /// Cost management.
    #[schema(value_type = Object)]
    pub(crate) cost_management_settings: Value,
    /// `Disabled`.
    #[schema(value_type = Object)]
    pub(crate) region_of_choice_settings: Value,
}

impl From<&Vault> for VaultView {
    fn from(vault: &Vault) -> Self {
        let settings = &vault.settings;
        let (secure_score, bcdr_security_level) = match settings.soft_delete.state {
            SoftDeleteState::Disabled => ("None", "Poor"),
            SoftDeleteState::Enabled => ("Minimum", "Fair"),
            SoftDeleteState::AlwaysOn => ("Adequate", "Good"),
        };
        Self {
            id: vault.arm_id(),
            name: vault.name.clone(),
            r#type: "Microsoft.RecoveryServices/vaults",
            location: vault.location.clone(),
            etag: format!("W/\"datetime'{}'\"", moment::full(vault.updated_at).replace(':', "%3A")),
            tags: vault.tags.clone(),
            sku: SkuBody { name: Some(vault.sku.clone()) },
            identity: settings.identity.as_ref().map(|identity| IdentityView::new(vault, identity)),
            properties: VaultPropertiesView {
                provisioning_state: "Succeeded",
                private_endpoint_state_for_backup: linked(vault, SubResource::AzureBackup),
                private_endpoint_connections: settings.private_endpoints.iter().map(|e| EndpointOfVaultView::new(vault, e)).collect(),
                encryption: settings.encryption.as_ref().map(EncryptionView::from),
                private_endpoint_state_for_site_recovery: linked(vault, SubResource::AzureSiteRecovery),
                monitoring_settings: settings.monitoring.clone(),
                backup_storage_version: if vault.used { "V2" } else { "Unassigned" },
                security_settings: security(settings),
                redundancy_settings: json!({
                    "standardTierStorageRedundancy": settings.storage_model.wire(),
                    "crossRegionRestore": if settings.cross_region_restore { "Enabled" } else { "Disabled" },
                }),
                secure_score,
                bcdr_security_level,
                public_network_access: settings.public_network_access.clone(),
                restore_settings: settings.restore_settings.clone(),
                cost_management_settings: settings.cost_management.clone(),
                region_of_choice_settings: json!({"status": "Disabled"}),
            },
        }
    }
}

fn linked(vault: &Vault, group: SubResource) -> &'static str {
    if vault.is_linked(group) { "Enabled" } else { "None" }
}

/// Security settings. The service leaves `immutabilitySettings` out while it is off (wire-facts 8).
fn security(settings: &VaultSettings) -> Value {
    let mut security = json!({
        "softDeleteSettings": {
            "softDeleteState": settings.soft_delete.state.wire(),
            "softDeleteRetentionPeriodInDays": settings.soft_delete.retention_days,
            "enhancedSecurityState": settings.soft_delete.enhanced.wire(),
        },
        "multiUserAuthorization": if settings.guard.is_some() { "Enabled" } else { "Disabled" },
        "sourceScanConfiguration": {"state": "Disabled"},
    });
    if settings.immutability.is_on() {
        security["immutabilitySettings"] = json!({"state": settings.immutability.wire(), "configuration": {"type": "AsPerPolicy"}});
    }
    security
}

/// A list of vaults.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VaultList {
    /// Vaults by name.
    pub(crate) value: Vec<VaultView>,
    /// Where the next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_link: Option<String>,
}
