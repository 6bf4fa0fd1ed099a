//! Retention: removes the points that nobody needs any more (rulebook 3.5), item by item, each at the
//! time it names in `reap_at`. What goes and when is for [`rsvault_domain::policy::retention`] to say.
//!
//! Always holds: one transaction an item, in which the points go, their sets become Aborted (so the
//! collector owns their objects) and the next look is noted. What a running restore reads stays until
//! the restore has ended. An item that is stopped or soft-deleted names no time and loses nothing.

use crate::Engine;
use jiff::{SignedDuration, Timestamp};
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

async fn reap(engine: &Engine, id: ItemId) -> Result<()> {
    let now = engine.trusted_now();
    let mut tx = engine.store.begin().await?;
    let Some(mut item) = tx.item_by_id(id).await? else { return Ok(()) };
    if item.reap_at.is_none_or(|at| at > now) {
        return Ok(()); // Another process was faster.
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
        let gone: HashSet<SetId> = gone.into_iter().collect();
        engine.note(EventKind::Retention, item.name.to_string(), told(&item, &marks, &gone));
    }
    Ok(())
}

/// The sets that restores of an item read, or are about to.
async fn held(tx: &mut dyn Tx, item: ItemId) -> Result<HashSet<SetId>> {
    let mut held = HashSet::new();
    for job in tx.running_jobs(item).await?.iter().filter(|job| matches!(job.kind, JobKind::Restore(_))) {
        if let Some(CommandWork::Restore { plan, .. }) = tx.command_of_job(job.id).await?.map(|command| command.work) {
            held.extend(plan.steps.iter().map(|step| step.set_id));
        }
    }
    Ok(held)
}

/// What went, for people.
fn told(item: &ProtectedItem, marks: &[PointMark], gone: &HashSet<SetId>) -> String {
    let count = |kind: BackupKind| marks.iter().filter(|m| m.link.kind == kind && gone.contains(&m.link.set_id)).count();
    let parts: Vec<String> = [
        (BackupKind::Full, "full"),
        (BackupKind::Differential, "differential"),
        (BackupKind::Log, "log"),
        (BackupKind::CopyOnlyFull, "copy-only full"),
    ]
    .into_iter()
    .filter_map(|(kind, word)| match count(kind) {
        0 => None,
        1 => Some(format!("1 {word} backup")),
        n => Some(format!("{n} {word} backups")),
    })
    .collect();
    let oldest = marks.iter().filter(|m| !gone.contains(&m.link.set_id)).map(|m| m.link.time).min();
    let left = oldest.map_or_else(|| "nothing is left to restore".to_owned(), |at| format!("the oldest left is of {at}"));
    format!("{} of '{}' expired; {left}.", parts.join(", "), item.name.database)
}

/// A point of the item was committed: retention looks at it no later than when its own time ends.
pub(crate) fn schedule(item: &mut ProtectedItem, expires_at: Option<Timestamp>) {
    if Pruning::of(item) != Pruning::Frozen {
        item.reap_at = item.reap_at.into_iter().chain(expires_at).min();
    }
}

/// The state or the points of the item have changed: retention looks at once and finds the next time
/// itself; at an item that is frozen, never.
pub(crate) fn look_now(item: &mut ProtectedItem, now: Timestamp) {
    item.reap_at = (Pruning::of(item) != Pruning::Frozen).then_some(now);
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
