//! Stop protection and delete the data: soft, as the vault's switch says, or for good.

use super::{ItemPath, find_item, lock};
use crate::operations::{Start, repeated, start};
use crate::{Caller, Engine, guards, jobs};
use rsvault_domain::fault::Result;
use rsvault_domain::guard::Critical;
use rsvault_domain::id::TaskId;
use rsvault_domain::job::JobKind;
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::Bell;
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::vault::Vault;
use rsvault_domain::work::{AT_ONCE, ProtectionChange, TaskKind};
use uuid::Uuid;

/// Starts the deletion.
pub async fn delete(engine: &Engine, caller: &Caller, path: &ItemPath) -> Result<Operation> {
    let now = engine.clock.now();
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    lock::free(tx.as_mut(), container.server_id, &item).await?;
    may_delete(&vault, &item)?;
    guards::unlocked(engine, tx.as_mut(), caller, &vault, Critical::DeleteProtection, Some(item.id)).await?;
    item.clone().soft_delete(vault.settings.soft_delete.retention_days, now)?;
    let mut job = jobs::new(engine, caller, &vault, Some(item.id), JobKind::DeleteBackupData, item.name.database.clone());
    job.set_property("ContainerUniqueName", container.name.short());
    let job_id = job.id;
    let operation = start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Nothing, job: Some(job), done: false }).await?;
    let task = TaskKind::Protect { item: item.id, operation: operation.id, job: job_id, change: ProtectionChange::Delete };
    tx.enqueue(TaskId(Uuid::now_v7()), &task, AT_ONCE).await?;
    tx.commit().await?;
    engine.wake.ring(Bell::Tasks);
    Ok(operation)
}

/// An immutable vault gives up no item (rulebook 5.3).
pub(crate) fn may_delete(vault: &Vault, item: &ProtectedItem) -> Result<()> {
    let cure =
        "Stop its protection instead: protectionState ProtectionStopped keeps the data for ever, BackupsSuspended as the policy says.";
    vault.may_lose_backups(&format!("Deleting the backups of '{}'", item.name), cure).map_err(|fault| fault.at("protectedItemName"))
}
