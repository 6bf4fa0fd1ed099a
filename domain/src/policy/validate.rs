//! Which SQL policies may be saved (rulebook 3.3 and 3.4).
//!
//! Always holds: a policy that passes has a full sub-policy, each sub-policy has its schedule and
//! retention, every scheduled full is kept by some rule, and nothing runs more than once a day but
//! logs. Each fault names the field by its wire path, the rule and the cure; all that is wrong is told at once.

use super::retention::base;
use super::{
    DayOfWeek, DurationUnit, LongTermRetention, Retention, RetentionDays, RetentionDuration, RetentionFormat, RunFrequency, Schedule,
    SimpleSchedule, SqlPolicy, SubPolicy, SubPolicyType, iana_zone,
};
use crate::fault::{Fault, Result};
use jiff::{Timestamp, tz::TimeZone};
use std::collections::HashSet;

const SUBS: &str = "properties.subProtectionPolicy";

/// Checks `policy` whole; of several breaches each is a detail of the fault.
pub fn validate(policy: &SqlPolicy) -> Result<()> {
    let mut found = Findings::default();
    found.note(time_zone(&policy.time_zone));
    found.note(workload_type(policy.workload_policy_type.as_deref()));
    let mut seen = HashSet::new();
    for (i, sub) in policy.sub_policies.iter().enumerate() {
        found.note(policy_type(sub.policy_type, &mut seen, format!("{SUBS}[{i}].policyType")));
    }
    let full = match find(policy, SubPolicyType::Full) {
        Some((f, full)) => check_full(full, &format!("{SUBS}[{f}]"), &mut found),
        None => found.note(Err(bad(SUBS, "has no sub-policy of type 'Full'; full backups are mandatory. Add one."))),
    };
    if let Some((d, differential)) = find(policy, SubPolicyType::Differential) {
        check_differential(differential, &format!("{SUBS}[{d}]"), full.as_ref(), &mut found);
    }
    if let Some((l, log)) = find(policy, SubPolicyType::Log) {
        let at = format!("{SUBS}[{l}]");
        found.note(log_schedule(log, &at));
        found.note(simple_retention(log, &at, 35));
    }
    Fault::all(found.0)
}

/// What is wrong, in the order of the policy's fields.
#[derive(Default)]
struct Findings(Vec<Fault>);

impl Findings {
    /// Keeps a fault, hands on a value.
    fn note<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|fault| self.0.push(fault)).ok()
    }
}

fn time_zone(zone: &str) -> Result<()> {
    if iana_zone(zone).is_some() {
        return Ok(());
    }
    Err(bad(
        "properties.settings.timeZone",
        format!("'{zone}' is not a Windows time zone name. Use one such as 'UTC' or 'Pacific Standard Time'."),
    ))
}

fn workload_type(word: Option<&str>) -> Result<()> {
    let Some(kind) = word.filter(|kind| *kind != "Streaming") else { return Ok(()) };
    Err(bad(
        "properties.vmWorkloadPolicyType",
        format!("'{kind}' policies are not supported: rsvault takes streaming backups. Use 'Streaming' or leave the field out."),
    ))
}

fn policy_type(kind: SubPolicyType, seen: &mut HashSet<SubPolicyType>, at: String) -> Result<()> {
    if !matches!(kind, SubPolicyType::Full | SubPolicyType::Differential | SubPolicyType::Log) {
        return Err(bad(at, refused_type(kind)));
    }
    if !seen.insert(kind) {
        return Err(bad(at, format!("'{kind}' is there twice; a policy has at most one sub-policy of a type. Remove one.")));
    }
    Ok(())
}

fn find(policy: &SqlPolicy, kind: SubPolicyType) -> Option<(usize, &SubPolicy)> {
    policy.sub_policies.iter().enumerate().find(|(_, s)| s.policy_type == kind)
}
fn refused_type(kind: SubPolicyType) -> String {
    match kind {
        SubPolicyType::CopyOnlyFull => "'CopyOnlyFull' cannot be scheduled; it is taken on demand only. Remove this sub-policy.".into(),
        SubPolicyType::Incremental => {
            "'Incremental' is for SAP HANA; SQL databases have Full, Differential and Log. Remove this sub-policy.".into()
        }
        other => format!(
            "'{other}' is a snapshot backup, which rsvault does not support; it takes Full, Differential and Log. Remove this sub-policy."
        ),
    }
}

