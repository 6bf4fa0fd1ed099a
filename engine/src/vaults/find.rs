//! Finding a vault by its path.

use crate::Engine;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{NameKey, SubscriptionId, vault_path};
use rsvault_domain::ports::Tx;
use rsvault_domain::vault::Vault;

/// Path of a vault, as the request wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultPath {
    /// Subscription.
    pub subscription: SubscriptionId,
    /// Resource group.
    pub resource_group: String,
    /// Vault.
    pub name: String,
}

impl VaultPath {
    /// ARM id as the request wrote it.
    pub fn arm_id(&self) -> String {
        vault_path(self.subscription, &self.resource_group, &self.name)
    }
}

/// The live vault at `path`, or 404 `ResourceNotFound` (wire-facts 9).
pub(crate) async fn find(tx: &mut dyn Tx, path: &VaultPath) -> Result<Vault> {
    tx.vault(path.subscription, &NameKey::new(&path.resource_group), &NameKey::new(&path.name)).await?.ok_or_else(|| {
        Fault::not_found(
            "ResourceNotFound",
            format!("The Resource 'Microsoft.RecoveryServices/vaults/{}' under resource group '{}' was not found. Create the vault first, or correct the name.", path.name, path.resource_group),
        )
    })
}

/// Reads a vault.
pub async fn get(engine: &Engine, path: &VaultPath) -> Result<Vault> {
    find(engine.store.glance().await?.as_mut(), path).await
}
