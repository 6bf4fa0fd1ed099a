//! A move to the archive tier: a job that takes its time, at whose end the point counts as archived.

use super::readiness;
use crate::operations::{Start, repeated, start_as};
use crate::protection::{ItemPath, find_item};
use crate::{Caller, Engine, backups, jobs, outcome};
use rsvault_domain::archive::{MOVE_TIME, NotReady, Tier};
use rsvault_domain::backup::{BackupKind, DEFAULT_RANGE, RecoveryPointName};
use rsvault_domain::fault::{Fault, JobFault, Result};
use rsvault_domain::id::{ItemId, JobId, OperationId, TaskId, VaultId};
use rsvault_domain::job::{JobKind, JobStatus};
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::{Bell, EventKind, Tx};
use rsvault_domain::work::TaskKind;
use uuid::Uuid;

/// Starts the move of a point. Its operation has succeeded at once and has the job's id (wire-facts 1).
pub async fn move_point(engine: &Engine, caller: &Caller, path: &ItemPath, name: &str) -> Result<Operation> {
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    item.may_be_used()?;
    if name.eq_ignore_ascii_case(DEFAULT_RANGE) {
        return Err(refused(name, &NotReady::Kind(BackupKind::Log)));
    }
    let point = tx.point(item.id, &RecoveryPointName(name.to_owned())).await?.filter(|p| p.kind != BackupKind::Log);
    let point = point.ok_or_else(|| backups::not_found(&item, name))?;
    readiness::of(tx.as_mut(), &point, engine.trusted_now()).await?.map_err(|why| refused(name, &why))?;
    let host = tx.server_by_id(container.server_id).await?.map_or_else(|| container.name.server.clone(), |server| server.host_name());
    let entity = format!("{} [{host}]", item.name.database);
    let mut job = jobs::new(engine, caller, &vault, Some(item.id), JobKind::MoveRecoveryPoint, entity);
    job.set_property("Recovery Point Time", outcome::restore_time(point.time));
    let until = job.started_at.saturating_add(MOVE_TIME).map_err(Fault::internal)?;
    tx.set_tier(point.set_id, &Tier::Moving { until, job: job.id }).await?;
    let task = TaskKind::ArchivePoint { vault: vault.id, item: item.id, point: point.name, job: job.id };
    tx.enqueue(TaskId(Uuid::now_v7()), &task, until).await?;
    let id = OperationId(job.id.0);
    let what = Start { subject: Subject::Item(item.id), job: Some(job), done: true };
    let operation = start_as(engine, tx.as_mut(), caller, &vault, what, id).await?;
    tx.commit().await?;
    engine.wake.ring(Bell::Tasks);
    Ok(operation)
}

fn refused(name: &str, why: &NotReady) -> Fault {
    Fault::invalid("UserErrorRecoveryPointNotReadyForMove", format!("Recovery point '{name}' cannot move to the archive tier. {why}"))
        .at("recoveryPointId")
}

/// The move's time has passed: the point is archived and its job ends. Gives what to tell once that is durable.
pub(crate) async fn arrive(
    engine: &Engine,
    tx: &mut dyn Tx,
    vault: VaultId,
    item: ItemId,
    name: &RecoveryPointName,
    job: JobId,
) -> Result<Option<(EventKind, String, String)>> {
    let Some(point) = tx.point(item, name).await?.filter(|point| point.tier.job() == Some(job)) else {
        let gone = JobFault::catalogue("UserErrorRecoveryPointDeleted", "");
        outcome::end_job(engine, tx, vault, job, JobStatus::Failed, vec![gone], &[]).await?;
        return Ok(None);
    };
    tx.set_tier(point.set_id, &Tier::Archived { since: engine.clock.now() }).await?;
    outcome::end_job(engine, tx, vault, job, JobStatus::Completed, Vec::new(), &[]).await?;
    let subject = tx.item_by_id(item).await?.map_or_else(String::new, |item| item.name.to_string());
    Ok(Some((EventKind::Archive, subject, format!("Recovery point {name} of {} is in the archive tier.", point.time))))
}

/// Puts the points that `job` was moving or rehydrating back to where they were.
pub(crate) async fn give_up(tx: &mut dyn Tx, item: ItemId, job: JobId) -> Result<()> {
    for point in tx.tiered_points(item).await? {
        if point.tier.job() == Some(job) {
            tx.set_tier(point.set_id, &point.tier.given_up()).await?;
        }
    }
    Ok(())
}
