//! A generated valid policy passes; each single breach of it fails at the field it breaks.

use super::*;
use crate::policy::{
    DailyRetention, DayOfMonth, MonthOfYear, MonthlyRetention, WeekOfMonth, WeeklyFormat, WeeklyRetention, YearlyRetention,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

fn duration(count: i64, unit: DurationUnit) -> Option<RetentionDuration> {
    Some(RetentionDuration { count, unit })
}
fn clock() -> impl Strategy<Value = Timestamp> {
    (0i64..20_000, 0i64..48).prop_map(|(day, slot)| Timestamp::from_second(day * 86_400 + slot * 1800).unwrap())
}
fn sub(policy_type: SubPolicyType, schedule: Schedule, retention: Retention) -> SubPolicy {
    SubPolicy { policy_type, schedule: Some(schedule), retention: Some(retention), tiering: None, snapshot_details: None }
}
fn simple(frequency: RunFrequency, run_days: Vec<DayOfWeek>, time: Timestamp) -> Schedule {
    Schedule::Simple(SimpleSchedule {
        frequency: Some(frequency),
        run_days,
        run_times: vec![time],
        weekly_frequency: Some(0),
        hourly: None,
    })
}
fn policy(sub_policies: Vec<SubPolicy>) -> SqlPolicy {
    SqlPolicy { time_zone: "UTC".into(), sql_compression: false, compression: true, workload_policy_type: None, sub_policies }
}
fn weekly_format(days: &[DayOfWeek]) -> RetentionDays {
    let weekly = WeeklyFormat { days: days.to_vec(), weeks: vec![WeekOfMonth::First, WeekOfMonth::Last] };
    RetentionDays { format: Some(RetentionFormat::Weekly), daily: None, weekly: Some(weekly) }
}
fn log() -> impl Strategy<Value = SubPolicy> {
    (1i64..=96, 7i64..=35).prop_map(|(quarters, days)| {
        let retention = Retention::Simple { duration: duration(days, DurationUnit::Days) };
        sub(SubPolicyType::Log, Schedule::Log { interval_minutes: quarters * 15 }, retention)
    })
}

/// Daily fulls, logs, and monthly retention by number of the day.
fn daily_policy() -> impl Strategy<Value = SqlPolicy> {
    (clock(), 7i64..=9999, 1i64..=1188, 1i64..=28, log()).prop_map(|(time, days, months, date, log)| {
        let on = RetentionDays {
            format: Some(RetentionFormat::Daily),
            daily: Some(vec![DayOfMonth { date: Some(date), is_last: false }, DayOfMonth { date: Some(0), is_last: true }]),
            weekly: None,
        };
        let long = LongTermRetention {
            daily: Some(DailyRetention { times: vec![time], duration: duration(days, DurationUnit::Days) }),
            monthly: Some(MonthlyRetention { on, times: vec![time], duration: duration(months, DurationUnit::Months) }),
            ..LongTermRetention::default()
        };
        policy(vec![sub(SubPolicyType::Full, simple(RunFrequency::Daily, vec![], time), Retention::LongTerm(long)), log])
    })
}

/// Weekly fulls with weekly, monthly and yearly retention, differentials on the other days, logs.
fn weekly_policy() -> impl Strategy<Value = SqlPolicy> {
    let days = subsequence(DayOfWeek::ALL.to_vec(), 1..=6).prop_shuffle();
    (days, clock(), clock(), 2i64..=5163, 1i64..=99, log(), 0i64..1000).prop_map(|(days, time, other, weeks, years, log, pick)| {
        let long = LongTermRetention {
            daily: None,
            weekly: Some(WeeklyRetention { days: days.clone(), times: vec![time], duration: duration(weeks, DurationUnit::Weeks) }),
            monthly: Some(MonthlyRetention {
                on: weekly_format(&days[..1]),
                times: vec![time],
                duration: duration(12, DurationUnit::Months),
            }),
            yearly: Some(YearlyRetention {
                months: vec![MonthOfYear::January],
                on: weekly_format(&days[..1]),
                times: vec![time],
                duration: duration(years, DurationUnit::Years),
            }),
        };
        let rest: Vec<DayOfWeek> = DayOfWeek::ALL.iter().copied().filter(|d| !days.contains(d)).collect();
        let kept = 7 + pick % (180.min(weeks * 7) - 6);
        let full = sub(SubPolicyType::Full, simple(RunFrequency::Weekly, days, time), Retention::LongTerm(long));
        let differential = Retention::Simple { duration: duration(kept, DurationUnit::Days) };
        let differential = sub(SubPolicyType::Differential, simple(RunFrequency::Weekly, rest, other), differential);
        policy(vec![full, differential, log])
    })
}

fn schedule(policy: &mut SqlPolicy, i: usize) -> &mut SimpleSchedule {
    match policy.sub_policies[i].schedule.as_mut() {
        Some(Schedule::Simple(schedule)) => schedule,
        _ => panic!("not a simple schedule"),
    }
}
fn long(policy: &mut SqlPolicy) -> &mut LongTermRetention {
    match policy.sub_policies[0].retention.as_mut() {
        Some(Retention::LongTerm(long)) => long,
        _ => panic!("not a long-term retention"),
    }
}
fn keep(policy: &mut SqlPolicy, i: usize, count: i64) {
    policy.sub_policies[i].retention = Some(Retention::Simple { duration: duration(count, DurationUnit::Days) });
}

type Breach = (&'static str, fn(&mut SqlPolicy));

/// Breaches of any policy: the field each must be refused at (below `properties.`), and how.
const OF_ANY: &[Breach] = &[
    ("settings.timeZone", |p| p.time_zone = "Moon Standard Time".into()),
    ("settings.timeZone", |p| p.time_zone = String::new()),
    ("vmWorkloadPolicyType", |p| p.workload_policy_type = Some("SnapshotV2".into())),
    ("subProtectionPolicy", |p| p.sub_policies.retain(|s| s.policy_type != SubPolicyType::Full)),
    ("subProtectionPolicy", |p| p.sub_policies.clear()),
    ("subProtectionPolicy[1].policyType", |p| p.sub_policies.insert(1, p.sub_policies[0].clone())),
    ("subProtectionPolicy[0].policyType", |p| p.sub_policies[0].policy_type = SubPolicyType::SnapshotFull),
    ("subProtectionPolicy[0].policyType", |p| p.sub_policies[0].policy_type = SubPolicyType::SnapshotCopyOnlyFull),
    ("subProtectionPolicy[0].policyType", |p| p.sub_policies[0].policy_type = SubPolicyType::CopyOnlyFull),
    ("subProtectionPolicy[0].policyType", |p| p.sub_policies[0].policy_type = SubPolicyType::Incremental),
    ("subProtectionPolicy[0].schedulePolicy", |p| p.sub_policies[0].schedule = None),
    ("subProtectionPolicy[0].schedulePolicy.schedulePolicyType", |p| p.sub_policies[0].schedule = Some(Schedule::LongTerm)),
    ("subProtectionPolicy[0].schedulePolicy.schedulePolicyType", |p| {
        p.sub_policies[0].schedule = Some(Schedule::Log { interval_minutes: 60 });
    }),
    ("subProtectionPolicy[0].schedulePolicy.scheduleRunFrequency", |p| schedule(p, 0).frequency = None),
    ("subProtectionPolicy[0].schedulePolicy.scheduleRunFrequency", |p| schedule(p, 0).frequency = Some(RunFrequency::Hourly)),
    ("subProtectionPolicy[0].schedulePolicy.scheduleRunTimes", |p| schedule(p, 0).run_times.clear()),
    ("subProtectionPolicy[0].schedulePolicy.scheduleRunTimes", |p| schedule(p, 0).run_times.push(Timestamp::UNIX_EPOCH)),
    ("subProtectionPolicy[0].schedulePolicy.scheduleRunTimes", |p| schedule(p, 0).run_times = vec![Timestamp::from_second(900).unwrap()]),
    ("subProtectionPolicy[0].schedulePolicy.scheduleRunTimes", |p| schedule(p, 0).run_times = vec![Timestamp::from_second(1).unwrap()]),
    ("subProtectionPolicy[0].retentionPolicy", |p| p.sub_policies[0].retention = None),
    ("subProtectionPolicy[0].retentionPolicy.retentionPolicyType", |p| keep(p, 0, 30)),
    ("subProtectionPolicy[0].retentionPolicy.monthlySchedule.retentionDuration", |p| {
        long(p).monthly.as_mut().unwrap().duration = duration(1189, DurationUnit::Months);
    }),
    ("subProtectionPolicy[0].retentionPolicy.monthlySchedule.retentionDuration", |p| {
        long(p).monthly.as_mut().unwrap().duration = duration(60, DurationUnit::Days);
    }),
    ("subProtectionPolicy[0].retentionPolicy.monthlySchedule.retentionScheduleFormatType", |p| {
        long(p).monthly.as_mut().unwrap().on.format = None;
    }),
];

/// Breaches of daily fulls beside logs (index 1).
const OF_DAILY: &[Breach] = &[
    ("subProtectionPolicy[0].retentionPolicy.dailySchedule", |p| long(p).daily = None),
    ("subProtectionPolicy[0].retentionPolicy.dailySchedule.retentionDuration", |p| long(p).daily.as_mut().unwrap().duration = None),
    ("subProtectionPolicy[0].retentionPolicy.dailySchedule.retentionDuration", |p| {
        long(p).daily.as_mut().unwrap().duration = duration(6, DurationUnit::Days);
    }),
    ("subProtectionPolicy[0].retentionPolicy.dailySchedule.retentionDuration", |p| {
        long(p).daily.as_mut().unwrap().duration = duration(10_000, DurationUnit::Days);
    }),
    ("subProtectionPolicy[0].retentionPolicy.monthlySchedule.retentionScheduleDaily.daysOfTheMonth", |p| {
        long(p).monthly.as_mut().unwrap().on.daily = Some(vec![]);
    }),
    ("subProtectionPolicy[0].retentionPolicy.monthlySchedule.retentionScheduleDaily.daysOfTheMonth", |p| {
        long(p).monthly.as_mut().unwrap().on.daily = Some(vec![DayOfMonth { date: Some(29), is_last: false }]);
    }),
    ("subProtectionPolicy[0].retentionPolicy.monthlySchedule.retentionScheduleDaily", |p| {
        long(p).monthly.as_mut().unwrap().on.daily = None;
    }),
    ("subProtectionPolicy[1].schedulePolicy.scheduleFrequencyInMins", |p| {
        p.sub_policies[1].schedule = Some(Schedule::Log { interval_minutes: 0 });
    }),
    ("subProtectionPolicy[1].schedulePolicy.scheduleFrequencyInMins", |p| {
        p.sub_policies[1].schedule = Some(Schedule::Log { interval_minutes: 20 });
    }),
    ("subProtectionPolicy[1].schedulePolicy.scheduleFrequencyInMins", |p| {
        p.sub_policies[1].schedule = Some(Schedule::Log { interval_minutes: 1455 });
    }),
    ("subProtectionPolicy[1].schedulePolicy.schedulePolicyType", |p| p.sub_policies[1].schedule = p.sub_policies[0].schedule.clone()),
    ("subProtectionPolicy[1].retentionPolicy.retentionDuration", |p| keep(p, 1, 6)),
    ("subProtectionPolicy[1].retentionPolicy.retentionDuration", |p| keep(p, 1, 36)),
    ("subProtectionPolicy[1].retentionPolicy.retentionPolicyType", |p| p.sub_policies[1].retention = p.sub_policies[0].retention.clone()),
    ("subProtectionPolicy[1].policyType", |p| {
        p.sub_policies[1].policy_type = SubPolicyType::Differential;
        p.sub_policies[1].schedule = Some(simple(RunFrequency::Weekly, vec![DayOfWeek::Monday], Timestamp::UNIX_EPOCH));
    }),
];

/// Breaches of weekly fulls beside differentials (index 1).
const OF_WEEKLY: &[Breach] = &[
    ("subProtectionPolicy[0].schedulePolicy.scheduleRunDays", |p| schedule(p, 0).run_days.clear()),
    ("subProtectionPolicy[0].retentionPolicy.dailySchedule", |p| {
        long(p).daily = Some(DailyRetention { times: vec![], duration: duration(30, DurationUnit::Days) });
    }),
    ("subProtectionPolicy[0].retentionPolicy.weeklySchedule", |p| long(p).weekly = None),
    ("subProtectionPolicy[0].retentionPolicy.weeklySchedule.daysOfTheWeek", |p| long(p).weekly.as_mut().unwrap().days.clear()),
    ("subProtectionPolicy[0].retentionPolicy.weeklySchedule.daysOfTheWeek", |p| {
        long(p).weekly.as_mut().unwrap().days = DayOfWeek::ALL.to_vec();
    }),
    ("subProtectionPolicy[0].retentionPolicy.weeklySchedule.retentionDuration", |p| {
        long(p).weekly.as_mut().unwrap().duration = duration(0, DurationUnit::Weeks);
    }),
    ("subProtectionPolicy[0].retentionPolicy.weeklySchedule.retentionDuration", |p| {
        long(p).weekly.as_mut().unwrap().duration = duration(5164, DurationUnit::Weeks);
    }),
    ("subProtectionPolicy[0].retentionPolicy.monthlySchedule.retentionScheduleFormatType", |p| {
        long(p).monthly.as_mut().unwrap().on.format = Some(RetentionFormat::Daily);
    }),
    ("subProtectionPolicy[0].retentionPolicy.monthlySchedule.retentionScheduleWeekly.daysOfTheWeek", |p| {
        long(p).monthly.as_mut().unwrap().on = weekly_format(DayOfWeek::ALL);
    }),
    ("subProtectionPolicy[0].retentionPolicy.yearlySchedule.monthsOfYear", |p| long(p).yearly.as_mut().unwrap().months.clear()),
    ("subProtectionPolicy[0].retentionPolicy.yearlySchedule.retentionScheduleWeekly", |p| {
        long(p).yearly.as_mut().unwrap().on.weekly = None;
    }),
    ("subProtectionPolicy[0].retentionPolicy.yearlySchedule.retentionDuration", |p| {
        long(p).yearly.as_mut().unwrap().duration = duration(100, DurationUnit::Years);
    }),
    ("subProtectionPolicy[1].schedulePolicy.scheduleRunDays", |p| schedule(p, 1).run_days = DayOfWeek::ALL.to_vec()),
    ("subProtectionPolicy[1].schedulePolicy.scheduleRunFrequency", |p| schedule(p, 1).frequency = Some(RunFrequency::Daily)),
    ("subProtectionPolicy[1].schedulePolicy.scheduleRunTimes", |p| schedule(p, 1).run_times.push(Timestamp::UNIX_EPOCH)),
    ("subProtectionPolicy[1].retentionPolicy.retentionDuration", |p| keep(p, 1, 6)),
    ("subProtectionPolicy[1].retentionPolicy.retentionDuration", |p| keep(p, 1, 181)),
    ("subProtectionPolicy[1].retentionPolicy.retentionDuration", |p| {
        long(p).weekly.as_mut().unwrap().duration = duration(1, DurationUnit::Weeks);
        keep(p, 1, 8);
    }),
];

fn refused(mut policy: SqlPolicy, (target, breach): &Breach) -> Result<(), TestCaseError> {
    breach(&mut policy);
    let Err(fault) = validate(&policy) else { return Err(TestCaseError::fail(format!("accepted a breach of {target}"))) };
    prop_assert_eq!(fault.target, Some(format!("properties.{target}")));
    prop_assert_eq!(fault.code, "BMSUserErrorInvalidPolicyInput");
    prop_assert!(fault.message.contains(target), "the message must name the field: {}", fault.message);
    Ok(())
}
fn breaches(of: &'static [Breach]) -> impl Strategy<Value = Breach> {
    select([OF_ANY, of].concat())
}

proptest! {
    #[test]
    fn valid_policies_pass_and_store_without_loss(policy in prop_oneof![daily_policy(), weekly_policy()]) {
        prop_assert!(validate(&policy).is_ok(), "{:?}", validate(&policy));
        let text = serde_json::to_string(&policy).unwrap();
        prop_assert_eq!(serde_json::from_str::<SqlPolicy>(&text).unwrap(), policy);
    }
}
proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn each_single_breach_of_a_daily_policy_is_refused_at_its_field(policy in daily_policy(), breach in breaches(OF_DAILY)) {
        refused(policy, &breach)?;
    }
    #[test]
    fn each_single_breach_of_a_weekly_policy_is_refused_at_its_field(policy in weekly_policy(), breach in breaches(OF_WEEKLY)) {
        refused(policy, &breach)?;
    }
}

#[test]
fn every_listed_breach_is_refused() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let daily = daily_policy().new_tree(&mut runner).unwrap().current();
    let weekly = weekly_policy().new_tree(&mut runner).unwrap().current();
    for breach in OF_ANY.iter().chain(OF_DAILY) {
        refused(daily.clone(), breach).unwrap();
    }
    for breach in OF_ANY.iter().chain(OF_WEEKLY) {
        refused(weekly.clone(), breach).unwrap();
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut policy = weekly_policy().new_tree(&mut runner).unwrap().current();
    "Mars Standard Time".clone_into(&mut policy.time_zone);
    schedule(&mut policy, 0).run_times.clear();
    let full = schedule(&mut policy, 0).run_days.clone();
    long(&mut policy).weekly = None;
    policy.sub_policies.push(sub(SubPolicyType::SnapshotFull, Schedule::LongTerm, Retention::Simple { duration: None }));
    let fault = validate(&policy).unwrap_err();
    let targets: Vec<&str> = fault.details().iter().filter_map(|f| f.target.as_deref()).collect();
    let snapshot = format!("{SUBS}[{}].policyType", policy.sub_policies.len() - 1);
    assert!(!full.is_empty());
    assert_eq!(targets[..2], ["properties.settings.timeZone", &snapshot]);
    assert!(targets.iter().any(|t| t.ends_with("[0].schedulePolicy.scheduleRunTimes")), "{targets:?}");
    assert!(fault.message.starts_with(&format!("{} things are wrong: ", targets.len())), "{}", fault.message);
    assert_eq!(fault.target.as_deref(), Some("properties.settings.timeZone"));
}
