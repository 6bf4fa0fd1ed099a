//! Retention: removes the points that nobody needs any more (rulebook 3.5), item by item, each at the
//! time it names in `reap_at`. What goes and when is for [`rsvault_domain::policy::retention`] to say.
//!
//! Always holds: one transaction an item, in which the points go, their sets become Aborted (so the
//! collector owns their objects) and the next look is noted. What a running restore reads stays until
//! the restore has ended. An item that is stopped or soft-deleted loses nothing here; a soft-deleted one
//! names the moment at which people are told that it will be purged.

use crate::Engine;
use crate::alerts::{self, Cause};
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::alert::AlertKind;
use rsvault_domain::backup::chain::{Chain, Link};
use rsvault_domain::backup::{BackupKind, PointMark};
use rsvault_domain::fault::Result;
use rsvault_domain::id::{ItemId, SetId};
use rsvault_domain::job::JobKind;
use rsvault_domain::policy::Policy;
use rsvault_domain::policy::retention::{Pruning, Rules, due, reapply};
use rsvault_domain::ports::{EventKind, Tx};
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::vault::{SoftDelete, SoftDeleteState};
use rsvault_domain::work::CommandWork;
use std::collections::HashSet;

/// Items looked at between two questions for more.
const BATCH: u32 = 100;
/// When to look again at points that a restore held.
const HELD_LOOK: SignedDuration = SignedDuration::from_mins(5);
/// How long before an item is purged people are told.
const PURGE_NOTICE: SignedDuration = SignedDuration::from_hours(48);

/// Looks at every item whose time has come. One that fails keeps no other from its turn; the first
/// failure is the answer, and the next round tries again.
pub async fn retention(engine: &Engine) -> Result<()> {
    loop {
        let items = engine.store.read().await?.items_to_reap(engine.trusted_now(), BATCH).await?;
        if items.is_empty() {
            return Ok(());
        }
        let mut done = Ok(());
        for item in items {
            done = done.and(reap(engine, item.id).await);
        }
        done?;
    }
}

/// Looks at one item, if its time has come.
pub(crate) async fn reap(engine: &Engine, id: ItemId) -> Result<()> {
    let now = engine.trusted_now();
    let mut tx = engine.store.begin().await?;
    let Some(mut item) = tx.item_by_id(id).await? else { return Ok(()) };
    if item.reap_at.is_none_or(|at| at > now) {
        return Ok(()); // Another process was faster.
    }
    if item.soft_deleted.is_some() {
        item.reap_at = None;
        tx.update_item(&item).await?;
        alerts::raise(engine, tx.as_mut(), upcoming_purge(&item)).await?;
        return Ok(tx.commit().await?);
    }
    let marks = tx.marks(id).await?;
    let decision = due(&marks, now, Pruning::of(&item));
    let held = if decision.remove.is_empty() { HashSet::new() } else { held(tx.as_mut(), id).await? };
    let (kept, gone): (Vec<SetId>, Vec<SetId>) = decision.remove.into_iter().partition(|set| held.contains(set));
    if !gone.is_empty() {
        tx.delete_points(id, &gone, now).await?;
    }
    let again = if kept.is_empty() { None } else { now.checked_add(HELD_LOOK).ok() };
    item.reap_at = decision.next.into_iter().chain(again).min();
    tx.update_item(&item).await?;
    tx.commit().await?;
    if !gone.is_empty() {
        engine.note(EventKind::Retention, item.name.to_string(), told(&item, marks, &gone));
    }
    Ok(())
}

/// Told two days ahead (rulebook 7.1).
fn upcoming_purge(item: &ProtectedItem) -> Cause {
    let when = item.soft_deleted.map_or_else(String::new, |deleted| format!(" at {}", deleted.purge_at));
    Cause {
        vault: item.vault_id,
        item: Some(item.id),
        subject: item.name.to_string(),
        kind: AlertKind::UpcomingPurge,
        code: None,
        text: format!("The deleted backups of '{}' will be gone for good{when}. Undelete the item to keep them.", item.name.database),
        job: None,
    }
}

/// The sets that restores of an item read, or are about to.
async fn held(tx: &mut dyn Tx, item: ItemId) -> Result<HashSet<SetId>> {
    // What is on its way to the archive tier or back belongs to a job.
    let mut held: HashSet<SetId> = tx.tiered_points(item).await?.iter().filter(|p| p.tier.job().is_some()).map(|p| p.set_id).collect();
    for job in tx
        .running_jobs(item)
        .await?
        .iter()
        .filter(|job| matches!(job.kind, JobKind::Restore(_) | JobKind::RestoreWithRehydrate(_) | JobKind::CrossRegionRestore(_)))
    {
        if let Some(CommandWork::Restore { plan, .. }) = tx.command_of_job(job.id).await?.map(|command| command.work) {
            held.extend(plan.steps.iter().map(|step| step.set_id));
        }
    }
    Ok(held)
}

/// What went and what is left, for people.
fn told(item: &ProtectedItem, marks: Vec<PointMark>, gone: &[SetId]) -> String {
    let gone: HashSet<&SetId> = gone.iter().collect();
    let (went, left): (Vec<Link>, Vec<Link>) = marks.into_iter().map(|mark| mark.link).partition(|link| gone.contains(&link.set_id));
    let words = [
        (BackupKind::Full, "full"),
        (BackupKind::Differential, "differential"),
        (BackupKind::Log, "log"),
        (BackupKind::CopyOnlyFull, "copy-only full"),
    ];
    let counted = words.into_iter().filter_map(|(kind, word)| match went.iter().filter(|link| link.kind == kind).count() {
        0 => None,
        1 => Some(format!("1 {word} backup")),
        n => Some(format!("{n} {word} backups")),
    });
    let counted = counted.collect::<Vec<_>>().join(", ");
    let points = left.len();
    let rest = match Chain::new(left).ranges().first() {
        Some(range) => format!("points in time start at {} now", range.start),
        None => format!("{points} left, without a range of points in time"),
    };
    format!("{counted} of '{}' expired; {rest}.", item.name.database)
}

/// A point of the item was committed: retention looks at it no later than when its own time ends.
pub(crate) fn schedule(item: &mut ProtectedItem, expires_at: Option<Timestamp>) {
    if Pruning::of(item) != Pruning::Frozen {
        item.reap_at = item.reap_at.into_iter().chain(expires_at).min();
    }
}

/// The state or the points of the item have changed: retention looks at once and finds the next time
/// itself; at an item that is stopped, never.
pub(crate) fn look_now(item: &mut ProtectedItem, now: Timestamp) {
    item.reap_at = match item.soft_deleted {
        Some(deleted) => deleted.purge_at.checked_sub(PURGE_NOTICE).ok(),
        None => (Pruning::of(item) != Pruning::Frozen).then_some(now),
    };
}

/// Brings the points that stand under what `policy` says, forwards and backwards (rulebook 3.6), and
/// has retention look. The item is the caller's to write.
pub(crate) async fn apply(
    tx: &mut dyn Tx,
    item: &mut ProtectedItem,
    policy: &Policy,
    soft_delete: &SoftDelete,
    now: Timestamp,
) -> Result<()> {
    let rules = Rules::of(policy.spec.for_sql(&policy.name)?, policy.updated_at);
    let days = (soft_delete.state != SoftDeleteState::Disabled).then_some(soft_delete.retention_days);
    let changed = reapply(&rules, &tx.marks(item.id).await?, days, now);
    if !changed.is_empty() {
        tx.mark_points(&changed).await?;
    }
    look_now(item, now);
    Ok(())
}
