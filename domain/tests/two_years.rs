//! Two years of twenty databases by the pure model: timetable, backups, chain, retention. After every few
//! runs of retention what is there is compared, point by point and byte by byte, with a second
//! reckoning from slots alone, and restored at random seconds; slots must not have drifted by a second.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use jiff::{SignedDuration, Timestamp};
use rsvault_domain::backup::chain::{Chain, Link, Range};
use rsvault_domain::backup::{BackupKind, Lsn, PointMark, RecoveryModel, RecoveryPointName};
use rsvault_domain::policy::retention::{Predicted, Pruning, Rules, due, predict};
use rsvault_domain::policy::schedule::Timetable;
use rsvault_domain::policy::{
    DayOfWeek, DurationUnit, LongTermRetention, MonthOfYear, MonthlyRetention, Retention, RetentionDays, RetentionDuration,
    RetentionFormat, RunFrequency, Schedule, SimpleSchedule, SqlPolicy, SubPolicy, SubPolicyType, WeekOfMonth, WeeklyFormat,
    WeeklyRetention, YearlyRetention, validate,
};
use std::collections::HashSet;
use uuid::Uuid;

const DATABASES: u64 = 20;
const DAYS: i64 = 730;
const ZONES: [&str; 5] = ["UTC", "Pacific Standard Time", "India Standard Time", "W. Europe Standard Time", "Lord Howe Standard Time"];

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

/// Weekly fulls with longer ones among them, daily differentials, logs every 15 minutes.
fn policy(number: u64) -> SqlPolicy {
    let n = usize::try_from(number).unwrap();
    let day = DayOfWeek::ALL[n % 7];
    let others: Vec<DayOfWeek> = DayOfWeek::ALL.iter().copied().filter(|d| *d != day).collect();
    let simple = |run_days, half_hours: i64| {
        let run_times = vec![Timestamp::from_second(half_hours % 48 * 1800).unwrap()];
        Schedule::Simple(SimpleSchedule {
            frequency: Some(RunFrequency::Weekly),
            run_days,
            run_times,
            weekly_frequency: Some(0),
            hourly: None,
        })
    };
    let sub = |policy_type, schedule, retention| SubPolicy {
        policy_type,
        schedule: Some(schedule),
        retention: Some(retention),
        tiering: None,
        snapshot_details: None,
    };
    let of = |count, unit| Some(RetentionDuration { count, unit });
    let number = i64::try_from(number).unwrap();
    let on = |week| RetentionDays {
        format: Some(RetentionFormat::Weekly),
        daily: None,
        weekly: Some(WeeklyFormat { days: vec![day], weeks: vec![week] }),
    };
    let monthly = MonthlyRetention { on: on(WeekOfMonth::First), times: vec![], duration: of(3 + number % 4, DurationUnit::Months) };
    let yearly = YearlyRetention {
        months: vec![MonthOfYear::March],
        on: on(WeekOfMonth::Last),
        times: vec![],
        duration: of(1, DurationUnit::Years),
    };
    let fulls = LongTermRetention {
        daily: None,
        weekly: Some(WeeklyRetention { days: vec![day], times: vec![], duration: of(5 + number % 3, DurationUnit::Weeks) }),
        monthly: (number % 2 == 0).then_some(monthly),
        yearly: (number % 3 == 0).then_some(yearly),
    };
    let kept = |count| Retention::Simple { duration: of(count, DurationUnit::Days) };
    SqlPolicy {
        time_zone: ZONES[n % ZONES.len()].into(),
        sql_compression: false,
        compression: false,
        workload_policy_type: None,
        sub_policies: vec![
            sub(SubPolicyType::Full, simple(vec![day], 5 * number), Retention::LongTerm(fulls)),
            sub(SubPolicyType::Differential, simple(others, 5 * number + 7 * (number % 3)), kept(7 + number)),
            sub(SubPolicyType::Log, Schedule::Log { interval_minutes: 15 }, kept(7 + number % 9)),
        ],
    }
}

/// A database that writes a record every millisecond, and all that is stored of it.
struct Database {
    number: u64,
    policy: SqlPolicy,
    saved_at: Timestamp,
    first: Timestamp,
    rules: Rules,
    points: Vec<PointMark>,
    log_end: Lsn,
    full: Lsn,
    taken: u64,
    runs: u64,
}

