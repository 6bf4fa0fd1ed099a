//! Durable tasks: claimed under a lease, run, finished with the attempt they were claimed at.

mod collect;
mod protect;

use crate::Engine;
use rsvault_domain::fault::{Fault, JobFault, Result};
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
            TaskKind::CollectSet { set } => collect::run(engine, owner, &task, *set).await,
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

/// Puts a failed task back with a growing wait; after the last attempt its job fails instead.
async fn give_back(engine: &Engine, owner: &str, task: &Task, fault: &Fault) -> Result<()> {
    tracing::warn!(task = %task.id, attempt = task.attempt, error = %fault, detail = fault.internal_detail(), "task failed");
    let now = engine.clock.now();
    let mut tx = engine.store.begin().await?;
    if task.attempt >= MAX_TASK_ATTEMPTS
        && let TaskKind::Protect { operation, job, .. } = &task.kind
    {
        if tx.finish_task(task.id, owner, task.attempt).await? {
            let shown = JobFault::catalogue(&fault.code, fault.message.clone());
            protect::end(engine, tx.as_mut(), *operation, *job, Err(shown)).await?;
        }
    } else {
        let run_at = now.saturating_add(backoff(task.attempt)).map_err(Fault::internal)?;
        tx.release_task(task.id, owner, task.attempt, run_at, &fault.to_string()).await?;
    }
    Ok(tx.commit().await?)
}
