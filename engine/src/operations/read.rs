//! Reading an operation: one id through every reader of its vault.

use crate::Engine;
use crate::vaults::VaultPath;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{OperationId, SubscriptionId, VaultId};
use rsvault_domain::operation::{Operation, OperationStatus, vault_key};
use rsvault_domain::ports::Bell;
use std::time::Duration;

/// The operation `id` of the vault at `path`; readable even after the vault is gone.
pub async fn read(engine: &Engine, path: &VaultPath, id: OperationId) -> Result<Operation> {
    let mut tx = engine.store.glance().await?;
    let key = vault_key(path.subscription, &path.resource_group, &path.name);
    tx.operation(id).await?.filter(|o| o.vault_key == key).ok_or_else(|| {
        Fault::not_found(
            "BMSUserErrorOperationNotFound",
            format!(
                "Operation '{id}' was not found in vault '{}'. Use the id from the Azure-AsyncOperation or Location header.",
                path.name
            ),
        )
        .at("operationId")
    })
}

/// The operation `id` of a vault of `subscription` by its own id: a vault that was undeleted may lie elsewhere now.
pub async fn read_of(engine: &Engine, subscription: SubscriptionId, vault: VaultId, id: OperationId) -> Result<Operation> {
    let of = format!("{subscription}/");
    let found = engine.store.read().await?.operation(id).await?;
    found.filter(|operation| operation.vault_id == vault && operation.vault_key.starts_with(&of)).ok_or_else(|| {
        Fault::not_found(
            "BMSUserErrorOperationNotFound",
            format!("Operation '{id}' was not found. Use the id from the Azure-AsyncOperation or Location header."),
        )
        .at("operationId")
    })
}

/// Like [`read`], but holds on until the operation has ended, at most `patience`. This is what makes
/// pollers with a fixed pace fast (az-client b, LRO summary).
pub async fn wait(engine: &Engine, path: &VaultPath, id: OperationId, patience: Duration) -> Result<Operation> {
    const STEP: Duration = Duration::from_millis(500);
    let mut waited = Duration::ZERO;
    loop {
        let operation = read(engine, path, id).await?;
        if operation.status != OperationStatus::InProgress || waited >= patience {
            return Ok(operation);
        }
        let step = STEP.min(patience - waited);
        engine.wake.wait(Bell::Operations, step).await;
        waited += step;
    }
}
