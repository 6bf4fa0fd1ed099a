//! What must be there if every slot of a schedule ran: the yardstick for long runs of the whole house.
//! Reckoned from slots alone, without LSNs or chains, so that it is a second opinion.

use super::rules::Rules;
use crate::backup::BackupKind;
use crate::policy::{SqlPolicy, schedule::Timetable};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// The slots whose backups are there, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Predicted {
    /// Fulls.
    pub fulls: Vec<Timestamp>,
    /// Differentials.
    pub differentials: Vec<Timestamp>,
    /// Logs.
    pub logs: Vec<Timestamp>,
}

/// What is there at `now`, right after retention looked, of a database whose first full is of
/// `first` and of which every slot after it ran at once, under one policy saved at `saved_at`.
///
/// Where a log fires together with a full or differential it is taken to be part of the chain
/// before it only: if its LSN runs past the other's end, the next chain needs it, and one log more is there.
pub fn predict(policy: &SqlPolicy, saved_at: Timestamp, first: Timestamp, now: Timestamp) -> Predicted {
    let (slots, rules) = (Timetable::of(policy, saved_at), Rules::of(policy, saved_at));
    let lives = |kind: BackupKind, slot: &Timestamp| rules.expiry(kind, *slot) > now;
    let since_first = |kind, upto: Timestamp| slots.latest(kind, upto).filter(|slot| *slot > first);
    let full_of = |upto: Timestamp| since_first(BackupKind::Full, upto).unwrap_or(first);
    let base_of = |upto: Timestamp| full_of(upto).max(since_first(BackupKind::Differential, upto).unwrap_or(first));

    // A month may be one day longer than it counts: look a little further back than retention reaches.
    let days = rules.simple(BackupKind::Log).days() + 4;
    let horizon = now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(first).max(first);
    let mut bases = BTreeSet::new();
    let mut logs_after = None;
    for log in slots.between(BackupKind::Log, horizon, now).filter(|slot| lives(BackupKind::Log, slot)) {
        let began =
            log.saturating_sub(SignedDuration::from_secs(1)).ok().and_then(|upto| since_first(BackupKind::Log, upto)).unwrap_or(first);
        let base = base_of(began);
        bases.insert(base);
        logs_after.get_or_insert(base);
    }
    let logs = logs_after.map_or_else(Vec::new, |after| slots.between(BackupKind::Log, after, now).collect());
    let differentials: Vec<Timestamp> = slots
        .between(BackupKind::Differential, first, now)
        .filter(|slot| lives(BackupKind::Differential, slot) || bases.contains(slot))
        .collect();
    let needed: BTreeSet<Timestamp> = bases.iter().chain(&differentials).map(|slot| full_of(*slot)).collect();
    let fulls = std::iter::once(first)
        .chain(slots.between(BackupKind::Full, first, now))
        .filter(|slot| lives(BackupKind::Full, slot) || needed.contains(slot))
        .collect();
    Predicted { fulls, differentials, logs }
}
