//! What a restore to each point needs, found by log sequence numbers in one pass over sorted points.
//! The rules by which backups fit together are those of [`crate::backup::chain`], and tested against
//! it; the question is another one: not how one moment is restored best, but what all moments of a log
//! need, of a million logs at once.

use crate::backup::{BackupKind, Lsn, PointMark, RecoveryModel, chain::Link};
use jiff::Timestamp;
use uuid::Uuid;

/// What each point needs. Points are named by their place in the list that was given.
pub(super) struct Needs {
    /// Of each usable differential: its full.
    full_of: Vec<Option<usize>>,
    /// Logs by recovery fork and LSN, but those of the simple model: they fit nowhere.
    pub(super) logs: Vec<usize>,
    /// What each log needs, in the order of `logs`.
    of_log: Vec<Option<Before>>,
}

/// What a log needs before it.
#[derive(Clone, Copy)]
pub(super) struct Before {
    /// The full or differential that its restore begins with.
    pub(super) base: usize,
    /// Place in `logs` of the first log to follow: all from there up to the log itself.
    pub(super) first: usize,
}

impl Needs {
    pub(super) fn of(points: &[PointMark]) -> Self {
        let full_of = fulls_of(points);
        let in_order = |wanted: &dyn Fn(usize) -> bool| {
            let mut places: Vec<usize> = (0..points.len()).filter(|i| wanted(*i)).collect();
            places.sort_by_key(|i| order(&points[*i].link));
            places
        };
        let logged = |i: usize| points[i].link.recovery_model != RecoveryModel::Simple;
        let logs = in_order(&|i| logged(i) && points[i].link.kind == BackupKind::Log);
        let bases = in_order(&|i| logged(i) && (points[i].link.kind == BackupKind::Full || full_of[i].is_some()));
        let of_log = before_logs(points, &logs, &bases);
        Self { full_of, logs, of_log }
    }

    /// The full that a differential builds on.
    pub(super) fn full_of(&self, point: usize) -> Option<usize> {
        self.full_of[point]
    }
    /// Each log's place in `logs` with what it needs; None of those that nothing leads up to.
    pub(super) fn of_logs(&self) -> impl DoubleEndedIterator<Item = (usize, Option<Before>)> + '_ {
        self.of_log.iter().copied().enumerate()
    }
    /// The point whose restore gives back the latest moment of all.
    pub(super) fn last_restorable(&self, points: &[PointMark]) -> Option<usize> {
        let whole = (0..points.len()).filter(|i| match points[*i].link.kind {
            BackupKind::Full | BackupKind::CopyOnlyFull => true,
            BackupKind::Differential => self.full_of[*i].is_some(),
            BackupKind::Log => false,
        });
        let logs = self.of_logs().filter(|(_, before)| before.is_some()).map(|(place, _)| self.logs[place]);
        // Of two that end together the one that needs less.
        whole.chain(logs).max_by_key(|i| (points[*i].link.time, points[*i].link.kind != BackupKind::Log))
    }
}

fn order(link: &Link) -> (Uuid, Lsn, Timestamp) {
    (link.recovery_fork, link.last_lsn, link.time)
}

/// A differential builds on the full whose checkpoint it names, on the same fork.
fn fulls_of(points: &[PointMark]) -> Vec<Option<usize>> {
    let named = |link: &Link| (link.recovery_fork, link.checkpoint_lsn, link.last_lsn);
    let mut fulls: Vec<usize> = (0..points.len()).filter(|i| points[*i].link.kind == BackupKind::Full).collect();
    fulls.sort_by_key(|i| named(&points[*i].link));
    let full_of = |link: &Link| {
        let wanted = (link.recovery_fork, link.database_backup_lsn);
        let upto = fulls.partition_point(|i| named(&points[*i].link) <= (wanted.0, wanted.1, link.last_lsn));
        let full = *fulls.get(upto.checked_sub(1)?)?;
        let found = &points[full].link;
        ((found.recovery_fork, found.checkpoint_lsn) == wanted).then_some(full)
    };
    points.iter().map(|p| if p.link.kind == BackupKind::Differential { full_of(&p.link) } else { None }).collect()
}

/// `logs` and `bases` in [`order`]. Both are walked once: what a log needs begins, but for clocks that
/// went back, nowhere before what the log before it needs.
fn before_logs(points: &[PointMark], logs: &[usize], bases: &[usize]) -> Vec<Option<Before>> {
    let link = |i: usize| &points[i].link;
    let position = |i: usize| (link(i).recovery_fork, link(i).last_lsn);
    let mut needs = Vec::with_capacity(logs.len());
    let mut run = Run { start: 0, first_lsn: Lsn(0), bases: 0 };
    let (mut upto, mut last) = (0, Before { base: usize::MAX, first: 0 });
    for (place, log) in logs.iter().map(|i| link(*i)).enumerate() {
        let previous = place.checked_sub(1).map(|p| link(logs[p]));
        let previous = previous.filter(|p| p.recovery_fork == log.recovery_fork && log.first_lsn <= p.last_lsn);
        if previous.is_none() || log.first_lsn < run.first_lsn {
            run.start = if previous.is_none() { place } else { run.start };
            run.first_lsn = log.first_lsn;
            run.bases = bases.partition_point(|i| position(*i) < (log.recovery_fork, log.first_lsn));
            last = Before { base: usize::MAX, first: run.start };
        }
        while bases.get(upto).is_some_and(|i| position(*i) <= (log.recovery_fork, log.last_lsn)) {
            upto += 1;
        }
        let Some(base) = base_of(points, &bases[run.bases.min(upto)..upto], previous.map(|p| p.time)) else {
            needs.push(None);
            continue;
        };
        if last.base != base {
            let sooner = last.base != usize::MAX && link(base).last_lsn < link(last.base).last_lsn;
            last = Before { base, first: if sooner { run.start } else { last.first } };
        }
        while last.first < place && link(logs[last.first]).last_lsn <= link(base).last_lsn {
            last.first += 1;
        }
        needs.push(Some(last));
    }
    needs
}

/// Logs without a gap.
struct Run {
    /// Place of the first.
    start: usize,
    /// Where the log that they hold begins.
    first_lsn: Lsn,
    /// Place of the first base that they reach back to.
    bases: usize,
}

/// Of the bases that a log reaches, the one that every moment of it can be restored from: the latest that
/// gives back a moment not after the log's first. The first log after the first full spans that
/// full's end: then what follows the full can be restored, and nothing before.
fn base_of(points: &[PointMark], reached: &[usize], began: Option<Timestamp>) -> Option<usize> {
    let before = began.and_then(|began| reached.iter().rfind(|i| points[**i].link.time <= began));
    before.or(reached.first()).copied()
}
