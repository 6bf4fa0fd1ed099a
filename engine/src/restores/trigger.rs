//! A restore.

use super::check::check;
use super::rehydrate::begin;
use super::request::RestoreRequest;
use crate::agents::queue;
use crate::operations::{Start, repeated, start_as};
use crate::protection::ItemPath;
use crate::{Caller, Engine, jobs};
use rsvault_domain::fault::Result;
use rsvault_domain::id::OperationId;
use rsvault_domain::job::{JOB_TYPE, JobKind, JobStatus};
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::Bell;
use rsvault_domain::work::{CommandWork, Rehydrate};

/// Starts a restore.
pub async fn trigger(engine: &Engine, caller: &Caller, path: &ItemPath, request: &RestoreRequest) -> Result<Operation> {
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let checked = check(tx.as_mut(), path, request, engine.clock.now()).await?;
    let (vault, item) = (&checked.vault, &checked.item);
    let mut job = jobs::new(
        engine,
        caller,
        vault,
        Some(item.id),
        if request.rehydrate.is_some() { JobKind::RestoreWithRehydrate(checked.kind) } else { JobKind::Restore(checked.kind) },
        format!("{} [{}]", item.name.database, checked.server.host_name()),
    );
    match request.rehydrate {
        None => job.set_property(JOB_TYPE, checked.job_type(request).to_owned()),
        Some(how) => {
            job.set_property("Rehydration Priority", how.priority.as_str().to_owned());
            job.set_property("Rehydrated Recovery Point Retention", format!("P{}D", how.keep_days));
        }
    }
    let job_type = checked.job_type(request).to_owned();
    let busy = checked.busy.is_some();
    if let Some(fault) = checked.busy {
        job.end(JobStatus::Failed, vec![fault], engine.clock.now());
    }
    let job_id = job.id;
    let what = Start { subject: Subject::Item(item.id), job: Some(job), done: true };
    let operation = start_as(engine, tx.as_mut(), caller, vault, what, OperationId(job_id.0)).await?;
    let work = CommandWork::Restore { item: item.id, plan: checked.plan, destination: checked.destination, secondary: false };
    if let (false, Some(how)) = (busy, request.rehydrate) {
        let work = Rehydrate {
            vault: vault.id,
            item: item.id,
            points: checked.archived.iter().map(|point| point.name.clone()).collect(),
            job: job_id,
            keep_days: how.keep_days,
            server: checked.server.id,
            restore: work,
            job_type,
        };
        begin(engine, tx.as_mut(), &checked.archived, how, work).await?;
    } else if !busy {
        queue(engine, tx.as_mut(), &checked.server, vault, Some(item.id), work, Some(job_id), None).await?;
    }
    tx.commit().await?;
    engine.wake.ring(Bell::Commands);
    engine.wake.ring(Bell::Tasks);
    Ok(operation)
}
