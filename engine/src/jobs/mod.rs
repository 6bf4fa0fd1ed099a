//! Jobs: making their records, reading them, cancelling them.

mod export;

pub use export::{export, export_of, exported};

use crate::operations::{Start, repeated, start};
use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine};
use rsvault_domain::fault::{Fault, JobFault, Result};
use rsvault_domain::id::{ItemId, JobId};
use rsvault_domain::job::{Job, JobKind, JobStatus};
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::{Bell, JobFilter, Page, Slice};
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::vault::Vault;
use rsvault_domain::work::{CommandState, CommandWork};
use uuid::Uuid;

/// A job record that starts now.
pub(crate) fn new(engine: &Engine, caller: &Caller, vault: &Vault, item: Option<ItemId>, kind: JobKind, entity_name: String) -> Job {
    Job {
        id: JobId(Uuid::new_v4()),
        vault_id: vault.id,
        item_id: item,
        kind,
        status: JobStatus::InProgress,
        entity_name,
        started_at: engine.clock.now(),
        ended_at: None,
        user_triggered: true,
        activity_id: caller.activity_id.clone(),
        properties: Vec::new(),
        faults: Vec::new(),
    }
}

/// A job record of a change that the vault itself starts now.
pub(crate) fn unattended(engine: &Engine, vault: &Vault, kind: JobKind, entity_name: String) -> Job {
    Job {
        id: JobId(Uuid::new_v4()),
        vault_id: vault.id,
        item_id: None,
        kind,
        status: JobStatus::InProgress,
        entity_name,
        started_at: engine.clock.now(),
        ended_at: None,
        user_triggered: false,
        activity_id: Uuid::new_v4().to_string(),
        properties: Vec::new(),
        faults: Vec::new(),
    }
}

/// A job record that a schedule or auto-heal starts now.
pub(crate) fn scheduled(engine: &Engine, item: &ProtectedItem, kind: JobKind, host: &str) -> Job {
    Job {
        id: JobId(Uuid::new_v4()),
        vault_id: item.vault_id,
        item_id: Some(item.id),
        kind,
        status: JobStatus::InProgress,
        entity_name: format!("{} [{host}]", item.name.database),
        started_at: engine.clock.now(),
        ended_at: None,
        user_triggered: false,
        activity_id: Uuid::new_v4().to_string(),
        properties: Vec::new(),
        faults: Vec::new(),
    }
}

fn not_found(vault: &Vault, id: JobId) -> Fault {
    Fault::not_found(
        "BMSUserErrorJobNotFound",
        format!("Job '{id}' was not found in vault '{}'. List the vault's jobs for the ids.", vault.name),
    )
    .at("jobName")
}

/// Reads a job.
pub async fn get(engine: &Engine, path: &VaultPath, id: JobId) -> Result<(Vault, Job)> {
    let mut tx = engine.store.glance().await?;
    let vault = find(tx.as_mut(), path).await?;
    let job = tx.job(vault.id, id).await?.ok_or_else(|| not_found(&vault, id))?;
    Ok((vault, job))
}

/// Lists jobs, newest first.
pub async fn list(engine: &Engine, path: &VaultPath, filter: &JobFilter, page: &Page) -> Result<(Vault, Slice<Job>)> {
    let mut tx = engine.store.glance().await?;
    let vault = find(tx.as_mut(), path).await?;
    let slice = tx.jobs(vault.id, filter, page).await?;
    Ok((vault, slice))
}

/// Asks for a cancel: Cancelling now, Cancelled when the agent has let go (or at once, if no agent
/// has taken the work yet).
pub async fn cancel(engine: &Engine, caller: &Caller, path: &VaultPath, id: JobId) -> Result<Operation> {
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let vault = find(tx.as_mut(), path).await?;
    let mut job = tx.job(vault.id, id).await?.ok_or_else(|| not_found(&vault, id))?;
    let command = tx.command_of_job(id).await?;
    if command.as_ref().is_some_and(|c| matches!(c.work, CommandWork::Backup { remedial: Some(_), .. })) {
        return Err(Fault::invalid(
            "UserErrorJobNotCancellable",
            format!("Job {id} takes the full backup that mends a broken log chain; it cannot be cancelled. Wait until it has ended."),
        ));
    }
    if matches!(job.kind, JobKind::Restore(_) | JobKind::RestoreWithRehydrate(_)) && engine.progress(id).is_some_and(|p| p.bytes_done > 0) {
        return Err(Fault::invalid(
            "UserErrorJobNotCancellable",
            format!("Job {id} is writing the restored data already; a restore can be cancelled until then. Wait until it has ended."),
        ));
    }
    job.request_cancel()?;
    tx.update_job(&job).await?;
    if command.is_none() && matches!(job.kind, JobKind::RestoreWithRehydrate(_)) {
        // Nothing but a task waits for what comes back from the archive tier; it finds the job ended.
        crate::restores::cancelled(tx.as_mut(), job.item_id, id).await?;
        let fault = JobFault::catalogue("UserErrorJobSuccessfullyCancelled", "");
        crate::outcome::end_job(engine, tx.as_mut(), vault.id, id, JobStatus::Cancelled, vec![fault], &[]).await?;
    }
    if let Some(mut command) = command {
        command.cancel_requested = true;
        tx.update_command(&command).await?;
        if command.state == CommandState::Queued {
            crate::outcome::conclude(engine, tx.as_mut(), command, &crate::agents::Outcome::Cancelled).await?;
        }
    }
    let operation = start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Nothing, job: None, done: true }).await?;
    tx.commit().await?;
    engine.wake.ring(Bell::Commands);
    engine.wake.ring(Bell::Operations);
    Ok(operation)
}
