//! Which SQL policies may be saved (rulebook 3.3 and 3.4).
//!
//! Always holds: a policy that passes has a full sub-policy, each sub-policy has its schedule and
//! retention, every scheduled full is kept by some rule, and nothing runs more than once a day but
//! logs. Each fault names the field by its wire path, the rule and the cure.

use super::retention::base;
use super::{
    DayOfWeek, DurationUnit, LongTermRetention, Retention, RetentionDays, RetentionDuration, RetentionFormat, RunFrequency, Schedule,
    SimpleSchedule, SqlPolicy, SubPolicy, SubPolicyType, iana_zone,
};
use crate::fault::{Fault, Result};
use jiff::{Timestamp, tz::TimeZone};
use std::collections::HashSet;

const SUBS: &str = "properties.subProtectionPolicy";

/// Checks `policy` whole.
pub fn validate(policy: &SqlPolicy) -> Result<()> {
    let zone = &policy.time_zone;
    if iana_zone(zone).is_none() {
        return Err(bad(
            "properties.settings.timeZone",
            format!("'{zone}' is not a Windows time zone name. Use one such as 'UTC' or 'Pacific Standard Time'."),
        ));
    }
    if let Some(kind) = policy.workload_policy_type.as_deref().filter(|k| *k != "Streaming") {
        return Err(bad(
            "properties.vmWorkloadPolicyType",
            format!("'{kind}' policies are not supported: rsvault takes streaming backups. Use 'Streaming' or leave the field out."),
        ));
    }
    let mut seen = HashSet::new();
    for (i, sub) in policy.sub_policies.iter().enumerate() {
        let kind = sub.policy_type;
        if !matches!(kind, SubPolicyType::Full | SubPolicyType::Differential | SubPolicyType::Log) {
            return Err(bad(format!("{SUBS}[{i}].policyType"), refused_type(kind)));
        }
        if !seen.insert(kind) {
            return Err(bad(
                format!("{SUBS}[{i}].policyType"),
                format!("'{kind}' is there twice; a policy has at most one sub-policy of a type. Remove one."),
            ));
        }
    }
    let Some((f, full)) = find(policy, SubPolicyType::Full) else {
        return Err(bad(SUBS, "has no sub-policy of type 'Full'; full backups are mandatory. Add one."));
    };
    let full = check_full(full, &format!("{SUBS}[{f}]"))?;
    if let Some((d, differential)) = find(policy, SubPolicyType::Differential) {
        check_differential(differential, &format!("{SUBS}[{d}]"), &full)?;
    }
    if let Some((l, log)) = find(policy, SubPolicyType::Log) {
        check_log(log, &format!("{SUBS}[{l}]"))?;
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

fn check_full<'a>(sub: &'a SubPolicy, at: &str) -> Result<Fulls<'a>> {
    let (frequency, schedule) = simple_schedule(sub, at)?;
    let retention_at = format!("{at}.retentionPolicy");
    let long = match &sub.retention {
        Some(Retention::LongTerm(long)) => long,
        Some(Retention::Simple { .. }) => {
            return Err(bad(format!("{retention_at}.retentionPolicyType"), "of a Full sub-policy must be 'LongTermRetentionPolicy'."));
        }
        None => return Err(missing(&retention_at, "'LongTermRetentionPolicy'")),
    };
    let backup_days = (frequency == RunFrequency::Weekly).then_some(schedule.run_days.as_slice());
    check_long_term(long, backup_days, &retention_at)?;
    Ok(Fulls { frequency, days: &schedule.run_days, base: base(long) })
}

