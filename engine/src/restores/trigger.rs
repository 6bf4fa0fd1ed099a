//! A restore.

use super::check::check;
use super::request::RestoreRequest;
use crate::agents::queue;
use crate::operations::{Start, repeated, start};
use crate::protection::ItemPath;
use crate::{Caller, Engine, jobs};
use rsvault_domain::fault::Result;
use rsvault_domain::job::{JobKind, JobStatus};
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::Bell;
use rsvault_domain::work::CommandWork;

/// Starts a restore.
pub async fn trigger(engine: &Engine, caller: &Caller, path: &ItemPath, request: &RestoreRequest) -> Result<Operation> {
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let checked = check(tx.as_mut(), path, request).await?;
    let (vault, item) = (&checked.vault, &checked.item);
    let mut job = jobs::new(
        engine,
        caller,
        vault,
        Some(item.id),
        JobKind::Restore(checked.kind),
        format!("{} [{}]", item.name.database, checked.server.host_name()),
    );
    job.set_property("Job Type", checked.job_type(request).to_owned());
    let busy = checked.busy.is_some();
    if let Some(fault) = checked.busy {
        job.end(JobStatus::Failed, vec![fault], engine.clock.now());
    }
    let job_id = job.id;
    let operation =
        start(engine, tx.as_mut(), caller, vault, Start { subject: Subject::Item(item.id), job: Some(job), done: true }).await?;
    if !busy {
        let work = CommandWork::Restore { item: item.id, plan: checked.plan, destination: checked.destination };
        queue(engine, tx.as_mut(), &checked.server, vault, Some(item.id), work, Some(job_id), None).await?;
    }
    tx.commit().await?;
    engine.wake.ring(Bell::Commands);
    Ok(operation)
}
