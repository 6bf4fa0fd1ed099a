//! The operation (and job) records a use case starts.

use crate::{Caller, Engine};
use rsvault_domain::fault::Result;
use rsvault_domain::id::{JobId, OperationId};
use rsvault_domain::job::Job;
use rsvault_domain::operation::{Operation, OperationStatus, Subject, vault_key};
use rsvault_domain::ports::Tx;
use rsvault_domain::vault::Vault;

/// What to start.
pub(crate) struct Start {
    /// What its result reader shows.
    pub(crate) subject: Subject,
    /// Its job, where it has one.
    pub(crate) job: Option<Job>,
    /// Whether it has ended already (backup and restore: the job runs on; wire-facts 0.4).
    pub(crate) done: bool,
}

/// The operation that this very request started before, if it is a repeat (design §5).
pub(crate) async fn repeated(tx: &mut dyn Tx, caller: &Caller) -> Result<Option<Operation>> {
    match &caller.request_key {
        Some(key) => Ok(tx.operation_by_request(key).await?),
        None => Ok(None),
    }
}

/// Writes the operation and its job.
pub(crate) async fn start(engine: &Engine, tx: &mut dyn Tx, caller: &Caller, vault: &Vault, what: Start) -> Result<Operation> {
    start_as(engine, tx, caller, vault, what, OperationId(uuid::Uuid::new_v4())).await
}

/// The same with an id that is given: restores and moves have their job's (wire-facts 1).
pub(crate) async fn start_as(
    engine: &Engine,
    tx: &mut dyn Tx,
    caller: &Caller,
    vault: &Vault,
    what: Start,
    id: OperationId,
) -> Result<Operation> {
    let now = engine.clock.now();
    let job_id: Option<JobId> = what.job.as_ref().map(|j| j.id);
    if let Some(job) = &what.job {
        tx.insert_job(job).await?;
    }
    let operation = Operation {
        id,
        vault_id: vault.id,
        vault_key: vault_key(vault.subscription, &vault.resource_group, &vault.name),
        subject: what.subject,
        status: if what.done { OperationStatus::Succeeded } else { OperationStatus::InProgress },
        job_id,
        error: None,
        started_at: now,
        ended_at: what.done.then_some(now),
        request_key: caller.request_key.clone(),
    };
    tx.insert_operation(&operation).await?;
    Ok(operation)
}