fn check_differential(sub: &SubPolicy, at: &str, full: &Fulls<'_>) -> Result<()> {
    if full.frequency == RunFrequency::Daily {
        return Err(bad(
            format!("{at}.policyType"),
            "'Differential' cannot stand beside daily full backups. Make the fulls weekly or remove this sub-policy.",
        ));
    }
    let (frequency, schedule) = simple_schedule(sub, at)?;
    if frequency != RunFrequency::Weekly {
        return Err(bad(
            format!("{at}.schedulePolicy.scheduleRunFrequency"),
            "of a Differential sub-policy must be 'Weekly', on days without a full backup.",
        ));
    }
    if let Some(day) = schedule.run_days.iter().find(|d| full.days.contains(d)) {
        return Err(bad(
            format!("{at}.schedulePolicy.scheduleRunDays"),
            format!("has {day}, on which a full backup runs; a day has one or the other. Choose another day."),
        ));
    }
    let duration = simple_retention(sub, at, 180)?;
    if let Some(base) = full.base.filter(|base| duration.days() > base.days()) {
        let RetentionDuration { count, unit } = base;
        return Err(bad(
            format!("{at}.retentionPolicy.retentionDuration"),
            format!(
                "is longer than the {count} {unit} of the full backups that differentials depend on. Shorten it or keep the fulls longer."
            ),
        ));
    }
    Ok(())
}

fn check_log(sub: &SubPolicy, at: &str) -> Result<()> {
    match &sub.schedule {
        Some(Schedule::Log { interval_minutes: minutes }) if (15..=1440).contains(minutes) && minutes % 15 == 0 => {}
        Some(Schedule::Log { interval_minutes }) => {
            return Err(bad(
                format!("{at}.schedulePolicy.scheduleFrequencyInMins"),
                format!("is {interval_minutes}; log backups run every 15 to 1440 minutes, in multiples of 15."),
            ));
        }
        Some(_) => {
            return Err(bad(format!("{at}.schedulePolicy.schedulePolicyType"), "of a Log sub-policy must be 'LogSchedulePolicy'."));
        }
        None => return Err(missing(&format!("{at}.schedulePolicy"), "'LogSchedulePolicy'")),
    }
    simple_retention(sub, at, 35).map(drop)
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
fn check_long_term(long: &LongTermRetention, backup_days: Option<&[DayOfWeek]>, at: &str) -> Result<()> {
    match (&long.daily, backup_days) {
        (Some(daily), None) => within(daily.duration, DurationUnit::Days, 7, 9999, &format!("{at}.dailySchedule"))?,
        (None, None) => return Err(missing(&format!("{at}.dailySchedule"), "the retention of the daily full backups")),
        (Some(_), Some(_)) => {
            return Err(bad(format!("{at}.dailySchedule"), "cannot stand beside weekly full backups. Remove it; use weeklySchedule."));
        }
        (None, Some(_)) => {}
    }
    let weekly_at = format!("{at}.weeklySchedule");
    match &long.weekly {
        Some(weekly) => {
            days_given(&weekly.days, backup_days, &format!("{weekly_at}.daysOfTheWeek"))?;
            if let Some(day) = backup_days.unwrap_or_default().iter().find(|d| !weekly.days.contains(d)) {
                return Err(bad(
                    format!("{weekly_at}.daysOfTheWeek"),
                    format!(
                        "lacks {day}, on which a full backup runs and which no other rule keeps. Add it, or take it out of scheduleRunDays."
                    ),
                ));
            }
            within(weekly.duration, DurationUnit::Weeks, 1, 5163, &weekly_at)?;
        }
        None if backup_days.is_some() => return Err(missing(&weekly_at, "the retention of the weekly full backups")),
        None => {}
    }
    if let Some(monthly) = &long.monthly {
        let at = format!("{at}.monthlySchedule");
        days_of_month(&monthly.on, backup_days, &at)?;
        within(monthly.duration, DurationUnit::Months, 1, 1188, &at)?;
    }
    if let Some(yearly) = &long.yearly {
        let at = format!("{at}.yearlySchedule");
        if yearly.months.is_empty() {
            return Err(bad(format!("{at}.monthsOfYear"), "is empty; name at least one month."));
        }
        days_of_month(&yearly.on, backup_days, &at)?;
        within(yearly.duration, DurationUnit::Years, 1, 99, &at)?;
    }
    Ok(())
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
