//! The wire form of the extended information.

use rsvault_domain::vault::Vault;
use rsvault_domain::vault::extended::ExtendedInfo;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Body of PUT and PATCH.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ExtendedInfoBody {
    /// Keys.
    pub(crate) properties: Option<ExtendedInfoProperties>,
    /// The etag that must stand, if given.
    pub(crate) etag: Option<String>,
}

/// Keys; no `Debug`, which would show them.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExtendedInfoProperties {
    /// Integrity key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integrity_key: Option<String>,
    /// Encryption key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encryption_key: Option<String>,
    /// Thumbprint of the certificate that it is sealed for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encryption_key_thumbprint: Option<String>,
    /// Algorithm, as the client calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) algorithm: Option<String>,
}

/// The extended information.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExtendedInfoView {
    /// ARM id.
    pub(crate) id: String,
    /// `vaultExtendedInfo`.
    pub(crate) name: &'static str,
    /// `Microsoft.RecoveryServices/vaults/extendedInformation`.
    pub(crate) r#type: &'static str,
    /// Version of the resource.
    pub(crate) etag: String,
    /// Keys.
    pub(crate) properties: ExtendedInfoProperties,
}

impl ExtendedInfoBody {
    /// What it says, and the etag that must stand.
    pub(crate) fn read(self) -> (ExtendedInfo, Option<String>) {
        let properties = self.properties.unwrap_or_default();
        let info = ExtendedInfo {
            integrity_key: properties.integrity_key,
            encryption_key: properties.encryption_key,
            encryption_key_thumbprint: properties.encryption_key_thumbprint,
            algorithm: properties.algorithm,
            etag: Uuid::nil(),
        };
        (info, self.etag.filter(|e| !e.is_empty() && e != "*"))
    }
}

impl ExtendedInfoView {
    /// Of a vault.
    pub(crate) fn new(vault: &Vault, info: ExtendedInfo) -> Self {
        Self {
            id: format!("{}/extendedInformation/vaultExtendedInfo", vault.arm_id()),
            name: "vaultExtendedInfo",
            r#type: "Microsoft.RecoveryServices/vaults/extendedInformation",
            etag: info.etag.to_string(),
            properties: ExtendedInfoProperties {
                integrity_key: info.integrity_key,
                encryption_key: info.encryption_key,
                encryption_key_thumbprint: info.encryption_key_thumbprint,
                algorithm: info.algorithm,
            },
        }
    }
}
