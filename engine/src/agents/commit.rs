//! Commit: the one small flip that makes bytes a recovery point.
//!
//! Always holds: the manifest object is durable before the flip; the flip, the recovery point, the
//! command and the job change in one transaction; asked again, the answer is the same.

use super::Outcome;
use super::ingest::own_set;
use crate::backups::head_of;
use crate::health::{self, Ended};
use crate::{Engine, outcome, regions};
use bytes::Bytes;
use jiff::Timestamp;
use rsvault_domain::archive::Tier;
use rsvault_domain::backup::chain::{Chain, Link};
use rsvault_domain::backup::{
    BackupFacts, BackupKind, BackupSet, Manifest, PointMark, RecoveryPoint, RecoveryPointName, SetState, StreamSummary, WrappedKey,
    verify_streams,
};
use rsvault_domain::discovery::AgentRecord;
use rsvault_domain::fault::{Fault, JobFault, Result};
use rsvault_domain::health::HealthMetric;
use rsvault_domain::id::{SetId, TaskId};
use rsvault_domain::job::JobStatus;
use rsvault_domain::ports::{Bell, PutOutcome, StoreError, Tx};
use rsvault_domain::protection::{ItemState, LastBackup, ProtectedItem};
use rsvault_domain::work::{CommandState, CommandWork, TaskKind};

/// What the agent says it has sent.
#[derive(Clone, Debug)]
pub struct CommitRequest {
    /// Generation it worked at.
    pub generation: i64,
    /// What the engine reported.
    pub facts: BackupFacts,
    /// The wrapped data key.
    pub key: WrappedKey,
    /// Streams.
    pub streams: Vec<StreamSummary>,
}

/// The point that came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Recovery point.
    pub point: RecoveryPointName,
    /// When it was committed.
    pub at: Timestamp,
}

/// Commits a set.
pub async fn commit(engine: &Engine, agent: &AgentRecord, id: SetId, request: &CommitRequest) -> Result<Committed> {
    let (set, manifest) = {
        let mut tx = engine.store.read().await?;
        let set = own_set(tx.as_mut(), agent, id).await?;
        if let Some(done) = committed_before(tx.as_mut(), &set, request.generation).await? {
            return Ok(done);
        }
        set.accepts(request.generation)?;
        let manifest = manifest_of(tx.as_mut(), &set, request).await?;
        let broken = chain_break(tx.as_mut(), &set, &request.facts).await?;
        drop(tx);
        if let Some(fault) = broken {
            return refuse(engine, agent, &set, fault).await;
        }
        (set, manifest)
    };
    let bytes = Bytes::from(serde_json::to_vec_pretty(&manifest).map_err(Fault::internal)?);
    if engine.objects.put_new(&set.manifest_key(), bytes.clone()).await? == PutOutcome::Exists
        && engine.objects.get(&set.manifest_key()).await? != bytes
    {
        return Err(Fault::conflict(
            "ManifestExists",
            "This set was offered for commit before with another manifest. Start a new attempt.",
        ));
    }
    let mut tx = engine.store.begin().await?;
    let committed = flip(engine, tx.as_mut(), agent, &set, &manifest).await?;
    tx.commit().await?;
    engine.wake.ring(Bell::Operations);
    engine.wake.ring(Bell::Tasks);
    Ok(committed)
}

async fn committed_before(tx: &mut dyn Tx, set: &BackupSet, generation: i64) -> Result<Option<Committed>> {
    if set.state != SetState::Committed || set.generation != generation {
        return Ok(None);
    }
    let point = tx
        .point_of_set(set.id)
        .await?
        .ok_or_else(|| Fault::not_found("RecoveryPointGone", "The recovery point of this set has been deleted."))?;
    Ok(Some(Committed { point: point.name, at: set.closed_at.unwrap_or(set.opened_at) }))
}

