//! For the tests of retention: policies in a line, and a database whose backups fit together.

use crate::backup::{BackupKind, Lsn, PointMark, RecoveryModel, RecoveryPointName, chain::Link};
use crate::policy::{
    DailyRetention, DayOfWeek, DurationUnit, LongTermRetention, Retention, RetentionDuration, RunFrequency, Schedule, SimpleSchedule,
    SqlPolicy, SubPolicy, SubPolicyType, WeeklyRetention,
};
use jiff::Timestamp;
use uuid::Uuid;

pub(super) fn at(text: &str) -> Timestamp {
    let text = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00") };
    format!("{text}Z").parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}
pub(super) fn for_days(count: i64) -> Option<RetentionDuration> {
    Some(RetentionDuration { count, unit: DurationUnit::Days })
}
pub(super) fn for_(count: i64, unit: DurationUnit) -> Option<RetentionDuration> {
    Some(RetentionDuration { count, unit })
}

fn sub(policy_type: SubPolicyType, schedule: Schedule, retention: Retention) -> SubPolicy {
    SubPolicy { policy_type, schedule: Some(schedule), retention: Some(retention), tiering: None, snapshot_details: None }
}
fn simple(frequency: RunFrequency, run_days: Vec<DayOfWeek>, hour: i64) -> Schedule {
    let run_times = vec![Timestamp::from_second(hour * 3600).unwrap()];
    Schedule::Simple(SimpleSchedule { frequency: Some(frequency), run_days, run_times, weekly_frequency: Some(0), hourly: None })
}
fn policy(sub_policies: Vec<SubPolicy>) -> SqlPolicy {
    SqlPolicy { time_zone: "UTC".into(), sql_compression: false, compression: false, workload_policy_type: None, sub_policies }
}
pub(super) fn logs(interval_minutes: i64, days: i64) -> SubPolicy {
    sub(SubPolicyType::Log, Schedule::Log { interval_minutes }, Retention::Simple { duration: for_days(days) })
}
/// Daily fulls at midnight.
pub(super) fn daily(full_days: i64, log: SubPolicy) -> SqlPolicy {
    let daily = Some(DailyRetention { times: vec![], duration: for_days(full_days) });
    let long = LongTermRetention { daily, ..LongTermRetention::default() };
    policy(vec![sub(SubPolicyType::Full, simple(RunFrequency::Daily, vec![], 0), Retention::LongTerm(long)), log])
}
/// Fulls on one day a week and differentials on the others, at midnight.
pub(super) fn weekly(day: DayOfWeek, full_weeks: i64, differential_days: i64, log: SubPolicy) -> SqlPolicy {
    let weekly = Some(WeeklyRetention { days: vec![day], times: vec![], duration: for_(full_weeks, DurationUnit::Weeks) });
    let long = LongTermRetention { weekly, ..LongTermRetention::default() };
    let others = DayOfWeek::ALL.iter().copied().filter(|d| *d != day).collect();
    let differential = Retention::Simple { duration: for_days(differential_days) };
    policy(vec![
        sub(SubPolicyType::Full, simple(RunFrequency::Weekly, vec![day], 0), Retention::LongTerm(long)),
        sub(SubPolicyType::Differential, simple(RunFrequency::Weekly, others, 0), differential),
        log,
    ])
}
pub(super) fn long_term(policy: &mut SqlPolicy) -> &mut LongTermRetention {
    match policy.sub_policies[0].retention.as_mut() {
        Some(Retention::LongTerm(long)) => long,
        _ => panic!("the first is the full's"),
    }
}

/// A database, as its log knows it.
pub(super) struct Database {
    lsn: u128,
    fork: Uuid,
    /// Checkpoint of the last full.
    base: u128,
    /// Where the last log ended; None before the first full of the fork.
    log_end: Option<u128>,
    sets: u128,
    /// Of the backups to come.
    pub(super) model: RecoveryModel,
}

impl Database {
    pub(super) fn new() -> Self {
        Self { lsn: 100, fork: Uuid::from_u128(7), base: 0, log_end: None, sets: 0, model: RecoveryModel::Full }
    }
    /// A backup that ends at `time` and is kept until `expires_at`.
    pub(super) fn back_up(&mut self, kind: BackupKind, time: Timestamp, expires_at: Option<Timestamp>) -> PointMark {
        self.sets += 1;
        self.lsn += 10;
        let start = self.lsn;
        self.lsn += 10;
        let (mut first_lsn, mut database_backup_lsn) = (start, self.base);
        match kind {
            BackupKind::Full => {
                (self.base, database_backup_lsn) = (start, 0);
                self.log_end.get_or_insert(start);
            }
            BackupKind::Log => first_lsn = self.log_end.replace(self.lsn).unwrap_or(start),
            BackupKind::Differential | BackupKind::CopyOnlyFull => {}
        }
        let set_id = Uuid::from_u128(self.sets).into();
        let link = Link {
            set_id,
            name: RecoveryPointName(self.sets.to_string()),
            kind,
            started_at: time,
            time,
            first_lsn: Lsn(first_lsn),
            last_lsn: Lsn(self.lsn),
            checkpoint_lsn: Lsn(start),
            database_backup_lsn: Lsn(database_backup_lsn),
            recovery_fork: self.fork,
            recovery_model: self.model,
            bulk_logged: false,
            sealed_bytes: 1,
        };
        PointMark { link, expires_at, soft_deleted: None, on_demand: false }
    }
    /// Another product takes a log backup: ours has a gap there.
    pub(super) fn lose_log(&mut self) {
        self.lsn += 10;
        self.log_end = Some(self.lsn);
    }
    /// A restore over the database: a new fork, and nothing to build on.
    pub(super) fn overwrite(&mut self) {
        self.fork = Uuid::from_u128(self.fork.as_u128() + 1);
        (self.base, self.log_end) = (0, None);
    }
}
