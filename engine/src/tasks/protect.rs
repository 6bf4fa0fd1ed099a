//! Carries out a change of protection and ends its job and operation, in one transaction.

use crate::{Engine, outcome};
use rsvault_domain::fault::{FaultKind, JobFault, Result};
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
    let vault = tx.item_by_id(item).await?.map(|i| i.vault_id);
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
        return Ok(()); // Deleted for good meanwhile.
    };
    match change {
        ProtectionChange::Enable { policy } => {
            let has_full = tx.point_summary(id).await?.fulls > 0;
            item.enable(*policy, has_full, now)?;
        }
        ProtectionChange::Stop => item.stop(now)?,
        ProtectionChange::Undelete => item.undelete(now)?,
        ProtectionChange::Delete => {
            let soft = tx.vault_by_id(item.vault_id).await?.map(|v| v.settings.soft_delete);
            match soft {
                Some(soft) if soft.state != SoftDeleteState::Disabled => item.soft_delete(soft.retention_days, now)?,
                _ => {
                    tx.delete_item(id, now).await?;
                    return Ok(());
                }
            }
        }
    }
    Ok(tx.update_item(&item).await?)
}
