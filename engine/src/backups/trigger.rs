//! A backup on demand.

use crate::agents::queue;
use crate::operations::{Start, repeated, start};
use crate::protection::{ItemPath, find_item};
use crate::{Caller, Engine, jobs};
use jiff::Timestamp;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::fault::{Fault, FaultKind, JobFault, Result};
use rsvault_domain::job::{JobKind, JobStatus};
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::policy;
use rsvault_domain::ports::Bell;
use rsvault_domain::work::CommandWork;

/// What the body asks for.
#[derive(Clone, Copy, Debug)]
pub struct BackupRequest {
    /// Kind.
    pub kind: BackupKind,
    /// `enableCompression`; None = as the policy says.
    pub compress: Option<bool>,
    /// `recoveryPointExpiryTimeInUTC`.
    pub expires_at: Option<Timestamp>,
}

/// Starts a backup: the operation has succeeded at once, the job runs on (wire-facts 0.4).
pub async fn trigger(engine: &Engine, caller: &Caller, path: &ItemPath, request: &BackupRequest) -> Result<Operation> {
    let now = engine.clock.now();
    let kind = request.kind;
    if matches!(kind, BackupKind::Differential | BackupKind::Log) {
        return Err(Fault::new(
            FaultKind::Unsupported,
            "OperationNotSupportedYet",
            format!("backupType {} is not supported yet by rsvault: log chains come later. Use Full or CopyOnlyFull.", kind.as_str()),
        )
        .at("properties.backupType"));
    }
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    let policy_id = item.may_back_up()?;
    let policy = tx.policy_by_id(policy_id).await?.ok_or_else(|| Fault::internal("policy of an item is gone"))?;
    let sql = policy.spec.for_sql(&policy.name)?;
    let expires_at = policy::on_demand_expiry(kind, request.expires_at, now, sql)?;
    let server = tx.server_by_id(container.server_id).await?.ok_or_else(|| {
        Fault::conflict(
            "WorkloadExtensionNotReachable",
            format!("The server of '{}' does not exist any more. Stop protection of the item.", item.name),
        )
    })?;
    let mut job =
        jobs::new(engine, caller, &vault, Some(item.id), JobKind::Backup(kind), format!("{} [{}]", item.name.database, server.host_name()));
    let running = tx.running_jobs(item.id).await?;
    let conflict = if running.iter().any(|j| j.kind == JobKind::Backup(kind)) {
        Some(JobFault::catalogue("OperationCancelledBecauseConflictingOperationRunningUserError", ""))
    } else if !item.recovery_model.allows(kind, &item.name.database) {
        Some(JobFault::catalogue("UserErrorSQLPODoesNotSupportBackupType", ""))
    } else {
        None
    };
    let refused = conflict.is_some();
    if let Some(fault) = conflict {
        job.end(JobStatus::Failed, vec![fault], now);
    }
    let job_id = job.id;
    let operation =
        start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Item(item.id), job: Some(job), done: true }).await?;
    if !refused {
        let spelled = container.inventory.spelled(&item.name);
        let work = CommandWork::Backup {
            item: item.id,
            instance: spelled.instance,
            database: spelled.database,
            kind,
            compress: request.compress.unwrap_or(false) || sql.compresses(),
            expires_at: Some(expires_at),
            on_demand: true,
            slot: None,
            remedial: None,
        };
        queue(engine, tx.as_mut(), &server, &vault, Some(item.id), work, Some(job_id), None).await?;
    }
    tx.commit().await?;
    engine.wake.ring(Bell::Commands);
    Ok(operation)
}
