//! Counting what a vault holds.

use crate::Engine;
use crate::vaults::{VaultPath, find};
use jiff::SignedDuration;
use rsvault_domain::fault::Result;
use rsvault_domain::vault::usage::VaultCounts;

/// The counts of the vault at `path`; failed jobs are those of the last 24 hours.
pub async fn counts(engine: &Engine, path: &VaultPath) -> Result<VaultCounts> {
    let since = engine.clock.now().saturating_sub(SignedDuration::from_hours(24)).unwrap_or_default();
    let mut tx = engine.store.read().await?;
    let vault = find(tx.as_mut(), path).await?;
    Ok(tx.vault_counts(vault.id, since).await?)
}
