//! The key ring: who may unwrap a vault's data keys.

use crate::fault::Result;
use crate::id::VaultId;
use async_trait::async_trait;
use zeroize::Zeroizing;

/// What an agent wraps a data key for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipient {
    /// Key id.
    pub key_id: String,
    /// Version.
    pub version: u32,
    /// Public key, SubjectPublicKeyInfo PEM.
    pub public_key_pem: String,
}

/// Keeps the vaults' key-encryption keys.
#[async_trait]
pub trait KeyRing: Send + Sync + 'static {
    /// The vault's current key; made on first use.
    async fn recipient(&self, vault: VaultId) -> Result<Recipient>;
    /// Unwraps a data key. `BMSUserErrorKeyUnavailable` if the private half is not here.
    async fn unwrap_key(&self, vault: VaultId, key: &crate::backup::WrappedKey) -> Result<Zeroizing<Vec<u8>>>;
    /// Destroys the keys of a vault that is gone for good.
    async fn forget(&self, vault: VaultId) -> Result<()>;
}
