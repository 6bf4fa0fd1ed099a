//! The wire form of a vault's managed identities and of its customer-managed key.

use crate::arm::fields::{one_of, required};
use rsvault_domain::Fault;
use rsvault_domain::fault::Result;
use rsvault_domain::vault::Vault;
use rsvault_domain::vault::encryption::{Encryption, EncryptionChange, KeyIdentity};
use rsvault_domain::vault::identity::{Identity, IdentityChange, system_principal, user_principal};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Managed identities as a client sends them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdentityBody {
    /// `None`, `SystemAssigned`, `UserAssigned`, or both with a comma.
    pub(crate) r#type: Option<String>,
    /// By ARM id; `null` takes one away.
    #[schema(value_type = Option<BTreeMap<String, Object>>)]
    pub(crate) user_assigned_identities: Option<BTreeMap<String, Option<Value>>>,
}

/// Managed identities.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdentityView {
    /// `SystemAssigned`, `UserAssigned`, or both with a comma and a blank.
    pub(crate) r#type: &'static str,
    /// Id that stands for the vault's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) principal_id: Option<String>,
    /// Tenant of the vault's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tenant_id: Option<String>,
    /// User-assigned ones by ARM id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) user_assigned_identities: BTreeMap<String, UserIdentityView>,
}

/// A user-assigned identity.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserIdentityView {
    /// Id that stands for its principal.
    pub(crate) principal_id: String,
    /// Id that stands for its client.
    pub(crate) client_id: String,
}

/// A customer-managed key as a client sends it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EncryptionBody {
    /// Key.
    pub(crate) key_vault_properties: Option<KeyBody>,
    /// What it is fetched with.
    pub(crate) kek_identity: Option<KekIdentityBody>,
    /// `Enabled` or `Disabled`; decided with the first key.
    pub(crate) infrastructure_encryption: Option<String>,
}

/// A key.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyBody {
    /// Id: `https://<key vault>/keys/<name>[/<version>]`.
    pub(crate) key_uri: Option<String>,
}

/// What a key is fetched with: one of the two.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KekIdentityBody {
    /// The vault's own identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) use_system_assigned_identity: Option<bool>,
    /// A user-assigned one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_assigned_identity: Option<String>,
}

/// A customer-managed key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EncryptionView {
    /// Key.
    pub(crate) key_vault_properties: KeyBody,
    /// What it is fetched with.
    pub(crate) kek_identity: KekIdentityBody,
    /// `Enabled` or `Disabled`.
    pub(crate) infrastructure_encryption: &'static str,
}

impl IdentityBody {
    /// The change it asks for.
    pub(crate) fn change(self) -> Result<IdentityChange> {
        let users = self.user_assigned_identities.unwrap_or_default().into_iter();
        Ok(IdentityChange {
            kind: required(self.r#type, "identity.type")?,
            users: users.map(|(id, value)| (id, value.is_some())).collect(),
            replace: false,
        })
    }
}

impl IdentityView {
    /// Of a vault.
    pub(crate) fn new(vault: &Vault, identity: &Identity) -> Self {
        let user = |id: &String| {
            let (principal, client) = user_principal(id);
            (id.clone(), UserIdentityView { principal_id: principal.to_string(), client_id: client.to_string() })
        };
        Self {
            r#type: identity.wire(),
            principal_id: identity.system.then(|| system_principal(vault).to_string()),
            tenant_id: identity.tenant.filter(|_| identity.system).map(|t| t.to_string()),
            user_assigned_identities: identity.users.iter().map(user).collect(),
        }
    }
}

impl EncryptionBody {
    /// The change it asks for.
    pub(crate) fn change(self) -> Result<EncryptionChange> {
        const IDENTITY: &str = "properties.encryption.kekIdentity";
        let kek = self.kek_identity.unwrap_or_default();
        let user = kek.user_assigned_identity.filter(|id| !id.is_empty());
        let identity = match (kek.use_system_assigned_identity.unwrap_or(false), user) {
            (true, Some(_)) => {
                return Err(Fault::invalid(
                    "BMSUserErrorInvalidInput",
                    format!("Property '{IDENTITY}' names both the system-assigned identity and a user-assigned one. Send one of the two."),
                )
                .at(IDENTITY));
            }
            (true, None) => Some(KeyIdentity::System),
            (false, Some(id)) => Some(KeyIdentity::User(id)),
            (false, None) => None,
        };
        let field = "properties.encryption.infrastructureEncryption";
        let infrastructure = self.infrastructure_encryption.map(|w| one_of(&w, field, &["Enabled", "Disabled"]).map(|w| w == "Enabled"));
        Ok(EncryptionChange {
            key_uri: self.key_vault_properties.and_then(|k| k.key_uri),
            identity,
            infrastructure: infrastructure.transpose()?,
        })
    }
}

impl From<&Encryption> for EncryptionView {
    fn from(encryption: &Encryption) -> Self {
        let user = match &encryption.identity {
            KeyIdentity::System => None,
            KeyIdentity::User(id) => Some(id.clone()),
        };
        Self {
            key_vault_properties: KeyBody { key_uri: Some(encryption.key_uri.clone()) },
            kek_identity: KekIdentityBody { use_system_assigned_identity: Some(user.is_none()), user_assigned_identity: user },
            infrastructure_encryption: if encryption.infrastructure { "Enabled" } else { "Disabled" },
        }
    }
}
