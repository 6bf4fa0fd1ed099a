//! Writing a policy. One that protects nothing is written, and that is all; one that protects items is
//! applied to each of them by a job of its own, all under one operation (rulebook 3.6).
//!
//! Always holds: the new schedule is in force for all items from the moment the policy is written; the
//! new retention reaches the points that stand with each item's job. What a job applies is the policy
//! as it stands then: of two writes in a row the last one counts, whichever jobs end first.

use super::{PolicyInUse, find_policy, hold};
use crate::operations::{Start, repeated, start};
use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine, guards, jobs};
use rsvault_domain::fault::{Fault, JobFault, Result};
use rsvault_domain::guard::Critical;
use rsvault_domain::id::{NameKey, PolicyId, TaskId, policy_name};
use rsvault_domain::job::{Job, JobKind, JobStatus};
use rsvault_domain::limits::{self, Quota};
use rsvault_domain::operation::{Operation, Subject, numbered_job};
use rsvault_domain::policy::retention::shortens;
use rsvault_domain::policy::{self, Policy, PolicySpec, SqlPolicy, Timetable};
use rsvault_domain::ports::{Bell, ItemFilter, Page, Tx};
use rsvault_domain::protection::{ItemState, ProtectedItem};
use rsvault_domain::vault::Vault;
use rsvault_domain::work::{AT_ONCE, ProtectionChange, TaskKind};
use uuid::Uuid;

/// What the writes of a vault's policies are counted as.
const WRITES: &str = "policyWrites";

/// A policy that was written.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The policy as it stands.
    pub policy: PolicyInUse,
    /// The operation that applies it to its items; None: it protects nothing.
    pub operation: Option<Operation>,
}

/// Writes a SQL policy. With `mend` (`makePolicyConsistent`) and nothing new in it, it is applied only to the
/// items that could not be brought to it before.
pub async fn put(engine: &Engine, caller: &Caller, path: &VaultPath, name: &str, spec: SqlPolicy, mend: bool) -> Result<Saved> {
    policy_name(name)?;
    policy::validate(&spec)?;
    let now = engine.clock.now();
    let mut tx = engine.store.begin().await?;
    let vault = find(tx.as_mut(), path).await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        let policy = find_policy(tx.as_mut(), &vault, name).await?;
        let items = tx.policy_use(policy.id).await?;
        return Ok(Saved { policy: PolicyInUse { policy, items }, operation: Some(operation) });
    }
    let quota = Quota::take(tx.quota(vault.id, WRITES).await?, limits::POLICY_WRITES, "Writes of policies", now)?;
    tx.put_quota(vault.id, WRITES, quota).await?;
    let Some(stands) = tx.policy(vault.id, &NameKey::new(name)).await? else {
        let cure = "Delete one that protects nothing, or write over one that stands.";
        let held = tx.held(vault.id).await?.policies;
        limits::room("BMSUserErrorPolicyQuotaExceeded", held, limits::POLICIES_PER_VAULT, "policies", &vault.name, cure)?;
        let policy = Policy {
            id: PolicyId(Uuid::new_v4()),
            vault_id: vault.id,
            name: name.to_owned(),
            spec: PolicySpec::Sql(spec),
            system: false,
            created_at: now,
            updated_at: now,
            etag: 1,
        };
        tx.put_policy(&policy).await?;
        tx.commit().await?;
        return Ok(Saved { policy: PolicyInUse { policy, items: 0 }, operation: None });
    };
    let old = stands.spec.for_sql(&stands.name)?;
    let mut items = items_of(tx.as_mut(), &vault, stands.id).await?;
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    hold::may_write(&vault, &stands, old, &spec, &items)?;
    let shortened = shortens(old, &spec).filter(|_| !items.is_empty());
    if shortened.is_some() {
        guards::require(tx.as_mut(), caller, &vault, Critical::ShortenPolicy).await?;
    }
    let moved = Timetable::of(old, stands.updated_at) != Timetable::of(&spec, now);
    if mend && *old == spec {
        items.retain(|item| item.track.policy_fault.is_some());
    }
    let policy = Policy { spec: PolicySpec::Sql(spec), updated_at: now, etag: stands.etag + 1, ..stands };
    tx.put_policy(&policy).await?;
    if let Some(field) = shortened {
        hold::warn_of_edit(engine, tx.as_mut(), &policy, &field).await?;
    }
    let operation = if items.is_empty() { None } else { Some(apply(engine, tx.as_mut(), caller, &vault, &policy, items, moved).await?) };
    tx.commit().await?;
    engine.wake.ring(Bell::Schedules);
    engine.wake.ring(Bell::Tasks);
    Ok(Saved { policy: PolicyInUse { policy, items: count }, operation })
}

