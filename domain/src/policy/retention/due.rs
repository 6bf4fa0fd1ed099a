//! What goes now, and when to look again.

use super::effective::{FOREVER, claim, until};
use super::needs::Needs;
use crate::backup::{BackupKind, PointMark};
use crate::id::SetId;
use crate::protection::{ItemState, ProtectedItem};
use jiff::Timestamp;

/// How an item's points are pruned (rulebook 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pruning {
    /// As their time passes.
    Running,
    /// Not at all: protection is stopped and everything retained, or the whole item is soft-deleted.
    Frozen,
    /// As their time passes, but the last moment that can be restored stays for ever, with all that
    /// its restore needs.
    AsPerPolicy,
}

impl Pruning {
    /// How the points of an item are pruned.
    pub fn of(item: &ProtectedItem) -> Self {
        match item.state {
            _ if item.soft_deleted.is_some() => Self::Frozen,
            ItemState::ProtectionStopped => Self::Frozen,
            ItemState::BackupsSuspended => Self::AsPerPolicy,
            ItemState::IRPending | ItemState::Protected => Self::Running,
        }
    }
}

/// What retention decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Points to remove with their sets, dependents before what they need: wherever the removal is
    /// interrupted, nothing that is left lacks what it needs.
    pub remove: Vec<SetId>,
    /// When the next point goes, if nothing changes; None: never.
    pub next: Option<Timestamp>,
}

/// Decides over all points of one item at `now`.
pub fn due(points: &[PointMark], now: Timestamp, pruning: Pruning) -> Decision {
    if pruning == Pruning::Frozen {
        return Decision::default();
    }
    let needs = Needs::of(points);
    let mut claims: Vec<Timestamp> = points.iter().map(claim).collect();
    if pruning == Pruning::AsPerPolicy
        && let Some(last) = needs.last_restorable(points)
    {
        claims[last] = FOREVER;
    }
    let until = until(&needs, &claims);
    let mut gone: Vec<&PointMark> = points.iter().zip(&until).filter(|(_, until)| **until <= now).map(|(point, _)| point).collect();
    gone.sort_by_key(|point| (rank(point.link.kind), std::cmp::Reverse((point.link.last_lsn, point.link.time))));
    Decision {
        remove: gone.into_iter().map(|point| point.link.set_id).collect(),
        next: until.into_iter().filter(|until| *until > now && *until != FOREVER).min(),
    }
}

fn rank(kind: BackupKind) -> u8 {
    match kind {
        BackupKind::Log => 0,
        BackupKind::Differential => 1,
        BackupKind::Full | BackupKind::CopyOnlyFull => 2,
    }
}