fn lsn(at: Timestamp) -> Lsn {
    Lsn(u128::try_from(at.as_millisecond()).unwrap() * 10)
}
/// Whatever; but to be told from the slot alone.
fn sealed_bytes(kind: BackupKind, slot: Timestamp) -> u64 {
    let salt = u64::try_from(slot.as_second()).unwrap().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48;
    match kind {
        BackupKind::Full => 1_000_000_000 + salt,
        BackupKind::Differential => 100_000_000 + salt,
        _ => 1_000_000 + salt,
    }
}

impl Database {
    /// Whether a log's LSN runs past the end of a full or differential that is taken with it.
    fn spans(&self) -> bool {
        self.number % 2 == 1
    }

    fn back_up(&mut self, kind: BackupKind, slot: Timestamp) {
        self.taken += 1;
        let end = lsn(slot);
        let (first_lsn, last_lsn) = match kind {
            BackupKind::Log => (self.log_end, Lsn(end.0 + u128::from(self.spans()))),
            _ => (end, end),
        };
        let link = Link {
            set_id: Uuid::from_u64_pair(self.number, self.taken).into(),
            name: RecoveryPointName(String::new()),
            kind,
            started_at: slot,
            time: slot,
            first_lsn,
            last_lsn,
            checkpoint_lsn: end,
            database_backup_lsn: if kind == BackupKind::Full { Lsn(0) } else { self.full },
            recovery_fork: Uuid::from_u128(1),
            recovery_model: RecoveryModel::Full,
            bulk_logged: false,
            sealed_bytes: sealed_bytes(kind, slot),
        };
        match kind {
            BackupKind::Full => self.full = end,
            BackupKind::Log => self.log_end = last_lsn,
            _ => {}
        }
        let expires_at = Some(self.rules.expiry(kind, slot));
        self.points.push(PointMark { link, expires_at, soft_deleted: None, on_demand: false });
    }

    fn reap(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.runs += 1;
        let decision = due(&self.points, now, Pruning::Running);
        // Points stand by time: what is younger than all that goes is not looked at.
        let gone: HashSet<_> = decision.remove.into_iter().collect();
        let (mut old, mut left) = (0, gone.len());
        while left > 0 {
            left -= usize::from(gone.contains(&self.points[old].link.set_id));
            old += 1;
        }
        let kept: Vec<PointMark> = self.points[..old].iter().filter(|p| !gone.contains(&p.link.set_id)).cloned().collect();
        self.points.splice(..old, kept);
        decision.next
    }

    fn slots(&self, kind: BackupKind) -> Vec<Timestamp> {
        self.points.iter().filter(|p| p.link.kind == kind).map(|p| p.link.time).collect()
    }

    /// What is there, by the second reckoning.
    fn predicted(&self, now: Timestamp) -> Predicted {
        let mut there = predict(&self.policy, self.saved_at, self.first, now);
        let slots = Timetable::of(&self.policy, self.saved_at);
        let with_its_base = there.logs.first().and_then(|log| slots.latest(BackupKind::Log, *log - SignedDuration::from_secs(1)));
        if let Some(log) = with_its_base.filter(|log| self.spans() && *log > self.first) {
            // The log that fired together with the oldest base and spans its end; if none did, it began before.
            let bases = there.fulls.iter().chain(&there.differentials);
            if bases.into_iter().any(|base| *base == log) {
                there.logs.insert(0, log);
            }
        }
        there
    }

    fn agrees(&self, now: Timestamp) {
        let there = self.predicted(now);
        let about = format!("database {} at {now}", self.number);
        assert_eq!(self.slots(BackupKind::Full), there.fulls, "fulls of {about}");
        assert_eq!(self.slots(BackupKind::Differential), there.differentials, "differentials of {about}");
        assert_eq!(self.slots(BackupKind::Log), there.logs, "logs of {about}");
        let sum = |kind, slots: &[Timestamp]| slots.iter().map(|slot| sealed_bytes(kind, *slot)).sum::<u64>();
        let bytes =
            sum(BackupKind::Full, &there.fulls) + sum(BackupKind::Differential, &there.differentials) + sum(BackupKind::Log, &there.logs);
        assert_eq!(self.points.iter().map(|p| p.link.sealed_bytes).sum::<u64>(), bytes, "bytes of {about}");
    }

