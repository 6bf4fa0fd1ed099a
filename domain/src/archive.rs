//! The archive tier (rulebook 5.8): which points may move to it, how long a move and the way back take,
//! and what a point's tier says to those who list and restore it.
//!
//! Always holds: only a full that nothing hangs on is archived, so no other point needs one; an archived
//! point is restored only after it was rehydrated; tiers say where a point counts as being, its bytes stay
//! where they are.

use crate::backup::{BackupKind, RecoveryPoint};
use crate::id::JobId;
use jiff::{SignedDuration, Timestamp};
use std::fmt;

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Days that a point is in the standard tier before it may move.
pub const MIN_AGE_DAYS: i32 = 45;
/// Days that must be left of its retention ("6 months"): as long as it stays at least.
pub const MIN_LEFT_DAYS: i32 = 180;
/// How long a move takes (wire-facts 7: 1 to 61 s were seen).
pub const MOVE_TIME: SignedDuration = SignedDuration::from_secs(60);
/// Days that a rehydrated copy may be asked to live: what the Azure CLI lets through.
pub const KEEP_DAYS: std::ops::RangeInclusive<i32> = 10..=30;

/// Which queue a rehydration takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Up to 15 hours.
    Standard,
    /// Within an hour.
    High,
}

impl Priority {
    /// Azure's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::High => "High",
        }
    }
    /// How long a rehydration takes: the whole of what Azure's documents promise for its storage. Not measured
    /// (unverified; one of 3 h 21 min was seen, wire-facts 7).
    pub fn time(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Self::Standard => 15,
            Self::High => 1,
        })
    }
}

/// Where a point counts as being.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// The vault's standard tier.
    #[default]
    Standard,
    /// On its way to the archive; restorable as before.
    Moving {
        /// When it will be there.
        until: Timestamp,
        /// The job that moves it.
        job: JobId,
    },
    /// In the archive.
    Archived {
        /// Since when.
        since: Timestamp,
    },
    /// In the archive; a copy is on its way back.
    Rehydrating {
        /// In the archive since.
        since: Timestamp,
        /// When the copy will be there.
        until: Timestamp,
        /// The restore that asked for it.
        job: JobId,
    },
    /// In the archive, with a copy that can be restored.
    Rehydrated {
        /// In the archive since.
        since: Timestamp,
        /// When the copy goes.
        until: Timestamp,
    },
}

impl Tier {
    /// As it is at `now`: a copy whose time is over is none, though nobody has noted it yet.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::Rehydrated { since, until } if until <= now => Self::Archived { since },
            other => other,
        }
    }
    /// The job that is changing it.
    pub fn job(&self) -> Option<JobId> {
        match self {
            Self::Moving { job, .. } | Self::Rehydrating { job, .. } => Some(*job),
            _ => None,
        }
    }
    /// What it is again when the job that is changing it gives up.
    #[must_use]
    pub fn given_up(self) -> Self {
        match self {
            Self::Moving { .. } => Self::Standard,
            Self::Rehydrating { since, .. } => Self::Archived { since },
            other => other,
        }
    }
}

/// Why a point may not move to the archive. Its text is the `additionalInfo` of the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// Differentials, logs and copy-only fulls do not.
    Kind(BackupKind),
    /// It is there, or on its way.
    Tier(Tier),
    /// It may from then on.
    Young(Timestamp),
    /// Its retention ends then, which is too soon.
    Ends(Timestamp),
    /// A policy that was shortened has given it up.
    SoftDeleted,
    /// Other points need it.
    Needed,
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => write!(f, "Only full backups move to the archive tier; this is a {} backup.", kind.as_str()),
            Self::Tier(Tier::Moving { until, .. }) => {
                write!(f, "The recovery point is on its way to the archive tier and will be there by {until}.")
            }
            Self::Tier(_) => f.write_str("The recovery point is in the archive tier already."),
            Self::Young(from) => {
                write!(f, "A recovery point moves after {MIN_AGE_DAYS} days in the standard tier; this one may from {from} on.")
            }
            Self::Ends(at) => write!(
                f,
                "At least {MIN_LEFT_DAYS} days of retention must be left; this recovery point expires on {at}. Lengthen the policy's retention first."
            ),
            Self::SoftDeleted => {
                f.write_str("The recovery point is soft-deleted. Lengthen the policy's retention to keep it, then move it.")
            }
            Self::Needed => {
                f.write_str("Differential or log backups need this full backup for their restore. It may move when they have expired.")
            }
        }
    }
}

