//! The wire form of the encryption config, and the change a body asks for.

use crate::arm::fields::{one_of, required};
use rsvault_domain::Fault;
use rsvault_domain::fault::Result;
use rsvault_domain::vault::Vault;
use rsvault_domain::vault::encryption::{EncryptionChange, KeyIdentity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of PUT.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EncryptionConfigBody {
    /// Settings.
    pub(crate) properties: Option<EncryptionConfigPropertiesBody>,
}

/// Settings as a client sends them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EncryptionConfigPropertiesBody {
    /// `MicrosoftManaged` or `CustomerManaged`; the latter for good.
    pub(crate) encryption_at_rest_type: Option<String>,
    /// Id of the key.
    pub(crate) key_uri: Option<String>,
    /// `Enabled` or `Disabled`; decided with the first key.
    pub(crate) infrastructure_encryption_state: Option<String>,
}

/// The encryption config.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EncryptionConfigView {
    /// ARM id.
    pub(crate) id: String,
    /// `backupResourceEncryptionConfig`.
    pub(crate) name: &'static str,
    /// `Microsoft.RecoveryServices/vaults/backupEncryptionConfigs`.
    pub(crate) r#type: &'static str,
    /// Settings.
    pub(crate) properties: EncryptionConfigPropertiesView,
}

/// Settings.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EncryptionConfigPropertiesView {
    /// `MicrosoftManaged` or `CustomerManaged`.
    pub(crate) encryption_at_rest_type: &'static str,
    /// Id of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_uri: Option<String>,
    /// `NotEnabled`, then `Succeeded`.
    pub(crate) last_update_status: &'static str,
    /// `Enabled` or `Disabled`.
    pub(crate) infrastructure_encryption_state: &'static str,
    /// Identity that the key is fetched with, if it is not the vault's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_assigned_identity: Option<String>,
    /// Whether it is the vault's own.
    pub(crate) use_system_assigned_identity: bool,
}

impl EncryptionConfigBody {
    /// The change the body asks for; None for the platform's key, where that stands.
    pub(crate) fn change(self, vault: &Vault) -> Result<Option<EncryptionChange>> {
        const TYPE: &str = "properties.encryptionAtRestType";
        let properties = self.properties.unwrap_or_default();
        let word = required(properties.encryption_at_rest_type, TYPE)?;
        if one_of(&word, TYPE, &["MicrosoftManaged", "CustomerManaged"])? == "MicrosoftManaged" {
            if vault.settings.encryption.is_none() {
                return Ok(None);
            }
            return Err(Fault::invalid(
                "BMSUserErrorCustomerManagedKeyCannotBeRemoved",
                format!("Vault '{}' is encrypted with a customer-managed key, which is for good. Send CustomerManaged; another key may take its place.", vault.name),
            )
            .at(TYPE));
        }
        let state = properties.infrastructure_encryption_state.filter(|w| !w.eq_ignore_ascii_case("Invalid"));
        let infrastructure =
            state.map(|w| one_of(&w, "properties.infrastructureEncryptionState", &["Enabled", "Disabled"]).map(|w| w == "Enabled"));
        Ok(Some(EncryptionChange {
            key_uri: Some(required(properties.key_uri, "properties.keyUri")?),
            // This resource names no identity: the vault's own, unless the key that stands has another.
            identity: vault.settings.encryption.is_none().then_some(KeyIdentity::System),
            infrastructure: infrastructure.transpose()?,
        }))
    }
}

impl From<&Vault> for EncryptionConfigView {
    fn from(vault: &Vault) -> Self {
        let encryption = vault.settings.encryption.as_ref();
        let user = encryption.and_then(|e| match &e.identity {
            KeyIdentity::System => None,
            KeyIdentity::User(id) => Some(id.clone()),
        });
        Self {
            id: format!("{}/backupEncryptionConfigs/backupResourceEncryptionConfig", vault.arm_id()),
            name: "backupResourceEncryptionConfig",
            r#type: "Microsoft.RecoveryServices/vaults/backupEncryptionConfigs",
            properties: EncryptionConfigPropertiesView {
                encryption_at_rest_type: if encryption.is_some() { "CustomerManaged" } else { "MicrosoftManaged" },
                key_uri: encryption.map(|e| e.key_uri.clone()),
                last_update_status: if encryption.is_some() { "Succeeded" } else { "NotEnabled" },
                infrastructure_encryption_state: if encryption.is_some_and(|e| e.infrastructure) { "Enabled" } else { "Disabled" },
                use_system_assigned_identity: user.is_none(),
                user_assigned_identity: user,
            },
        }
    }
}