/// What the other sub-policies need to know of the fulls.
struct Fulls<'a> {
    frequency: RunFrequency,
    days: &'a [DayOfWeek],
    base: Option<RetentionDuration>,
}

/// None: the schedule is so wrong that nothing can be held against it.
fn check_full<'a>(sub: &'a SubPolicy, at: &str, found: &mut Findings) -> Option<Fulls<'a>> {
    let schedule = found.note(simple_schedule(sub, at));
    let retention_at = format!("{at}.retentionPolicy");
    let long = found.note(match &sub.retention {
        Some(Retention::LongTerm(long)) => Ok(long),
        Some(Retention::Simple { .. }) => {
            Err(bad(format!("{retention_at}.retentionPolicyType"), "of a Full sub-policy must be 'LongTermRetentionPolicy'."))
        }
        None => Err(missing(&retention_at, "'LongTermRetentionPolicy'")),
    });
    let (frequency, schedule) = schedule?;
    let backup_days = (frequency == RunFrequency::Weekly).then_some(schedule.run_days.as_slice());
    if let Some(long) = long {
        check_long_term(long, backup_days, &retention_at, found);
    }
    Some(Fulls { frequency, days: &schedule.run_days, base: long.and_then(base) })
}

fn check_differential(sub: &SubPolicy, at: &str, full: Option<&Fulls<'_>>, found: &mut Findings) {
    if full.is_some_and(|full| full.frequency == RunFrequency::Daily) {
        let rule = "'Differential' cannot stand beside daily full backups. Make the fulls weekly or remove this sub-policy.";
        found.note::<()>(Err(bad(format!("{at}.policyType"), rule)));
        return;
    }
    if let Some((frequency, schedule)) = found.note(simple_schedule(sub, at)) {
        if frequency != RunFrequency::Weekly {
            let rule = "of a Differential sub-policy must be 'Weekly', on days without a full backup.";
            found.note::<()>(Err(bad(format!("{at}.schedulePolicy.scheduleRunFrequency"), rule)));
        } else if let Some(day) = schedule.run_days.iter().find(|d| full.is_some_and(|full| full.days.contains(d))) {
            let rule = format!("has {day}, on which a full backup runs; a day has one or the other. Choose another day.");
            found.note::<()>(Err(bad(format!("{at}.schedulePolicy.scheduleRunDays"), rule)));
        }
    }
    let Some(duration) = found.note(simple_retention(sub, at, 180)) else { return };
    if let Some(RetentionDuration { count, unit }) = full.and_then(|full| full.base).filter(|base| duration.days() > base.days()) {
        let rule = format!(
            "is longer than the {count} {unit} of the full backups that differentials depend on. Shorten it or keep the fulls longer."
        );
        found.note::<()>(Err(bad(format!("{at}.retentionPolicy.retentionDuration"), rule)));
    }
}

fn log_schedule(sub: &SubPolicy, at: &str) -> Result<()> {
    match &sub.schedule {
        Some(Schedule::Log { interval_minutes: minutes }) if (15..=1440).contains(minutes) && minutes % 15 == 0 => Ok(()),
        Some(Schedule::Log { interval_minutes }) => Err(bad(
            format!("{at}.schedulePolicy.scheduleFrequencyInMins"),
            format!("is {interval_minutes}; log backups run every 15 to 1440 minutes, in multiples of 15."),
        )),
        Some(_) => Err(bad(format!("{at}.schedulePolicy.schedulePolicyType"), "of a Log sub-policy must be 'LogSchedulePolicy'.")),
        None => Err(missing(&format!("{at}.schedulePolicy"), "'LogSchedulePolicy'")),
    }
}

