//! Why a moment or a point cannot be restored: which backup is missing, and what can be had instead.

use super::index::{Place, Via};
use super::range::nearest;
use super::{Chain, Link};
use crate::backup::{BackupKind, Lsn, RecoveryPointName};
use crate::fault::{Fault, codes};
use jiff::Timestamp;
use std::fmt;
use uuid::Uuid;

/// A refusal of a plan, with its reason and the nearest seconds that can be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The moment asked for; None when a point was named.
    pub at: Option<Timestamp>,
    /// Why not.
    pub why: Why,
    /// The last restorable second before.
    pub before: Option<Timestamp>,
    /// The first restorable second after.
    pub after: Option<Timestamp>,
}

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The item has no point of this name.
    NoSuchPoint {
        /// The name.
        name: RecoveryPointName,
    },
    /// Nothing of the item is that old.
    BeforeFirst,
    /// No log backup reaches that far yet.
    AfterLast,
    /// No log backup can be applied at all: simple recovery model, or none taken yet.
    NoLogs,
    /// Logs hold the moment, but no full (nor differential) of their recovery fork that is old enough.
    MissingFull {
        /// The fork.
        fork: Uuid,
        /// The full must end before this LSN, the end of the log that holds the moment.
        before_lsn: Lsn,
    },
    /// A differential's full is not among the points.
    MissingBase {
        /// Checkpoint LSN of the full that the differential builds on.
        checkpoint_lsn: Lsn,
        /// The differential's recovery fork.
        fork: Uuid,
    },
    /// The log is not whole: a log backup between these positions is not among the points.
    MissingLog {
        /// What there is ends here.
        after_lsn: Lsn,
        /// What there is goes on here.
        before_lsn: Lsn,
        /// Time of the last state before the gap.
        from: Timestamp,
        /// Start of the first log after the gap.
        to: Timestamp,
    },
    /// The moment lies within a log with bulk-logged changes, which is restored to its end only.
    BulkLogged {
        /// The log.
        name: RecoveryPointName,
        /// Last moment before it.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
}

impl Why {
    /// The kind of backup that is missing, if one is.
    pub fn missing(&self) -> Option<BackupKind> {
        match self {
            Self::MissingFull { .. } | Self::MissingBase { .. } => Some(BackupKind::Full),
            Self::MissingLog { .. } | Self::AfterLast | Self::NoLogs => Some(BackupKind::Log),
            Self::NoSuchPoint { .. } | Self::BeforeFirst | Self::BulkLogged { .. } => None,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchPoint { name } => write!(f, "There is no recovery point '{name}'."),
            Self::BeforeFirst => write!(f, "It is before the first full backup that is kept."),
            Self::AfterLast => write!(f, "No log backup reaches that far yet."),
            Self::NoLogs => write!(f, "No log backup follows a full: points in time need log backups and the full recovery model."),
            Self::MissingFull { fork, before_lsn } => write!(
                f,
                "No full backup of recovery fork {fork} that ends at or before LSN {before_lsn} is among the points and old enough: the database was replaced or restored before its next full, or the full was deleted."
            ),
            Self::MissingBase { checkpoint_lsn, fork } => write!(
                f,
                "The full backup with checkpoint LSN {checkpoint_lsn} of recovery fork {fork}, which the differential builds on, is not among the points: it was taken by another product or deleted."
            ),
            Self::MissingLog { after_lsn, before_lsn, from, to } => write!(
                f,
                "The log from LSN {after_lsn} to {before_lsn} (between {from} and {to}) is not among the points: its backup was taken by another product, or deleted, or the recovery model was Simple."
            ),
            Self::BulkLogged { name, from, to } => {
                write!(f, "It lies within log backup '{name}' (from {from} to {to}), whose bulk-logged changes restore to its end only.")
            }
        }
    }
}