async fn manifest_of(tx: &mut dyn Tx, set: &BackupSet, request: &CommitRequest) -> Result<Manifest> {
    if request.key.key_id != set.key_id || request.key.version != set.key_version {
        return Err(Fault::invalid(
            "WrongRecipient",
            format!(
                "The data key is wrapped for {} version {}; this set is for {} version {}.",
                request.key.key_id, request.key.version, set.key_id, set.key_version
            ),
        )
        .at("key"));
    }
    let ledger = tx.ledger(set.id, set.generation).await?;
    let streams = verify_streams(set.chunk_size, &ledger, &request.streams, &|bytes| blake3::hash(bytes).to_hex().to_string())?;
    let item = tx.item_by_id(set.item_id).await?.ok_or_else(item_gone)?;
    let container = tx.container_by_id(item.container_id).await?.ok_or_else(|| Fault::internal("container of an item is gone"))?;
    lsn_order(tx, set, &request.facts).await?;
    let spelled = container.inventory.spelled(&item.name);
    Ok(Manifest {
        format: 1,
        set_id: set.id,
        generation: set.generation,
        vault_id: set.vault_id,
        item_id: set.item_id,
        source_resource_id: container.source_resource_id,
        instance: spelled.instance,
        database: spelled.database,
        kind: set.kind,
        facts: request.facts.clone(),
        chunk_size: set.chunk_size,
        key: request.key.clone(),
        streams,
    })
}

/// What keeps a differential or log from being of use: a foreign backup, another fork, a gap.
async fn chain_break(tx: &mut dyn Tx, set: &BackupSet, facts: &BackupFacts) -> Result<Option<JobFault>> {
    if matches!(set.kind, BackupKind::Full | BackupKind::CopyOnlyFull) {
        return Ok(None);
    }
    let item = tx.item_by_id(set.item_id).await?.ok_or_else(item_gone)?;
    let head = head_of(tx, &item).await?;
    let Err(broken) = head.fits(set.kind, facts) else { return Ok(None) };
    if set.kind == BackupKind::Log {
        // The head knows the latest by the server's clock, which may have been set back: what leads on
        // from any point is no gap.
        let log = Link::of(set.id, RecoveryPointName::of(set.id, 0), set.kind, facts, 0);
        let links = tx.marks(set.item_id).await?.into_iter().map(|mark| mark.link);
        if Chain::new(links.chain([log.clone()])).plan_for(&log.name).is_ok() {
            return Ok(None);
        }
    }
    if set.kind == BackupKind::Differential {
        // A full that was committed while it ran is not its base; any earlier one may be.
        let base = |m: &PointMark| {
            m.link.kind == BackupKind::Full
                && m.link.checkpoint_lsn == facts.database_backup_lsn
                && m.link.recovery_fork == facts.recovery_fork
        };
        if tx.marks(set.item_id).await?.iter().any(base) {
            return Ok(None);
        }
    }
    Ok(Some(JobFault::catalogue(broken.code(), "")))
}

fn item_gone() -> Fault {
    Fault::conflict("ItemGone", "The protected item of this set has been deleted. The backup is not kept.")
}

/// Ends the run: what does not fit the chain never becomes a point. The agent is told the same code,
/// and its report of it changes nothing more.
async fn refuse(engine: &Engine, agent: &AgentRecord, set: &BackupSet, fault: JobFault) -> Result<Committed> {
    let mut tx = engine.store.begin().await?;
    let command = super::leased(tx.as_mut(), agent, set.command_id, set.generation).await?;
    outcome::conclude(engine, tx.as_mut(), command, &Outcome::Failed(fault.clone())).await?;
    tx.commit().await?;
    engine.wake.ring(Bell::Operations);
    engine.wake.ring(Bell::Tasks);
    Err(Fault::conflict(fault.code.clone(), format!("{} {}", fault.message, fault.recommendations.join(" "))))
}

/// A full that began after another backup was committed cannot end at an older LSN of the same fork.
/// Of two that ran side by side either may end first.
async fn lsn_order(tx: &mut dyn Tx, set: &BackupSet, facts: &BackupFacts) -> Result<()> {
    for kind in [BackupKind::Full, BackupKind::CopyOnlyFull, BackupKind::Differential, BackupKind::Log] {
        let Some(newer) = tx.latest_point(set.item_id, kind).await? else { continue };
        if newer.facts.recovery_fork != facts.recovery_fork || newer.facts.last_lsn <= facts.last_lsn {
            continue;
        }
        let committed = tx.set_head(newer.set_id).await?.and_then(|s| s.closed_at);
        if committed.is_some_and(|at| at <= set.opened_at) {
            return Err(Fault::invalid(
                "LsnOrder",
                format!("This backup ends at LSN {}, before an earlier recovery point ({}) of the same recovery fork. The agent read an older state; back up again.", facts.last_lsn, newer.facts.last_lsn),
            )
            .at("facts.lastLsn"));
        }
    }
    Ok(())
}

