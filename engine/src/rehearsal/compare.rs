//! Before and after.

use jiff::Timestamp;
use rsvault_domain::backup::{BackupKind, PointMark};
use rsvault_domain::fault::Result;
use rsvault_domain::id::{ItemId, ItemName, SetId};
use rsvault_domain::job::Job;
use rsvault_domain::ports::Tx;
use rsvault_domain::protection::{ItemState, ProtectedItem};
use std::collections::HashMap;

/// Points told one by one; of more only the counts are told.
const TOLD: usize = 1_000;

/// What would become of things.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// Jobs that would start, those of tasks as they would end.
    pub jobs: Vec<Job>,
    /// Items whose state would be another.
    pub items: Vec<ItemEffect>,
    /// Recovery points that would go or be kept for another time, oldest first in each item; at most 1,000.
    pub points: Vec<PointEffect>,
    /// How many points have each fate, those not told included.
    pub counts: HashMap<Fate, u64>,
    /// Items whose points were not compared: there are too many.
    pub left_out: usize,
}

/// What would become of a recovery point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It goes at once.
    Removed,
    /// It waits to be purged.
    SoftDeleted,
    /// It is kept for a shorter time.
    ExpiresEarlier,
    /// It is kept for a longer time, or is brought back.
    ExpiresLater,
}

/// An item before and after.
#[derive(Clone, Debug)]
pub struct ItemEffect {
    /// Which.
    pub name: ItemName,
    /// State; None: it is new.
    pub before: Option<ItemState>,
    /// State; None: it is gone for good.
    pub after: Option<ItemState>,
    /// Until when it waits to be purged, if it is soft-deleted then.
    pub purge_at: Option<Timestamp>,
}

/// A recovery point and what would become of it.
#[derive(Clone, Debug)]
pub struct PointEffect {
    /// Of which item.
    pub item: ItemName,
    /// Kind.
    pub kind: BackupKind,
    /// Moment that it gives back.
    pub time: Timestamp,
    /// What becomes of it.
    pub fate: Fate,
    /// When its own retention ends as it stands; None: never.
    pub expires_before: Option<Timestamp>,
    /// When it would end; None: never, or it is gone.
    pub expires_after: Option<Timestamp>,
}

impl Effects {
    pub(super) async fn compare(&mut self, before: &mut dyn Tx, after: &mut dyn Tx, id: ItemId, now: Timestamp) -> Result<()> {
        let (was, is) = (before.item_by_id(id).await?, after.item_by_id(id).await?);
        let Some(name) = was.as_ref().or(is.as_ref()).map(|item| item.name.clone()) else { return Ok(()) };
        let state = |item: &ProtectedItem| (item.state, item.policy_id, item.soft_deleted.map(|deleted| deleted.purge_at));
        if was.as_ref().map(state) != is.as_ref().map(state) {
            self.items.push(ItemEffect {
                name: name.clone(),
                before: was.map(|item| item.state),
                after: is.as_ref().map(|item| item.state),
                purge_at: is.and_then(|item| item.soft_deleted).map(|deleted| deleted.purge_at),
            });
        }
        let left: HashMap<SetId, PointMark> = after.marks(id).await?.into_iter().map(|mark| (mark.link.set_id, mark)).collect();
        for mark in before.marks(id).await? {
            let then = left.get(&mark.link.set_id);
            let Some(fate) = fate(&mark, then, now) else { continue };
            *self.counts.entry(fate).or_default() += 1;
            if self.points.len() < TOLD {
                self.points.push(PointEffect {
                    item: name.clone(),
                    kind: mark.link.kind,
                    time: mark.link.time,
                    fate,
                    expires_before: mark.expires_at,
                    expires_after: then.and_then(|then| then.soft_deleted.map(|deleted| deleted.purge_at).or(then.expires_at)),
                });
            }
        }
        Ok(())
    }
}

/// None: all stays as it is.
fn fate(mark: &PointMark, then: Option<&PointMark>, now: Timestamp) -> Option<Fate> {
    let Some(then) = then else { return Some(Fate::Removed) };
    let waits = |mark: &PointMark| mark.soft_deleted.is_some_and(|deleted| deleted.in_force(now));
    let ends = |mark: &PointMark| mark.expires_at.unwrap_or(Timestamp::MAX);
    match (waits(mark), waits(then)) {
        (false, true) => Some(Fate::SoftDeleted),
        (true, false) => Some(Fate::ExpiresLater),
        _ if ends(then) < ends(mark) => Some(Fate::ExpiresEarlier),
        _ if ends(then) > ends(mark) => Some(Fate::ExpiresLater),
        _ => None,
    }
}