/// Whether a point may move at `now`, as far as it says itself: what hangs on it is asked of the item's points.
pub fn movable(point: &RecoveryPoint, now: Timestamp) -> Result<(), NotReady> {
    if point.kind != BackupKind::Full {
        return Err(NotReady::Kind(point.kind));
    }
    if point.tier != Tier::Standard {
        return Err(NotReady::Tier(point.tier));
    }
    if point.soft_deleted.is_some_and(|deleted| deleted.in_force(now)) {
        return Err(NotReady::SoftDeleted);
    }
    let from = point.time.saturating_add(DAY * MIN_AGE_DAYS).unwrap_or(Timestamp::MAX);
    if now < from {
        return Err(NotReady::Young(from));
    }
    let least = now.saturating_add(DAY * MIN_LEFT_DAYS).unwrap_or(Timestamp::MAX);
    // A soft deletion that is set ahead says when it would go.
    let ends = point.soft_deleted.map_or(point.expires_at, |deleted| Some(deleted.at));
    match ends {
        Some(ends) if ends < least => Err(NotReady::Ends(ends)),
        _ => Ok(()),
    }
}

/// When the copy of a rehydration that is there at `now` goes, if it is to live so many days.
pub fn copy_until(now: Timestamp, days: i32) -> Timestamp {
    now.saturating_add(DAY * days).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::{BackupFacts, Lsn, RecoveryModel, RecoveryPointName};
    use crate::protection::SoftDeleted;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(days: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * days)
    }
    fn point(kind: BackupKind, day: i64, expires: Option<i64>) -> RecoveryPoint {
        RecoveryPoint {
            item_id: Uuid::nil().into(),
            name: RecoveryPointName("1".into()),
            set_id: Uuid::nil().into(),
            kind,
            time: at(day),
            expires_at: expires.map(at),
            soft_deleted: None,
            on_demand: false,
            tier: Tier::Standard,
            facts: BackupFacts {
                started_at: at(day),
                consistent_at: at(day),
                first_lsn: Lsn(1),
                last_lsn: Lsn(1),
                checkpoint_lsn: Lsn(1),
                database_backup_lsn: Lsn(0),
                recovery_fork: Uuid::nil(),
                recovery_model: RecoveryModel::Full,
                bulk_logged: false,
                files: Vec::new(),
                source_bytes: 0,
                engine_version: String::new(),
            },
            sealed_bytes: 0,
        }
    }

    #[test]
    fn a_full_moves_after_45_days_if_180_are_left() {
        assert_eq!(movable(&point(BackupKind::Full, 0, Some(225)), at(45)), Ok(()));
        assert_eq!(movable(&point(BackupKind::Full, 0, None), at(45)), Ok(()));
        let second = SignedDuration::from_secs(1);
        assert_eq!(movable(&point(BackupKind::Full, 0, Some(225)), at(45) - second), Err(NotReady::Young(at(45))));
        assert_eq!(movable(&point(BackupKind::Full, 0, Some(225)), at(45) + second), Err(NotReady::Ends(at(225))));
    }

    #[test]
    fn other_kinds_and_what_a_policy_has_given_up_stay() {
        for kind in [BackupKind::Differential, BackupKind::Log, BackupKind::CopyOnlyFull] {
            assert_eq!(movable(&point(kind, 0, None), at(50)), Err(NotReady::Kind(kind)));
        }
        let deleted = SoftDeleted { at: at(49), purge_at: at(400) };
        let mut point = point(BackupKind::Full, 0, Some(400));
        point.soft_deleted = Some(deleted);
        assert_eq!(movable(&point, at(50)), Err(NotReady::SoftDeleted));
        assert_eq!(movable(&point, at(48)), Err(NotReady::Ends(at(49))));
    }

    #[test]
    fn a_copy_is_none_once_its_time_is_over() {
        let tier = Tier::Rehydrated { since: at(1), until: at(5) };
        assert_eq!(tier.at(at(4)), tier);
        assert_eq!(tier.at(at(5)), Tier::Archived { since: at(1) });
    }

    proptest! {
        #[test]
        fn what_may_move_is_old_enough_and_stays_long_enough(day in 0i64..100, expires in 0i64..500, now in 0i64..200) {
            let point = point(BackupKind::Full, day, Some(expires));
            let fits = now - day >= i64::from(MIN_AGE_DAYS) && expires - now >= i64::from(MIN_LEFT_DAYS);
            prop_assert_eq!(movable(&point, at(now)).is_ok(), fits);
            let moved = RecoveryPoint { tier: Tier::Archived { since: at(now) }, ..point };
            prop_assert!(movable(&moved, at(now)).is_err());
        }
    }
}