impl Gap {
    fn new(at: Option<Timestamp>, why: Why, (before, after): (Option<Timestamp>, Option<Timestamp>)) -> Box<Self> {
        Box::new(Self { at, why, before, after })
    }
    /// The refusal of a name that no point has.
    pub fn no_such_point(name: &RecoveryPointName) -> Box<Self> {
        Self::new(None, Why::NoSuchPoint { name: name.clone() }, (None, None))
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.at {
            write!(f, "{at} cannot be restored. ")?;
        }
        write!(f, "{}", self.why)?;
        match (self.at, self.before, self.after) {
            (None, ..) => Ok(()),
            (_, Some(before), Some(after)) => write!(f, " Nearest restorable times: {before} and {after}."),
            (_, Some(before), None) => write!(f, " Nearest restorable time: {before}, before it."),
            (_, None, Some(after)) => write!(f, " Nearest restorable time: {after}, after it."),
            (_, None, None) => write!(f, " Nothing can be restored to a point in time; restore a full by its name."),
        }
    }
}

impl From<Box<Gap>> for Fault {
    fn from(gap: Box<Gap>) -> Self {
        let at = gap.at.is_some();
        let message = match (&gap.why, at) {
            (Why::NoSuchPoint { .. }, _) => format!("{gap} List the item's recovery points for the names."),
            (_, true) => format!("{gap} Send one of these, or any other time within 'timeRanges'."),
            (_, false) => format!("The recovery point cannot be restored. {gap} Restore a full by its name, or another point."),
        };
        match gap.why {
            Why::NoSuchPoint { .. } => Fault::not_found(codes::POINT_NOT_FOUND, message).at("recoveryPointId"),
            Why::BulkLogged { .. } => Fault::invalid(codes::BULK_LOGGED, message).at("properties.pointInTime"),
            _ if at => Fault::invalid(codes::NOT_IN_RANGE, message).at("properties.pointInTime"),
            _ => Fault::invalid(codes::CHAIN_BROKEN, message).at("recoveryPointId"),
        }
    }
}

impl Chain {
    /// Explains why `t` cannot be restored.
    pub(super) fn gap_at(&self, t: Timestamp) -> Box<Gap> {
        Gap::new(Some(t), self.why_not(t), nearest(&self.ranges, t))
    }

    /// Explains why a point that nothing leads to cannot be restored.
    pub(super) fn gap_before(&self, place: Place) -> Box<Gap> {
        let link = self.link(place);
        let why = match link.kind {
            BackupKind::Differential => Why::MissingBase { checkpoint_lsn: link.database_backup_lsn, fork: link.recovery_fork },
            _ => self.missing_before(place, Timestamp::MAX),
        };
        Gap::new(None, why, (None, None))
    }

    fn why_not(&self, t: Timestamp) -> Why {
        if self.ranges.is_empty() && !self.via.iter().any(|v| matches!(v, Via::Log { .. })) {
            return Why::NoLogs;
        }
        if self.bases.iter().all(|base| self.link(*base).time > t) {
            return Why::BeforeFirst;
        }
        // The log that would hold the moment, had it something to stand on.
        let at = self.logs_by_time.partition_point(|log| self.link(*log).time < t);
        let Some(log) = self.logs_by_time.get(at).copied() else { return Why::AfterLast };
        match self.via(log) {
            Via::Log { on, .. } if self.link(log).bulk_logged && self.link(on).time <= t => {
                Why::BulkLogged { name: self.link(log).name.clone(), from: self.link(on).time, to: self.link(log).time }
            }
            _ => self.missing_before(log, t),
        }
    }

    /// What is missing between a log and the last link before it that is reached and not after `t`.
    fn missing_before(&self, log: Place, t: Timestamp) -> Why {
        let to = self.link(log);
        let reached = |place: &Place| match self.via(*place) {
            Via::Log { .. } => true,
            Via::Base { .. } => self.bases.binary_search(place).is_ok(),
            Via::Alone | Via::Nothing => false,
        };
        let near = |link: &Link| link.time <= t && link.last_lsn < to.first_lsn;
        (0..log)
            .rev()
            .take_while(|place| self.link(*place).recovery_fork == to.recovery_fork)
            .find(|place| reached(place) && near(self.link(*place)))
            .map_or(Why::MissingFull { fork: to.recovery_fork, before_lsn: to.last_lsn }, |place| {
                let from = self.link(place);
                Why::MissingLog { after_lsn: from.last_lsn, before_lsn: to.first_lsn, from: from.time, to: to.started_at }
            })
    }
}
