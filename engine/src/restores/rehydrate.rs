//! Restores of archived points: what a plan needs from the archive is brought back first, which takes its time
//! on the clock; then the restore runs as any other, and the copies stay for as long as was asked.
//!
//! Always holds: a restore reads no archived point that has no copy; a rehydration that is cancelled or fails
//! leaves its points archived; a copy that is there already is only prolonged.

use super::request::{Rehydration, RestoreRequest};
use super::target::same_target_runs;
use crate::agents::queue;
use crate::{Engine, archive, outcome};
use jiff::Timestamp;
use rsvault_domain::archive::{Tier, copy_until};
use rsvault_domain::discovery::Registration;
use rsvault_domain::fault::{Fault, JobFault, Result};
use rsvault_domain::id::{ItemId, JobId, TaskId};
use rsvault_domain::job::{JOB_TYPE, JobStatus};
use rsvault_domain::ports::{EventKind, TieredPoint, Tx};
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::restore::RestorePlan;
use rsvault_domain::work::{CommandWork, Rehydrate, TaskKind};
use uuid::Uuid;

/// The archived points that a plan needs, with or without a copy; refuses a request that does not fit them.
pub(super) async fn needed(
    tx: &mut dyn Tx,
    item: &ProtectedItem,
    plan: &RestorePlan,
    request: &RestoreRequest,
    now: Timestamp,
) -> Result<Vec<TieredPoint>> {
    let mut points = tx.tiered_points(item.id).await?;
    points.retain(|point| plan.steps.iter().any(|step| step.set_id == point.set_id));
    points.iter_mut().for_each(|point| point.tier = point.tier.at(now));
    points.retain(|point| !matches!(point.tier, Tier::Standard | Tier::Moving { .. }));
    if let Some(point) = points.iter().find(|point| matches!(point.tier, Tier::Rehydrating { .. })) {
        return Err(Fault::conflict(
            "UserErrorRestoreOperationInProgress",
            format!("Recovery point '{}' is being rehydrated by another restore. Wait until that job has ended.", point.name),
        ));
    }
    let cold = points.iter().find(|point| matches!(point.tier, Tier::Archived { .. }));
    match (request.rehydrate, cold) {
        (None, Some(point)) => Err(Fault::invalid(
            "UserErrorRecoveryPointInArchiveTier",
            format!(
                "Recovery point '{}' is in the archive tier; a restore brings it back first. Send AzureWorkloadSQLRestoreWithRehydrateRequest with recoveryPointRehydrationInfo (rehydrationRetentionDuration, rehydrationPriority).",
                point.name
            ),
        )
        .at("properties.objectType")),
        (Some(_), _) if points.is_empty() => Err(Fault::invalid(
            "BMSUserErrorInvalidRestoreRequest",
            "What this restore needs is in the standard tier; there is nothing to rehydrate. Send AzureWorkloadSQLRestoreRequest, or the point in time request, without recoveryPointRehydrationInfo.",
        )
        .at("properties.objectType")),
        _ => Ok(points),
    }
}

/// Begins: the points are on their way back; the task does the rest when they are there.
pub(super) async fn begin(engine: &Engine, tx: &mut dyn Tx, points: &[TieredPoint], how: Rehydration, work: Rehydrate) -> Result<()> {
    let now = engine.clock.now();
    let mut until = now;
    for point in points {
        if let Tier::Archived { since } = point.tier {
            until = now.saturating_add(how.priority.time()).map_err(Fault::internal)?;
            tx.set_tier(point.set_id, &Tier::Rehydrating { since, until, job: work.job }).await?;
        }
    }
    tx.enqueue(TaskId(Uuid::now_v7()), &TaskKind::Rehydrate(Box::new(work)), until).await?;
    Ok(())
}

/// The points are back: copies are there, and the restore is queued. Gives what to tell once that is durable.
pub(crate) async fn rehydrated(engine: &Engine, tx: &mut dyn Tx, work: &Rehydrate) -> Result<Option<(EventKind, String, String)>> {
    let now = engine.clock.now();
    let Some(mut job) = tx.job(work.vault, work.job).await?.filter(|job| job.status == JobStatus::InProgress) else {
        archive::give_up(tx, work.item, work.job).await?;
        return Ok(None); // Cancelled meanwhile.
    };
    let until = copy_until(now, work.keep_days);
    for name in &work.points {
        let Some(point) = tx.point(work.item, name).await? else {
            return failed(engine, tx, work, JobFault::catalogue("UserErrorRecoveryPointDeleted", "")).await;
        };
        let (since, until) = match point.tier {
            Tier::Rehydrating { since, .. } | Tier::Archived { since } => (since, until),
            Tier::Rehydrated { since, until: stands } => (since, until.max(stands)),
            Tier::Standard | Tier::Moving { .. } => continue,
        };
        tx.set_tier(point.set_id, &Tier::Rehydrated { since, until }).await?;
        let task = TaskKind::ExpireCopy { item: work.item, point: name.clone() };
        tx.enqueue(TaskId(Uuid::now_v7()), &task, until).await?;
    }
    let (Some(item), Some(vault)) = (tx.item_by_id(work.item).await?, tx.vault_by_id(work.vault).await?) else {
        return failed(engine, tx, work, JobFault::catalogue("UserErrorRecoveryPointDeleted", "")).await;
    };
    if let Err(fault) = item.may_be_used() {
        return failed(engine, tx, work, JobFault::catalogue(&fault.code, fault.message)).await;
    }
    let registered = tx
        .container_of_server(work.server)
        .await?
        .is_some_and(|container| container.vault_id == work.vault && container.registration == Registration::Registered);
    let Some(server) = tx.server_by_id(work.server).await?.filter(|_| registered) else {
        let text = "The target server was unregistered while the recovery point was rehydrated.";
        return failed(engine, tx, work, JobFault::catalogue("WorkloadExtensionNotReachable", text)).await;
    };
    let CommandWork::Restore { plan, .. } = &work.restore else {
        return Err(Fault::internal("a rehydration that is followed by no restore"));
    };
    if let Some(code) = same_target_runs(tx, server.id, work.item, &plan.target).await? {
        return failed(engine, tx, work, JobFault::catalogue(code, "")).await;
    }
    job.set_property(JOB_TYPE, work.job_type.clone());
    tx.update_job(&job).await?;
    queue(engine, tx, &server, &vault, Some(work.item), work.restore.clone(), Some(work.job), None).await?;
    let names: Vec<_> = work.points.iter().map(ToString::to_string).collect();
    let text = format!("Recovery point {} was rehydrated until {until}; its restore begins.", names.join(", "));
    Ok(Some((EventKind::Archive, item.name.to_string(), text)))
}

async fn failed(engine: &Engine, tx: &mut dyn Tx, work: &Rehydrate, fault: JobFault) -> Result<Option<(EventKind, String, String)>> {
    archive::give_up(tx, work.item, work.job).await?;
    outcome::end_job(engine, tx, work.vault, work.job, JobStatus::Failed, vec![fault], &[]).await?;
    Ok(None)
}

/// A cancel before the transfer: what was on its way back is archived again.
pub(crate) async fn cancelled(tx: &mut dyn Tx, item: Option<ItemId>, job: JobId) -> Result<()> {
    match item {
        Some(item) => archive::give_up(tx, item, job).await,
        None => Ok(()),
    }
}
