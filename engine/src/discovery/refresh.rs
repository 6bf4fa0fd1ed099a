//! Refresh: which servers of the subscription and region may be registered.

use crate::operations::{Start, repeated, start};
use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine};
use rsvault_domain::fault::Result;
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::tenancy::same_region;

/// Marks the servers of the vault's subscription and region as seen.
pub async fn refresh(engine: &Engine, caller: &Caller, path: &VaultPath) -> Result<Operation> {
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let vault = find(tx.as_mut(), path).await?;
    let seen: Vec<_> =
        tx.servers(vault.subscription).await?.into_iter().filter(|s| same_region(&s.location, &vault.location)).map(|s| s.id).collect();
    tx.mark_discovered(vault.id, &seen, engine.clock.now()).await?;
    let operation = start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Nothing, job: None, done: true }).await?;
    tx.commit().await?;
    Ok(operation)
}
