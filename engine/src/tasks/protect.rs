//! Carries out a change of protection and ends its job and operation, in one transaction.

use crate::{Engine, outcome};
use rsvault_domain::fault::{Fault, FaultKind, JobFault, Result};
use rsvault_domain::id::{ItemId, JobId, OperationId};
use rsvault_domain::job::JobStatus;
use rsvault_domain::ports::Tx;
use rsvault_domain::vault::SoftDeleteState;
use rsvault_domain::work::{ProtectionChange, Task};

pub(super) async fn run(
    engine: &Engine,
    owner: &str,
    task: &Task,
    item: ItemId,
    operation: OperationId,
    job: JobId,
    change: &ProtectionChange,
) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    if !tx.finish_task(task.id, owner, task.attempt).await? {
        return Ok(()); // Somebody else holds it now.
    }
    // Not the item's: the item may be gone for good, its job must end all the same.
    let vault = tx.operation(operation).await?.map(|o| o.vault_id);
    let result = match apply(engine, tx.as_mut(), item, change).await {
        Ok(()) => Ok(()),
        // The state changed between the request and its execution: the job tells.
        Err(fault) if !matches!(fault.kind, FaultKind::Internal | FaultKind::Unavailable) => {
            Err(JobFault::catalogue(&fault.code, fault.message))
        }
        Err(fault) => return Err(fault),
    };
    let (status, faults) = match &result {
        Ok(()) => (JobStatus::Completed, Vec::new()),
        Err(fault) => (JobStatus::Failed, vec![fault.clone()]),
    };
    if let Some(vault) = vault {
        outcome::end_job(engine, tx.as_mut(), vault, job, status, faults, &[]).await?;
    }
    outcome::end_operation(engine, tx.as_mut(), operation, result.as_ref().copied()).await?;
    Ok(tx.commit().await?)
}

async fn apply(engine: &Engine, tx: &mut dyn Tx, id: ItemId, change: &ProtectionChange) -> Result<()> {
    let now = engine.clock.now();
    let Some(mut item) = tx.item_by_id(id).await? else {
        return match change {
            ProtectionChange::Delete => Ok(()),
            _ => Err(Fault::conflict(
                "BMSUserErrorDataSourceObjectNotFound",
                "The item was deleted for good in the meantime. Protect the database anew.",
            )),
        };
    };
    match change {
        ProtectionChange::Enable { policy } => {
            if tx.policy_by_id(*policy).await?.is_none() {
                return Err(Fault::conflict(
                    "BMSUserErrorPolicyNotFound",
                    "The policy was deleted in the meantime. Protect the database with another one.",
                ));
            }
            let has_full = tx.point_summary(id).await?.fulls > 0;
            item.enable(*policy, has_full, now)?;
        }
        ProtectionChange::Stop => item.stop(now)?,
        ProtectionChange::Suspend => item.suspend(now)?,
        ProtectionChange::Undelete => {
            if tx.vault_by_id(item.vault_id).await?.is_none_or(|v| v.deleted_at.is_some()) {
                return Err(Fault::conflict(
                    "ResourceNotFound",
                    "The vault was deleted in the meantime; its soft-deleted items wait to be purged.",
                ));
            }
            item.undelete(now)?;
        }
        ProtectionChange::Delete => {
            let soft = tx.vault_by_id(item.vault_id).await?.map(|v| v.settings.soft_delete);
            match soft {
                Some(soft) if soft.state != SoftDeleteState::Disabled => {
                    item.soft_delete(soft.retention_days, now)?;
                    outcome::end_backups(engine, tx, id).await?;
                }
                _ => return outcome::remove_item(engine, tx, id).await,
            }
        }
    }
    Ok(tx.update_item(&item).await?)
}
