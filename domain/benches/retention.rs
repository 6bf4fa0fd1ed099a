//! What a decision of retention costs as an item's points grow: `cargo bench -p rsvault-domain --bench
//! retention`. Weekly fulls, daily differentials, 15-minute logs; half of the points have had their
//! time. Best of several rounds, and how much ten times the points cost.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures real time and prints it")]

use jiff::{SignedDuration, Timestamp};
use rsvault_domain::backup::chain::Link;
use rsvault_domain::backup::{BackupKind, Lsn, PointMark, RecoveryModel, RecoveryPointName};
use rsvault_domain::policy::retention::{Pruning, Rules, due, effective, reapply};
use rsvault_domain::policy::{PolicySpec, defaults};
use std::hint::black_box;
use std::time::{Duration, Instant};
use uuid::Uuid;

const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];
const KEPT_DAYS: i64 = 30;

/// An item's points by time, and a moment at which half of them have had their time.
fn points(count: usize) -> (Vec<PointMark>, Timestamp) {
    let start = Timestamp::from_second(946_684_800).unwrap_or_default();
    let (mut points, mut slot, mut log_end, mut base) = (Vec::with_capacity(count), 0u32, Lsn(0), Lsn(0));
    while points.len() < count {
        let time = start + SignedDuration::from_mins(15 * i64::from(slot));
        let lsn = |offset: u32| Lsn(u128::from(slot) * 100 + u128::from(offset));
        let kinds = match slot {
            s if s % (7 * 96) == 0 => vec![BackupKind::Full, BackupKind::Log],
            s if s % 96 == 0 => vec![BackupKind::Differential, BackupKind::Log],
            _ => vec![BackupKind::Log],
        };
        for kind in kinds {
            let (first_lsn, last_lsn, database_backup_lsn) = match kind {
                BackupKind::Log => (log_end, lsn(50), base),
                BackupKind::Full => (lsn(0), lsn(20), Lsn(0)),
                _ => (lsn(0), lsn(20), base),
            };
            match kind {
                BackupKind::Log => log_end = last_lsn,
                BackupKind::Full => base = lsn(0),
                _ => {}
            }
            let link = Link {
                set_id: Uuid::from_u128(points.len() as u128).into(),
                name: RecoveryPointName(String::new()),
                kind,
                started_at: time,
                time,
                first_lsn,
                last_lsn,
                checkpoint_lsn: lsn(0),
                database_backup_lsn,
                recovery_fork: Uuid::from_u128(1),
                recovery_model: RecoveryModel::Full,
                bulk_logged: false,
                sealed_bytes: 1,
            };
            let expires_at = Some(time + SignedDuration::from_hours(24 * KEPT_DAYS));
            points.push(PointMark { link, expires_at, soft_deleted: None, on_demand: false });
        }
        slot += 1;
    }
    points.truncate(count);
    let now = points[count / 2].link.time + SignedDuration::from_hours(24 * KEPT_DAYS);
    (points, now)
}

/// The same points in no order.
fn shuffled(points: &[PointMark]) -> Vec<PointMark> {
    let mut order: Vec<u64> = (0..points.len() as u64).collect();
    order.sort_by_key(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    order.into_iter().filter_map(|i| points.get(usize::try_from(i).ok()?).cloned()).collect()
}

fn best(rounds: u32, mut run: impl FnMut()) -> Duration {
    let once = |run: &mut dyn FnMut()| {
        let begin = Instant::now();
        run();
        begin.elapsed()
    };
    (0..rounds).map(|_| once(&mut run)).min().unwrap_or_default()
}

fn main() {
    let [(_, PolicySpec::Sql(policy)), ..] = defaults(Timestamp::UNIX_EPOCH) else { return };
    let rules = Rules::of(&policy, Timestamp::UNIX_EPOCH);
    println!("{:<34} {:>9} {:>12} {:>10} {:>8}", "", "points", "time", "ns/point", "growth");
    let mut before: Vec<Duration> = vec![];
    for count in SIZES {
        let (points, now) = points(count);
        let mixed = shuffled(&points);
        let removed = due(&points, now, Pruning::Running).remove.len();
        let rounds = if count > 500_000 { 5 } else { 20 };
        let rows: [(&str, Duration); 4] = [
            ("decision (due), by time", best(rounds, || drop(black_box(due(black_box(&points), now, Pruning::Running))))),
            ("decision (due), in no order", best(rounds, || drop(black_box(due(black_box(&mixed), now, Pruning::Running))))),
            ("until when each stays (effective)", best(rounds, || drop(black_box(effective(black_box(&points)))))),
            ("policy edit (reapply)", best(rounds, || drop(black_box(reapply(&rules, black_box(&points), Some(14), now))))),
        ];
        for (place, (name, time)) in rows.iter().enumerate() {
            let growth = before.get(place).map_or_else(String::new, |b| format!("x{:.1}", time.as_secs_f64() / b.as_secs_f64()));
            let each = time.as_nanos() as f64 / count as f64;
            println!("{name:<34} {count:>9} {time:>12.2?} {each:>10.0} {growth:>8}");
        }
        println!("{:<34} {count:>9} removes {removed}", "");
        before = rows.iter().map(|(_, time)| *time).collect();
    }
}