fn simple_schedule<'a>(sub: &'a SubPolicy, at: &str) -> Result<(RunFrequency, &'a SimpleSchedule)> {
    let at = format!("{at}.schedulePolicy");
    let schedule = match &sub.schedule {
        Some(Schedule::Simple(schedule)) => schedule,
        Some(_) => {
            return Err(bad(
                format!("{at}.schedulePolicyType"),
                format!("of a {} sub-policy must be 'SimpleSchedulePolicy'.", sub.policy_type),
            ));
        }
        None => return Err(missing(&at, "'SimpleSchedulePolicy'")),
    };
    let frequency = match schedule.frequency {
        Some(f @ (RunFrequency::Daily | RunFrequency::Weekly)) => f,
        Some(RunFrequency::Hourly) => {
            return Err(bad(format!("{at}.scheduleRunFrequency"), "'Hourly' is for virtual machines; use 'Daily' or 'Weekly'."));
        }
        None => return Err(missing(&format!("{at}.scheduleRunFrequency"), "'Daily' or 'Weekly'")),
    };
    if frequency == RunFrequency::Weekly && schedule.run_days.is_empty() {
        return Err(bad(format!("{at}.scheduleRunDays"), "is empty; a weekly schedule names its days. Add at least one."));
    }
    let [time] = schedule.run_times.as_slice() else {
        return Err(bad(
            format!("{at}.scheduleRunTimes"),
            format!("has {} entries; a {} backup runs once a day. Give exactly one time.", schedule.run_times.len(), sub.policy_type),
        ));
    };
    if !on_half_hour(*time) {
        return Err(bad(
            format!("{at}.scheduleRunTimes"),
            format!("has {time}; backups start at a whole or half hour. Use minutes 00 or 30 and no seconds."),
        ));
    }
    Ok((frequency, schedule))
}

fn on_half_hour(time: Timestamp) -> bool {
    let clock = time.to_zoned(TimeZone::UTC).time();
    clock.minute() % 30 == 0 && clock.second() == 0 && clock.subsec_nanosecond() == 0
}

fn simple_retention(sub: &SubPolicy, at: &str, max: i64) -> Result<RetentionDuration> {
    let kind = sub.policy_type;
    let at = format!("{at}.retentionPolicy");
    let duration = match &sub.retention {
        Some(Retention::Simple { duration }) => {
            duration.ok_or_else(|| missing(&format!("{at}.retentionDuration"), "a count and a durationType"))?
        }
        Some(Retention::LongTerm(_)) => {
            return Err(bad(format!("{at}.retentionPolicyType"), format!("of a {kind} sub-policy must be 'SimpleRetentionPolicy'.")));
        }
        None => return Err(missing(&at, "'SimpleRetentionPolicy'")),
    };
    if (7..=max).contains(&duration.days()) {
        return Ok(duration);
    }
    Err(bad(
        format!("{at}.retentionDuration"),
        format!("is {} {}; {kind} backups are kept for 7 to {max} days.", duration.count, duration.unit),
    ))
}

/// `backup_days` are the days of weekly fulls; None when fulls run daily.
fn check_long_term(long: &LongTermRetention, backup_days: Option<&[DayOfWeek]>, at: &str, found: &mut Findings) {
    let daily_at = format!("{at}.dailySchedule");
    found.note(match (&long.daily, backup_days) {
        (Some(daily), None) => within(daily.duration, DurationUnit::Days, 7, 9999, &daily_at),
        (None, None) => Err(missing(&daily_at, "the retention of the daily full backups")),
        (Some(_), Some(_)) => Err(bad(daily_at, "cannot stand beside weekly full backups. Remove it; use weeklySchedule.")),
        (None, Some(_)) => Ok(()),
    });
    let weekly_at = format!("{at}.weeklySchedule");
    match &long.weekly {
        Some(weekly) => {
            found.note(weekly_days(&weekly.days, backup_days, &format!("{weekly_at}.daysOfTheWeek")));
            found.note(within(weekly.duration, DurationUnit::Weeks, 1, 5163, &weekly_at));
        }
        None if backup_days.is_some() => {
            found.note::<()>(Err(missing(&weekly_at, "the retention of the weekly full backups")));
        }
        None => {}
    }
    if let Some(monthly) = &long.monthly {
        let at = format!("{at}.monthlySchedule");
        found.note(days_of_month(&monthly.on, backup_days, &at));
        found.note(within(monthly.duration, DurationUnit::Months, 1, 1188, &at));
    }
    if let Some(yearly) = &long.yearly {
        let at = format!("{at}.yearlySchedule");
        if yearly.months.is_empty() {
            found.note::<()>(Err(bad(format!("{at}.monthsOfYear"), "is empty; name at least one month.")));
        }
        found.note(days_of_month(&yearly.on, backup_days, &at));
        found.note(within(yearly.duration, DurationUnit::Years, 1, 99, &at));
    }
}

