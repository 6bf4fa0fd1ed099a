//! Whether a full is needed by others: by a differential that builds on it, by a log whose restore begins with it.

use super::needs::Needs;
use crate::backup::{BackupKind, PointMark};
use crate::id::SetId;

/// Whether any of `points` other than the full `set` itself needs it for its restore. Of an item's points it
/// is enough to give the full and what came after it, up to the first log that ended after the next full.
pub fn is_needed(points: &[PointMark], set: SetId) -> bool {
    let Some(full) = points.iter().position(|p| p.link.set_id == set && p.link.kind == BackupKind::Full) else { return false };
    let needs = Needs::of(points);
    (0..points.len()).any(|point| needs.full_of(point) == Some(full))
        || needs.of_logs().any(|(_, before)| before.is_some_and(|b| b.base == full || needs.full_of(b.base) == Some(full)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::{Lsn, RecoveryModel, RecoveryPointName, chain::Link};
    use jiff::Timestamp;
    use uuid::Uuid;

    fn mark(id: u128, kind: BackupKind, from: u128, to: u128, base: u128) -> PointMark {
        let time = Timestamp::from_second(i64::try_from(to).unwrap()).unwrap();
        PointMark {
            link: Link {
                set_id: Uuid::from_u128(id).into(),
                name: RecoveryPointName(id.to_string()),
                kind,
                started_at: time,
                time,
                first_lsn: Lsn(from),
                last_lsn: Lsn(to),
                checkpoint_lsn: Lsn(to),
                database_backup_lsn: Lsn(base),
                recovery_fork: Uuid::nil(),
                recovery_model: RecoveryModel::Full,
                bulk_logged: false,
                sealed_bytes: 1,
            },
            expires_at: None,
            soft_deleted: None,
            on_demand: false,
        }
    }
    fn full(id: u128, lsn: u128) -> PointMark {
        mark(id, BackupKind::Full, lsn, lsn, 0)
    }
    fn needed(points: &[PointMark], id: u128) -> bool {
        is_needed(points, Uuid::from_u128(id).into())
    }

    #[test]
    fn a_full_alone_is_needed_by_nobody() {
        assert!(!needed(&[full(1, 100)], 1));
        assert!(!needed(&[full(1, 100), full(2, 200)], 1));
        assert!(!needed(&[full(1, 100)], 9));
    }

    #[test]
    fn differentials_and_logs_need_their_full_and_no_other() {
        let differential = mark(3, BackupKind::Differential, 150, 150, 100);
        let points = [full(1, 100), differential, full(2, 200)];
        assert!(needed(&points, 1) && !needed(&points, 2));
        let log = mark(4, BackupKind::Log, 90, 150, 0);
        let points = [full(1, 100), log, full(2, 200)];
        assert!(needed(&points, 1) && !needed(&points, 2));
        // A log that begins and ends after the next full needs that one.
        let points = [full(1, 100), full(2, 200), mark(5, BackupKind::Log, 200, 250, 0)];
        assert!(!needed(&points, 1) && needed(&points, 2));
        // A log by way of a differential.
        let points = [full(1, 100), mark(3, BackupKind::Differential, 150, 150, 100), mark(4, BackupKind::Log, 140, 160, 0)];
        assert!(needed(&points, 1));
    }

    #[test]
    fn a_log_that_spans_the_next_full_needs_the_one_before_while_its_logs_reach_back() {
        let first = mark(4, BackupKind::Log, 90, 150, 0);
        let spans = mark(5, BackupKind::Log, 150, 250, 0);
        let points = [full(1, 100), first.clone(), full(2, 200), spans.clone()];
        assert!(needed(&points, 1));
        let points = [full(1, 100), full(2, 200), spans];
        assert!(!needed(&points, 1) && needed(&points, 2));
    }
}
