//! Carries out a change of protection and ends its job and operation, in one transaction.

use crate::alerts::{self, Cause};
use crate::reconcile::retention;
use crate::{Engine, discovery, groups, intents, outcome, policies, protection};
use rsvault_domain::alert::AlertKind;
use rsvault_domain::fault::{Fault, FaultKind, JobFault, Result};
use rsvault_domain::id::{ItemId, JobId, OperationId};
use rsvault_domain::job::JobStatus;
use rsvault_domain::operation::Subject;
use rsvault_domain::ports::{About, Bell, Tx};
use rsvault_domain::protection::ProtectedItem;
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
    let result = match apply(engine, tx.as_mut(), item, job, change).await {
        Ok(()) => Ok(()),
        // The state changed between the request and its execution: the job tells.
        Err(fault) if !matches!(fault.kind, FaultKind::Internal | FaultKind::Unavailable) => {
            Err(JobFault::catalogue(&fault.code, fault.message))
        }
        Err(fault) => return Err(fault),
    };
    mark(tx.as_mut(), item, change, &result).await?;
    end(engine, tx.as_mut(), operation, job, result).await?;
    tx.commit().await?;
    engine.wake.ring(Bell::Schedules);
    Ok(())
}

/// Notes at the item whether it is as its policy says (`policyState`, rulebook 3.6).
pub(super) async fn mark(
    tx: &mut dyn Tx,
    item: ItemId,
    change: &ProtectionChange,
    result: &std::result::Result<(), JobFault>,
) -> Result<()> {
    if !matches!(change, ProtectionChange::ApplyPolicy { .. }) {
        return Ok(());
    }
    let Some(mut item) = tx.item_by_id(item).await? else { return Ok(()) };
    let fault = result.as_ref().err().map(|fault| fault.code.clone());
    if item.track.policy_fault != fault {
        item.track.policy_fault = fault;
        tx.update_item(&item).await?;
    }
    Ok(())
}

/// Ends the job of a change, and its operation; one over several items ends with the last of their jobs.
/// The operation names the vault: the item may be gone for good, its job must end all the same.
pub(super) async fn end(
    engine: &Engine,
    tx: &mut dyn Tx,
    operation: OperationId,
    job: JobId,
    result: std::result::Result<(), JobFault>,
) -> Result<()> {
    let Some(started) = tx.operation(operation).await? else { return Ok(()) };
    let (status, faults) = match &result {
        Ok(()) => (JobStatus::Completed, Vec::new()),
        Err(fault) => (JobStatus::Failed, vec![fault.clone()]),
    };
    outcome::end_job(engine, tx, started.vault_id, job, status, faults, &[]).await?;
    let whole = match started.subject {
        Subject::Policy(_) => policies::applied(tx, &started).await?,
        _ => Some(result),
    };
    match whole {
        Some(result) => outcome::end_operation(engine, tx, operation, result.as_ref().copied()).await,
        None => Ok(()),
    }
}