/// The days of weekly retention: those of the weekly fulls, all of them.
fn weekly_days(days: &[DayOfWeek], backup_days: Option<&[DayOfWeek]>, at: &str) -> Result<()> {
    days_given(days, backup_days, at)?;
    let lacking = backup_days.unwrap_or_default().iter().find(|d| !days.contains(d));
    lacking.map_or(Ok(()), |day| {
        let rule =
            format!("lacks {day}, on which a full backup runs and which no other rule keeps. Add it, or take it out of scheduleRunDays.");
        Err(bad(at, rule))
    })
}

fn within(duration: Option<RetentionDuration>, unit: DurationUnit, min: i64, max: i64, at: &str) -> Result<()> {
    let at = format!("{at}.retentionDuration");
    let Some(have) = duration else { return Err(missing(&at, "a count and a durationType")) };
    if have.unit == unit && (min..=max).contains(&have.count) {
        return Ok(());
    }
    Err(bad(at, format!("is {} {}; it must be {min} to {max} {unit}.", have.count, have.unit)))
}

fn days_given(days: &[DayOfWeek], backup_days: Option<&[DayOfWeek]>, at: &str) -> Result<()> {
    if days.is_empty() {
        return Err(bad(at, "is empty; name at least one day."));
    }
    let stray = days.iter().find(|d| backup_days.is_some_and(|b| !b.contains(d)));
    stray.map_or(Ok(()), |day| Err(bad(at, format!("has {day}, on which no full backup runs. Choose among the days of scheduleRunDays."))))
}

fn days_of_month(on: &RetentionDays, backup_days: Option<&[DayOfWeek]>, at: &str) -> Result<()> {
    let format_at = format!("{at}.retentionScheduleFormatType");
    match on.format {
        None => Err(missing(&format_at, "'Daily' or 'Weekly'")),
        Some(RetentionFormat::Daily) if backup_days.is_some() => Err(bad(
            format_at,
            "cannot be 'Daily' while full backups run weekly: a day's number may fall on a day without a backup. Use 'Weekly'.",
        )),
        Some(RetentionFormat::Daily) => {
            let at = format!("{at}.retentionScheduleDaily");
            let days = on.daily.as_deref().ok_or_else(|| missing(&at, "daysOfTheMonth"))?;
            let ok = |d: &super::DayOfMonth| d.is_last || d.date.is_some_and(|n| (1..=28).contains(&n));
            match days.iter().find(|d| !ok(d)) {
                _ if days.is_empty() => Err(bad(format!("{at}.daysOfTheMonth"), "is empty; name at least one day.")),
                Some(day) => Err(bad(
                    format!("{at}.daysOfTheMonth"),
                    format!("has day {}; days go from 1 to 28, the end of the month is isLast.", day.date.unwrap_or(0)),
                )),
                None => Ok(()),
            }
        }
        Some(RetentionFormat::Weekly) => {
            let at = format!("{at}.retentionScheduleWeekly");
            let weekly = on.weekly.as_ref().ok_or_else(|| missing(&at, "daysOfTheWeek and weeksOfTheMonth"))?;
            days_given(&weekly.days, backup_days, &format!("{at}.daysOfTheWeek"))?;
            if weekly.weeks.is_empty() {
                return Err(bad(format!("{at}.weeksOfTheMonth"), "is empty; name at least one week."));
            }
            Ok(())
        }
    }
}

fn bad(at: impl Into<String>, rule: impl std::fmt::Display) -> Fault {
    let at = at.into();
    Fault::invalid("BMSUserErrorInvalidPolicyInput", format!("{at} {rule}")).at(at)
}
fn missing(at: &str, what: &str) -> Fault {
    bad(at, format!("is missing. Give {what}."))
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