    /// Ranges and plans are those that the schedule lets one expect.
    fn restores(&self, now: Timestamp, random: &mut impl FnMut(i64) -> i64) {
        let there = self.predicted(now);
        let (Some(first_log), Some(last_log)) = (there.logs.first(), there.logs.last()) else { return };
        let chain = Chain::new(self.points.iter().map(|p| {
            let name = RecoveryPointName(p.link.set_id.to_string());
            Link { name, ..p.link.clone() }
        }));
        let bases = || there.fulls.iter().chain(&there.differentials).copied();
        let base_of = |t: Timestamp| bases().filter(|base| *base <= t).max();
        // A log that spans its base serves from the base on.
        let start = base_of(*first_log).unwrap();
        let island = |slot: &Timestamp| *slot < start;
        let expected = Range { start, end: *last_log };
        let about = format!("database {} at {now}", self.number);
        assert_eq!(chain.ranges().iter().filter(|r| !island(&r.end)).copied().collect::<Vec<_>>(), [expected], "{about}");
        assert!(chain.ranges().iter().all(|r| r.end <= *last_log), "{about}");
        let seconds = last_log.duration_since(start).as_secs();
        for _ in 0..10 {
            let t = start + SignedDuration::from_secs(1 + random(seconds));
            let plan = chain.plan_at(t).unwrap_or_else(|gap| panic!("{about}: {t}: {gap:?}"));
            let before = t - SignedDuration::from_nanos(1);
            let steps: Vec<(BackupKind, Timestamp)> = plan.iter().map(|link| (link.kind, link.time)).collect();
            // Its last step is the log that holds the moment, its base the latest that is not after it.
            let serves = there.logs.iter().find(|log| **log > before).unwrap();
            assert_eq!(steps.last(), Some(&(BackupKind::Log, *serves)), "{about}: {t}");
            let base = base_of(t).unwrap();
            let full = there.fulls.iter().filter(|full| **full <= base).max().unwrap();
            assert_eq!(steps[0], (BackupKind::Full, *full), "{about}: {t}");
            assert!(base == *full || steps[1] == (BackupKind::Differential, base), "{about}: {t}");
        }
        assert!(chain.plan_at(*last_log + SignedDuration::from_secs(1)).is_err(), "{about}");
    }
}

/// One database from its first full on; how many backups it took and how often retention ran.
fn live(number: u64, begin: Timestamp) -> (u64, u64) {
    let policy = policy(number);
    validate(&policy).unwrap();
    let slots = Timetable::of(&policy, begin);
    let rules = Rules::of(&policy, begin);
    let first = slots.next(BackupKind::Log, begin).unwrap();
    let mut database =
        Database { number, policy, saved_at: begin, first, rules, points: vec![], log_end: lsn(first), full: Lsn(0), taken: 0, runs: 0 };
    // The first slot of any kind becomes a full.
    database.back_up(BackupKind::Full, first);
    let mut seed = number + 1;
    let mut random = |below: i64| {
        seed = seed.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        i64::try_from(seed >> 33).unwrap() % below
    };
    let mut reap_at = database.points[0].expires_at;
    let (mut now, mut logs, mut look) = (first, 0i64, 0);
    let end = first + days(DAYS);
    while let Some((slot, kinds)) = slots.next_any(now).filter(|(slot, _)| *slot <= end) {
        while let Some(at) = reap_at.filter(|at| *at < slot) {
            reap_at = database.reap(at);
            if look == 0 {
                look = 1 + random(40);
                // Slots stand on whole minutes: this moment is as if nothing more had run.
                database.agrees(at);
                database.restores(at, &mut random);
            }
            look -= 1;
        }
        for kind in kinds {
            database.back_up(kind, slot);
            // No drift: the logs of so many days are exactly so far from the first.
            if kind == BackupKind::Log {
                logs += 1;
                assert_eq!(slot, first + SignedDuration::from_mins(15 * logs), "database {number}");
            }
        }
        // A new point is of some day to come; what was to be looked at before still is.
        let newest = database.points.last().and_then(|p| p.expires_at);
        reap_at = [reap_at, newest].into_iter().flatten().min();
        now = slot;
    }
    assert_eq!(logs, DAYS * 96);
    (database.taken, database.runs)
}

#[test]
fn two_years_of_twenty_databases_hold_what_their_schedule_foretells() {
    let begin: Timestamp = "2026-01-07T11:41:23.5Z".parse().unwrap();
    let (taken, runs) = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|half| {
                scope.spawn(move || (half..DATABASES).step_by(2).map(|n| live(n, begin)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)))
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
    });
    // 96 logs a day, seven fulls and differentials a week, and the first full.
    let days = u64::try_from(DAYS).unwrap();
    assert!(taken >= DATABASES * days * 97 && taken <= DATABASES * (days * 97 + 2), "{taken}");
    // Retention is not asked more often than a chain a day may end, and a few times at the start.
    assert!(runs <= DATABASES * (days + 100), "{runs}");
    println!("{taken} backups, {runs} runs of retention");
}