async fn apply(engine: &Engine, tx: &mut dyn Tx, id: ItemId, job: JobId, change: &ProtectionChange) -> Result<()> {
    // What retention judges by; the rest is what the clock shows.
    let (trusted, now) = (engine.trusted_now(), engine.clock.now());
    let Some(mut item) = tx.item_by_id(id).await? else {
        return match change {
            ProtectionChange::Delete | ProtectionChange::ApplyPolicy { .. } => Ok(()),
            _ => Err(Fault::conflict(
                "BMSUserErrorDataSourceObjectNotFound",
                "The item was deleted for good in the meantime. Protect the database anew.",
            )),
        };
    };
    let vault = tx.vault_by_id(item.vault_id).await?.ok_or_else(|| Fault::internal("vault of an item is gone"))?;
    let before = (item.policy_id, item.may_back_up().is_ok());
    match change {
        ProtectionChange::Enable { policy, etag } => {
            let policy = tx.policy_by_id(*policy).await?.ok_or_else(|| {
                Fault::conflict(
                    "BMSUserErrorPolicyNotFound",
                    "The policy was deleted in the meantime. Protect the database with another one.",
                )
            })?;
            policies::may_follow(tx, &vault, &item, &policy, trusted).await?;
            let written_since = etag.is_some_and(|asked| asked != policy.etag);
            if written_since && vault.settings.guard.is_some() && policies::keeps_shorter(tx, &item, &policy, trusted).await? {
                return Err(Fault::conflict(
                    "UserErrorResourceGuardRequestRequired",
                    format!(
                        "Policy '{}' was shortened in the meantime, and the vault's Resource Guard has not had its say about that. Ask for the policy again, as it is now.",
                        policy.name
                    ),
                ));
            }
            policies::warn_of_move(engine, tx, &item, &policy, job).await?;
            let has_full = tx.point_summary(id).await?.fulls > 0;
            item.enable(policy.id, has_full, now)?;
            retention::apply(tx, &mut item, &policy, &vault.settings.soft_delete, trusted).await?;
        }
        ProtectionChange::ApplyPolicy { policy } => {
            let policy = tx.policy_by_id(*policy).await?.filter(|p| item.policy_id == Some(p.id));
            let Some(policy) = policy else { return Ok(()) };
            reachable(tx, &item).await?;
            policies::may_apply(tx, &vault, &item, &policy, trusted).await?;
            retention::apply(tx, &mut item, &policy, &vault.settings.soft_delete, trusted).await?;
        }
        ProtectionChange::Stop => item.stop(now)?,
        ProtectionChange::Suspend => {
            protection::may_suspend(&vault)?;
            item.suspend(now)?;
        }
        ProtectionChange::Undelete => {
            if vault.soft_deleted.is_some() {
                return Err(Fault::conflict(
                    "ResourceNotFound",
                    "The vault was deleted in the meantime; its soft-deleted items wait to be purged.",
                ));
            }
            item.undelete(now)?;
            discovery::bring_back(engine, tx, item.container_id).await?;
            alerts::resolve(engine, tx, item.vault_id, About::Item(id), AlertKind::UpcomingPurge).await?;
        }
        ProtectionChange::Delete => {
            protection::may_delete(&vault, &item)?;
            intents::left_out(tx, &item).await?;
            let soft = &vault.settings.soft_delete;
            if soft.state == SoftDeleteState::Disabled {
                return outcome::remove_item(engine, tx, id).await.map(drop);
            }
            item.soft_delete(soft.retention_days, engine.stamp_now())?;
            outcome::end_backups(engine, tx, id).await?;
            alerts::raise(engine, tx, deleted(&item, job)).await?;
        }
    }
    retention::look_now(&mut item, trusted);
    if before != (item.policy_id, item.may_back_up().is_ok()) {
        // Slots count from the moment at which their schedule comes into force.
        item.track.scheduled_since = item.may_back_up().is_ok().then_some(now);
    }
    item.watch_at = Some(now);
    Ok(tx.update_item(&item).await?)
}

/// A policy is brought to the item's server as well, which must be on to take it. One that is on and silent for
/// the moment asks for its schedule when it is back.
async fn reachable(tx: &mut dyn Tx, item: &ProtectedItem) -> Result<()> {
    let Some(container) = tx.container_by_id(item.container_id).await? else { return Ok(()) };
    if groups::one_runs(tx, &container).await? {
        return Ok(());
    }
    Err(Fault::conflict(
        "VMNotInRunningStateUserError",
        format!(
            "'{}' keeps to its policy as it was. Start its server, then write the policy again with makePolicyConsistent true.",
            item.name
        ),
    ))
}

fn deleted(item: &ProtectedItem, job: JobId) -> Cause {
    let until = item.soft_deleted.map_or_else(String::new, |soft| format!(" They can be brought back until {}.", soft.purge_at));
    Cause {
        vault: item.vault_id,
        item: Some(item.id),
        subject: item.name.to_string(),
        kind: AlertKind::DeleteBackupData,
        code: None,
        text: format!("Protection of '{}' was stopped and its backups were deleted.{until}", item.name.database),
        job: Some(job),
    }
}
