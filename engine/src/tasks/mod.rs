//! Durable tasks: claimed under a lease, run, finished with the attempt they were claimed at.

mod archive;
mod collect;
mod protect;

use crate::{Engine, intents, regions};
use rsvault_domain::fault::{Fault, JobFault, Result};
use rsvault_domain::id::ItemName;
use rsvault_domain::id::VaultId;
use rsvault_domain::ports::Bell;
use rsvault_domain::work::{MAX_TASK_ATTEMPTS, TASK_LEASE, Task, TaskKind, backoff};

/// Runs the tasks that are due, up to a batch. Returns how many it ran.
pub async fn run_due(engine: &Engine, owner: &str) -> Result<usize> {
    let now = engine.clock.now();
    let lease_until = now.saturating_add(TASK_LEASE).map_err(Fault::internal)?;
    let due = engine.store.read().await?.next_task_at().await?.is_some_and(|at| at <= now);
    if !due {
        return Ok(0);
    }
    let mut tx = engine.store.begin().await?;
    let tasks = tx.claim_tasks(owner, now, lease_until, 16).await?;
    tx.commit().await?;
    let count = tasks.len();
    for task in tasks {
        let result = match &task.kind {
            TaskKind::Protect { item, operation, job, change } => protect::run(engine, owner, &task, *item, *operation, *job, change).await,
            TaskKind::AutoProtect { intent, parent, database, job } => {
                intents::run(engine, owner, &task, *intent, &ItemName::new(parent, database), *job).await
            }
            TaskKind::CollectSet { set } => collect::run(engine, owner, &task, *set).await,
            TaskKind::Replicate { set } => regions::run_copy(engine, owner, &task, *set).await,
            TaskKind::Survey { vault } => regions::run_survey(engine, owner, &task, *vault).await,
            TaskKind::ArchivePoint { .. } | TaskKind::Rehydrate(_) | TaskKind::ExpireCopy { .. } => {
                archive::run(engine, owner, &task).await
            }
        };
        if let Err(fault) = result {
            give_back(engine, owner, &task, &fault).await?;
        }
    }
    if count > 0 {
        engine.wake.ring(Bell::Operations);
    }
    Ok(count)
}

/// Carries out the changes of protection of a vault that are due, and nothing else, in a rehearsal: the tasks of
/// others that come up stay claimed on the stage and are as they were when it is gone.
pub(crate) async fn rehearse(engine: &Engine, vault: VaultId) -> Result<()> {
    let owner = "rehearsal";
    let now = engine.clock.now();
    let lease_until = now.saturating_add(TASK_LEASE).map_err(Fault::internal)?;
    loop {
        let mut tx = engine.store.begin().await?;
        let tasks = tx.claim_tasks(owner, now, lease_until, 64).await?;
        tx.commit().await?;
        if tasks.is_empty() {
            return Ok(());
        }
        for task in tasks {
            let TaskKind::Protect { item, operation, job, change } = &task.kind else { continue };
            let of = engine.store.read().await?.operation(*operation).await?.map(|operation| operation.vault_id);
            if of == Some(vault) {
                protect::run(engine, owner, &task, *item, *operation, *job, change).await?;
            }
        }
    }
}

/// Puts a failed task back with a growing wait; after the last attempt its job fails instead.
async fn give_back(engine: &Engine, owner: &str, task: &Task, fault: &Fault) -> Result<()> {
    tracing::warn!(task = %task.id, attempt = task.attempt, error = %fault, detail = fault.internal_detail(), "task failed");
    let now = engine.clock.now();
    let mut tx = engine.store.begin().await?;
    if task.attempt >= MAX_TASK_ATTEMPTS
        && let TaskKind::Protect { item, operation, job, change } = &task.kind
    {
        if tx.finish_task(task.id, owner, task.attempt).await? {
            let shown = JobFault::catalogue(&fault.code, fault.message.clone());
            let result = Err(shown);
            protect::mark(tx.as_mut(), *item, change, &result).await?;
            protect::end(engine, tx.as_mut(), *operation, *job, result).await?;
        }
    } else if task.attempt >= MAX_TASK_ATTEMPTS && matches!(task.kind, TaskKind::AutoProtect { .. }) {
        if tx.finish_task(task.id, owner, task.attempt).await? {
            intents::give_up(engine, tx.as_mut(), &task.kind, fault).await?;
        }
    } else {
        let run_at = now.saturating_add(backoff(task.attempt)).map_err(Fault::internal)?;
        tx.release_task(task.id, owner, task.attempt, run_at, &fault.to_string()).await?;
    }
    Ok(tx.commit().await?)
}
