//! The wire form of the storage config, and the change a body asks for.

use rsvault_domain::fault::Result;
use rsvault_domain::vault::{StorageModel, Vault};
use rsvault_engine::vaults::VaultChange;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of PUT and PATCH.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct StorageConfigBody {
    /// Settings; what is left out stays.
    pub(crate) properties: Option<StorageConfigPropertiesBody>,
}

/// Settings as a client sends them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageConfigPropertiesBody {
    /// `GeoRedundant`, `LocallyRedundant` or `ZoneRedundant`.
    pub(crate) storage_model_type: Option<String>,
    /// The same under its older name.
    pub(crate) storage_type: Option<String>,
    /// Cross-region restore; needs GeoRedundant.
    pub(crate) cross_region_restore_flag: Option<bool>,
}

/// The storage config.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StorageConfigView {
    /// ARM id.
    pub(crate) id: String,
    /// `vaultstorageconfig`.
    pub(crate) name: &'static str,
    /// `Microsoft.RecoveryServices/vaults/backupstorageconfig`.
    pub(crate) r#type: &'static str,
    /// Settings.
    pub(crate) properties: StorageConfigPropertiesView,
}

/// Settings.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageConfigPropertiesView {
    /// Redundancy.
    pub(crate) storage_model_type: &'static str,
    /// The same under its older name.
    pub(crate) storage_type: &'static str,
    /// `Locked` once the vault has protected something.
    pub(crate) storage_type_state: &'static str,
    /// Cross-region restore.
    pub(crate) cross_region_restore_flag: bool,
    /// `Disabled`.
    pub(crate) dedup_state: &'static str,
    /// `Disabled`.
    pub(crate) xcool_state: &'static str,
}

impl StorageConfigBody {
    /// The change the body asks for.
    pub(crate) fn change(self) -> Result<VaultChange> {
        let properties = self.properties.unwrap_or_default();
        let (word, field) = match properties.storage_model_type {
            Some(word) => (Some(word), "properties.storageModelType"),
            None => (properties.storage_type, "properties.storageType"),
        };
        Ok(VaultChange {
            storage_model: word.map(|w| StorageModel::parse(&w, field)).transpose()?,
            cross_region_restore: properties.cross_region_restore_flag,
            ..VaultChange::default()
        })
    }
}

impl From<&Vault> for StorageConfigView {
    fn from(vault: &Vault) -> Self {
        let model = vault.settings.storage_model.wire();
        Self {
            id: format!("{}/backupstorageconfig/vaultstorageconfig", vault.arm_id()),
            name: "vaultstorageconfig",
            r#type: "Microsoft.RecoveryServices/vaults/backupstorageconfig",
            properties: StorageConfigPropertiesView {
                storage_model_type: model,
                storage_type: model,
                storage_type_state: if vault.used { "Locked" } else { "Unlocked" },
                cross_region_restore_flag: vault.settings.cross_region_restore,
                dedup_state: "Disabled",
                xcool_state: "Disabled",
            },
        }
    }
}