/// How long the policy of the moment keeps a scheduled backup; None (for ever) if the item has none any
/// more.
async fn own_expiry(tx: &mut dyn Tx, item: &ProtectedItem, kind: BackupKind, time: Timestamp) -> Result<Option<Timestamp>> {
    let Some(policy) = item.policy_id else { return Ok(None) };
    let Some(policy) = tx.policy_by_id(policy).await? else { return Ok(None) };
    let sql = policy.spec.for_sql(&policy.name)?;
    Ok(Some(rsvault_domain::policy::own_expiry(sql, kind, time, policy.updated_at)))
}

async fn flip(engine: &Engine, tx: &mut dyn Tx, agent: &AgentRecord, set: &BackupSet, manifest: &Manifest) -> Result<Committed> {
    let now = engine.clock.now();
    let current = own_set(tx, agent, set.id).await?;
    if let Some(done) = committed_before(tx, &current, set.generation).await? {
        return Ok(done);
    }
    current.accepts(set.generation)?;
    let mut command = super::leased(tx, agent, set.command_id, set.generation).await?;
    let CommandWork::Backup { expires_at, on_demand, .. } = command.work.clone() else {
        return Err(Fault::internal("set of a command that is no backup"));
    };
    let mut item = tx.item_by_id(set.item_id).await?.ok_or_else(item_gone)?;
    if !tx.commit_set(set.id, set.generation, manifest, now).await? {
        return Err(super::stale(set.command_id, set.generation));
    }
    // A server whose clock was set back does not shorten what its backups are kept: they cannot be older than their set.
    let taken_at = manifest.facts.consistent_at.max(set.opened_at);
    let expires_at = if on_demand { expires_at } else { own_expiry(tx, &item, set.kind, taken_at).await? };
    let mut point = RecoveryPoint {
        item_id: item.id,
        name: RecoveryPointName::of(set.id, 0),
        set_id: set.id,
        kind: set.kind,
        time: manifest.facts.consistent_at,
        expires_at,
        soft_deleted: None,
        on_demand,
        tier: Tier::Standard,
        facts: manifest.facts.clone(),
        sealed_bytes: manifest.sealed_bytes(),
    };
    for salt in 1.. {
        match tx.insert_point(&point).await {
            Ok(()) => break,
            Err(StoreError::Exists(_)) if salt < 8 => point.name = RecoveryPointName::of(set.id, salt),
            Err(error) => return Err(error.into()),
        }
    }
    let job_start = match command.job_id {
        Some(job) => tx.job(command.vault_id, job).await?.map_or(command.created_at, |j| j.started_at),
        None => command.created_at,
    };
    item.last_backup = Some(LastBackup { at: job_start, fault: None });
    if item.state == ItemState::IRPending && set.kind == BackupKind::Full {
        item.state = ItemState::Protected;
    }
    outcome::model_seen(&mut item, manifest.facts.recovery_model);
    item.track.trouble = None;
    let ended = Ended { vault: item.vault_id, item: item.id, job: command.job_id, metric: HealthMetric::Backup, trouble: None };
    health::note(engine, tx, ended).await?;
    if set.kind == BackupKind::Full {
        item.track.needs_full = None;
    }
    crate::reconcile::retention::schedule(&mut item, point.expires_at);
    item.updated_at = now;
    tx.update_item(&item).await?;
    command.state = CommandState::Done;
    command.lease_expires_at = None;
    tx.update_command(&command).await?;
    if let Some(job) = command.job_id {
        let sent = vec![("Data Transferred (in MB)", outcome::megabytes(point.sealed_bytes))];
        outcome::end_job(engine, tx, command.vault_id, job, JobStatus::Completed, Vec::new(), &sent).await?;
    }
    if let Some(vault) = tx.vault_by_id(set.vault_id).await? {
        regions::queue_copy(engine, tx, &vault, item.id, set.id).await?;
    }
    if set.generation > 1 {
        // Earlier attempts may have left chunks under their own generation, or be about to.
        let settled = now.saturating_add(crate::reconcile::GRACE).map_err(Fault::internal)?;
        tx.enqueue(TaskId(uuid::Uuid::new_v4()), &TaskKind::CollectSet { set: set.id }, settled).await?;
    }
    Ok(Committed { point: point.name, at: now })
}