async fn items_of(tx: &mut dyn Tx, vault: &Vault, policy: PolicyId) -> Result<Vec<ProtectedItem>> {
    let filter = ItemFilter { policy_id: Some(policy), container_id: None };
    let mut page = Page::default();
    let mut items = Vec::new();
    loop {
        let slice = tx.items(vault.id, &filter, &page).await?;
        items.extend(slice.items);
        match slice.next {
            Some(next) => page.after = Some(next),
            None => return Ok(items),
        }
    }
}

/// A job and a task for each item, under one operation. `moved`: the schedule is another one now.
async fn apply(
    engine: &Engine,
    tx: &mut dyn Tx,
    caller: &Caller,
    vault: &Vault,
    policy: &Policy,
    items: Vec<ProtectedItem>,
    moved: bool,
) -> Result<Operation> {
    let now = policy.updated_at;
    let operation = start(engine, tx, caller, vault, Start { subject: Subject::Policy(policy.id), job: None, done: false }).await?;
    for (n, mut item) in (0..).zip(items) {
        let container = tx.container_by_id(item.container_id).await?.ok_or_else(|| Fault::internal("container of an item is gone"))?;
        let mut job = jobs::new(engine, caller, vault, Some(item.id), JobKind::ConfigureBackup, item.name.database.clone());
        job.id = numbered_job(operation.id, n);
        job.set_property("Policy Name", policy.name.clone());
        job.set_property("ContainerUniqueName", container.name.short());
        tx.insert_job(&job).await?;
        let change = ProtectionChange::ApplyPolicy { policy: policy.id };
        let task = TaskKind::Protect { item: item.id, operation: operation.id, job: job.id, change };
        tx.enqueue(TaskId(Uuid::now_v7()), &task, AT_ONCE).await?;
        if moved && item.state != ItemState::BackupsSuspended {
            item.track.scheduled_since = Some(now);
            item.watch_at = Some(now);
            tx.update_item(&item).await?;
        }
    }
    Ok(operation)
}

/// The jobs of an operation on a policy, one for each item it was applied to.
pub async fn jobs_of(engine: &Engine, operation: &Operation) -> Result<Vec<Job>> {
    let mut tx = engine.store.read().await?;
    let mut jobs = Vec::new();
    for n in 0.. {
        match tx.job(operation.vault_id, numbered_job(operation.id, n)).await? {
            Some(job) => jobs.push(job),
            None => break,
        }
    }
    Ok(jobs)
}

/// How applying a policy went: None while a job runs, else the fault if any item could not be brought to it.
pub(crate) async fn applied(tx: &mut dyn Tx, operation: &Operation) -> Result<Option<std::result::Result<(), JobFault>>> {
    // They end in order, so the last tells whether there is anything to look at; without it each ending job would read all
    // that ended before.
    let (mut failed, mut first) = (0, None);
    for n in (0..count_of_jobs(tx, operation).await?).rev() {
        let Some(mut job) = tx.job(operation.vault_id, numbered_job(operation.id, n)).await? else { continue };
        if !job.status.is_final() {
            return Ok(None);
        }
        if job.status == JobStatus::Failed {
            failed += 1;
            first = job.faults.pop().or(first);
        }
    }
    Ok(Some(match first {
        None => Ok(()),
        Some(mut fault) => {
            fault.message =
                format!("{failed} of the policy's items could not be brought to it; their jobs say why. The first: {}", fault.message);
            Err(fault)
        }
    }))
}

/// How many jobs an operation on a policy has: found by doubling, then by halving.
async fn count_of_jobs(tx: &mut dyn Tx, operation: &Operation) -> Result<u32> {
    let (mut there, mut not) = (0, 1);
    while tx.job(operation.vault_id, numbered_job(operation.id, not - 1)).await?.is_some() {
        (there, not) = (not, not * 2);
    }
    while not - there > 1 {
        let middle = there + (not - there) / 2;
        if tx.job(operation.vault_id, numbered_job(operation.id, middle - 1)).await?.is_some() {
            there = middle;
        } else {
            not = middle;
        }
    }
    Ok(there)
}
