//! The customer-managed key of a vault (rulebook 5.7).
//!
//! Always holds: a vault gets one only while nothing was ever registered to it; it never goes back to the
//! platform's key; the identity that the key is fetched with is one of the vault's; whether the storage is
//! encrypted twice is decided with the first key.

use super::Vault;
use super::identity::Identity;
use crate::fault::{Fault, Result};
use serde::{Deserialize, Serialize};

/// Which identity the key is fetched with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "camelCase")]
pub enum KeyIdentity {
    /// The vault's own.
    System,
    /// A user-assigned one, by its ARM id.
    User(String),
}

impl KeyIdentity {
    /// Whether it is among `identities`; says by name which one is missing.
    pub fn present(&self, identities: Option<&Identity>) -> std::result::Result<(), String> {
        match self {
            Self::System if identities.is_some_and(|i| i.system) => Ok(()),
            Self::User(id) if identities.is_some_and(|i| i.has_user(id)) => Ok(()),
            Self::System => Err("The system-assigned identity".to_owned()),
            Self::User(id) => Err(format!("The user-assigned identity '{id}'")),
        }
    }
}

/// The customer-managed key of a vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Encryption {
    /// Id of the key: `https://<key vault>/keys/<name>[/<version>]`.
    pub key_uri: String,
    /// What it is fetched with.
    pub identity: KeyIdentity,
    /// Whether the storage below is to be encrypted too. Never changes.
    pub infrastructure: bool,
}

/// What a request asks for; None leaves a part as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncryptionChange {
    /// Key.
    pub key_uri: Option<String>,
    /// Identity.
    pub identity: Option<KeyIdentity>,
    /// Second encryption.
    pub infrastructure: Option<bool>,
}

/// Checks the id of a key.
pub fn key_uri(text: &str, field: &str) -> Result<()> {
    let well_formed = || {
        let rest = text.strip_prefix("https://")?;
        let (host, path) = rest.split_once('/')?;
        let (host, port) = host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
        let host_ok =
            !host.is_empty() && host.split('.').all(|l| !l.is_empty() && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
        let port_ok = port.is_none_or(|p| p.parse::<u16>().is_ok());
        let (name, version) = match path.split('/').collect::<Vec<_>>().as_slice() {
            ["keys", name] => ((*name).to_owned(), None),
            ["keys", name, version] => ((*name).to_owned(), Some((*version).to_owned())),
            _ => return None,
        };
        let name_ok = (1..=127).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let version_ok = version.is_none_or(|v| (1..=64).contains(&v.len()) && v.chars().all(|c| c.is_ascii_alphanumeric()));
        (host_ok && port_ok && name_ok && version_ok).then_some(())
    };
    well_formed().ok_or_else(|| {
        Fault::invalid(
            "BMSUserErrorInvalidKeyUri",
            format!("Property '{field}' is '{text}', which is not the id of a key. It must read 'https://<key vault>/keys/<name>' or 'https://<key vault>/keys/<name>/<version>'."),
        )
        .at(field)
    })
}

impl Vault {
    /// Gives the vault a customer-managed key, or another one. `registered`: whether anything ever was registered to it.
    pub fn set_encryption(&mut self, change: EncryptionChange, registered: bool) -> Result<()> {
        const KEY: &str = "properties.encryption.keyVaultProperties.keyUri";
        const INFRASTRUCTURE: &str = "properties.encryption.infrastructureEncryption";
        const IDENTITY: &str = "properties.encryption.kekIdentity";
        let stands = self.settings.encryption.clone();
        let key_uri_given = change.key_uri.or_else(|| stands.as_ref().map(|s| s.key_uri.clone())).ok_or_else(|| {
            Fault::invalid("BMSUserErrorInvalidKeyUri", format!("Property '{KEY}' is missing. Send the id of the key.")).at(KEY)
        })?;
        key_uri(&key_uri_given, KEY)?;
        let identity = change.identity.or_else(|| stands.as_ref().map(|s| s.identity.clone())).ok_or_else(|| {
            Fault::invalid(
                "BMSUserErrorKekIdentityRequired",
                format!("Property '{IDENTITY}' is missing. Say which identity of the vault the key is fetched with: useSystemAssignedIdentity true, or userAssignedIdentity with its id."),
            )
            .at(IDENTITY)
        })?;
        identity.present(self.settings.identity.as_ref()).map_err(|missing| {
            Fault::invalid(
                "BMSUserErrorKekIdentityNotFound",
                format!(
                    "{missing} is not assigned to vault '{}', so the key cannot be fetched with it. Assign it to the vault first.",
                    self.name
                ),
            )
            .at(IDENTITY)
        })?;
        let infrastructure = change.infrastructure.unwrap_or(stands.as_ref().is_some_and(|s| s.infrastructure));
        match &stands {
            Some(stands) if stands.infrastructure != infrastructure => {
                return Err(Fault::invalid(
                    "BMSUserErrorInfrastructureEncryptionCannotChange",
                    "Property 'infrastructureEncryption' cannot be changed: it was decided with the vault's first customer-managed key. Leave it out.",
                )
                .at(INFRASTRUCTURE));
            }
            Some(_) => {}
            None if self.used || registered => {
                return Err(Fault::invalid(
                    "BMSUserErrorCustomerManagedKeyNotAllowed",
                    format!("Vault '{}' cannot be given a customer-managed key: something was registered to it already. Only a vault that never had anything registered can; create another.", self.name),
                )
                .at("properties.encryption"));
            }
            None if self.settings.cross_region_restore => {
                return Err(Fault::invalid(
                    "BMSUserErrorCustomerManagedKeyWithCrossRegionRestore",
                    format!("Vault '{}' has cross-region restore on, which does not go together with a customer-managed key. Switch crossRegionRestore off first.", self.name),
                )
                .at("properties.encryption"));
            }
            None => {}
        }
        self.settings.encryption = Some(Encryption { key_uri: key_uri_given, identity, infrastructure });
        Ok(())
    }
    /// Refuses cross-region restore where a customer-managed key stands.
    pub(super) fn may_restore_across(&self) -> Result<()> {
        if self.settings.encryption.is_none() {
            return Ok(());
        }
        Err(Fault::invalid(
            "BMSUserErrorCustomerManagedKeyWithCrossRegionRestore",
            "Cross-region restore does not go together with the customer-managed key of this vault, which is for good. Create another vault for it.",
        )
        .at("properties.crossRegionRestoreFlag"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_keys_are_taken() {
        for good in [
            "https://kv1.vault.azure.net/keys/key-1",
            "https://kv1.vault.azure.net/keys/Key1/0767b348bb1a4c07baa6c4ec0055d2b3",
            "https://localhost:8200/keys/k",
        ] {
            assert!(key_uri(good, "f").is_ok(), "{good}");
        }
        for bad in [
            "",
            "key1",
            "http://kv1.vault.azure.net/keys/key1",
            "https://kv1.vault.azure.net/secrets/key1",
            "https://kv1.vault.azure.net/keys",
            "https://kv1.vault.azure.net/keys/",
            "https://kv1.vault.azure.net/keys/key1/",
            "https://kv1.vault.azure.net/keys/key1/v/more",
            "https://kv1.vault.azure.net/keys/key 1",
            "https:///keys/key1",
            "https://kv1..net/keys/key1",
            "https://user@kv1/keys/key1",
            "https://kv1.vault.azure.net/keys/key1?x=1",
            "https://kv1:port/keys/key1",
        ] {
            assert_eq!(key_uri(bad, "f").unwrap_err().target.as_deref(), Some("f"), "{bad}");
        }
    }
}
