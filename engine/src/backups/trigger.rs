//! A backup on demand.

use super::{Asked, verdict};
use crate::agents::queue;
use crate::operations::{Start, repeated, start};
use crate::protection::{ItemPath, find_item};
use crate::{Caller, Engine, groups, jobs};
use jiff::Timestamp;
use rsvault_domain::backup::heal::Decision;
use rsvault_domain::backup::{BackupKind, daily};
use rsvault_domain::fault::{Fault, JobFault, Result};
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
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    let policy_id = item.may_back_up()?;
    let policy = tx.policy_by_id(policy_id).await?.ok_or_else(|| Fault::internal("policy of an item is gone"))?;
    let sql = policy.spec.for_sql(&policy.name)?;
    let expires_at = policy::on_demand_expiry(kind, request.expires_at, engine.stamp_now(), sql)?;
    if kind == BackupKind::Full {
        let asked = tx.backups_asked_for(item.id, kind, daily::day_of(now)).await?;
        daily::may_ask_for_full(asked, &item.name.database, now)?;
    }
    let gone = || {
        Fault::conflict(
            "WorkloadExtensionNotReachable",
            format!("The server of '{}' does not exist any more. Stop protection of the item.", item.name),
        )
    };
    // Of an availability group the node that may take it; without one the job fails with the reason.
    let (server, not_here) = match groups::holder(tx.as_mut(), &container, kind).await? {
        Ok(server) => (server.ok_or_else(gone)?, None),
        Err(code) => (tx.server_by_id(container.server_id).await?.ok_or_else(gone)?, Some(code)),
    };
    let host = groups::host_of(&container, &server);
    let mut job = jobs::new(engine, caller, &vault, Some(item.id), JobKind::Backup(kind), format!("{} [{host}]", item.name.database));
    let open = groups::open_commands(tx.as_mut(), &container).await?;
    let refused = match verdict(tx.as_mut(), &item, Asked { kind, scheduled: false, now }, &open).await? {
        Decision::Fail { code } | Decision::FailAndHeal { code } | Decision::Skip { code } => Some(code),
        Decision::Run(_) | Decision::Convert { .. } => not_here,
    }
    .map(|code| JobFault::catalogue(code, ""));
    if let Some(fault) = &refused {
        job.end(JobStatus::Failed, vec![fault.clone()], now);
    }
    let job_id = job.id;
    let operation =
        start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Item(item.id), job: Some(job), done: true }).await?;
    if refused.is_none() {
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
