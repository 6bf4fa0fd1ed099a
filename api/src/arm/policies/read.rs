//! From the wire to the domain: words become values, or are refused by the name of their field.
//! Which combinations may be saved is for [`rsvault_domain::policy::validate`] to say.

use super::body::{DurationBody, PolicyProperties, RetentionBody, RetentionScheduleBody, ScheduleBody, SubPolicyBody};
use crate::arm::fields::{moment, one_of, required, unsupported, word};
use jiff::Timestamp;
use rsvault_domain::fault::Result;
use rsvault_domain::policy::{
    DailyRetention, DayOfMonth, DayOfWeek, DurationUnit, LongTermRetention, MonthOfYear, MonthlyRetention, Retention, RetentionDays,
    RetentionDuration, RetentionFormat, RunFrequency, Schedule, SimpleSchedule, SqlPolicy, SubPolicy, SubPolicyType, WeekOfMonth,
    WeeklyFormat, WeeklyRetention, YearlyRetention,
};

/// Declares a reader for each of Azure's enumerations.
macro_rules! words {
    ($($fn:ident -> $type:ident),+) => {$(
        fn $fn(text: &str, field: &str) -> Result<$type> {
            let allowed: Vec<&str> = $type::ALL.iter().map(|v| v.as_str()).collect();
            word(text, field, &allowed, $type::parse)
        }
    )+};
}
words!(policy_type -> SubPolicyType, frequency -> RunFrequency, day -> DayOfWeek, week -> WeekOfMonth, month -> MonthOfYear, unit -> DurationUnit, format -> RetentionFormat);

/// Reads a policy; one for another workload cannot be saved.
pub(crate) fn spec(body: PolicyProperties) -> Result<SqlPolicy> {
    let management = required(body.backup_management_type, "properties.backupManagementType")?;
    let management = one_of(
        &management,
        "properties.backupManagementType",
        &["AzureWorkload", "AzureIaasVM", "AzureStorage", "AzureSql", "GenericProtectionPolicy", "MAB"],
    )?;
    if management != "AzureWorkload" {
        return Err(unsupported(
            &format!("Saving a policy for {management}"),
            "properties.backupManagementType",
            "Send AzureWorkload: this vault protects SQL databases.",
        ));
    }
    let workload = required(body.work_load_type, "properties.workLoadType")?;
    let workload =
        one_of(&workload, "properties.workLoadType", &["SQLDataBase", "SAPHanaDatabase", "SAPAseDatabase", "SAPHanaDBInstance"])?;
    if workload != "SQLDataBase" {
        return Err(unsupported(&format!("A policy for {workload}"), "properties.workLoadType", "Send SQLDataBase."));
    }
    let settings = body.settings.unwrap_or_default();
    let subs = required(body.sub_protection_policy, "properties.subProtectionPolicy")?;
    Ok(SqlPolicy {
        time_zone: settings.time_zone.unwrap_or_else(|| "UTC".to_owned()),
        sql_compression: settings.issqlcompression.unwrap_or_default(),
        compression: settings.is_compression.unwrap_or_default(),
        workload_policy_type: body.vm_workload_policy_type,
        sub_policies: subs
            .into_iter()
            .enumerate()
            .map(|(n, s)| sub_policy(s, &format!("properties.subProtectionPolicy[{n}]")))
            .collect::<Result<_>>()?,
    })
}

fn sub_policy(body: SubPolicyBody, at: &str) -> Result<SubPolicy> {
    let kind = required(body.policy_type, &format!("{at}.policyType"))?;
    Ok(SubPolicy {
        policy_type: policy_type(&kind, &format!("{at}.policyType"))?,
        schedule: body.schedule_policy.map(|s| schedule(s, &format!("{at}.schedulePolicy"))).transpose()?,
        retention: body.retention_policy.map(|r| retention(r, &format!("{at}.retentionPolicy"))).transpose()?,
        tiering: body.tiering_policy.filter(|v| !v.is_null()),
        snapshot_details: body.snapshot_backup_additional_details.filter(|v| !v.is_null()),
    })
}

fn schedule(body: ScheduleBody, at: &str) -> Result<Schedule> {
    let field = format!("{at}.schedulePolicyType");
    let kind = required(body.schedule_policy_type, &field)?;
    match one_of(&kind, &field, &["SimpleSchedulePolicy", "LogSchedulePolicy", "LongTermSchedulePolicy"])? {
        "LogSchedulePolicy" => {
            Ok(Schedule::Log { interval_minutes: required(body.schedule_frequency_in_mins, &format!("{at}.scheduleFrequencyInMins"))? })
        }
        "LongTermSchedulePolicy" => Ok(Schedule::LongTerm),
        _ => Ok(Schedule::Simple(SimpleSchedule {
            frequency: body.schedule_run_frequency.map(|w| frequency(&w, &format!("{at}.scheduleRunFrequency"))).transpose()?,
            run_days: list(body.schedule_run_days, &format!("{at}.scheduleRunDays"), day)?,
            run_times: list(body.schedule_run_times, &format!("{at}.scheduleRunTimes"), moment)?,
            weekly_frequency: body.schedule_weekly_frequency,
            hourly: body.hourly_schedule.filter(|v| !v.is_null()),
        })),
    }
}

fn retention(body: RetentionBody, at: &str) -> Result<Retention> {
    let field = format!("{at}.retentionPolicyType");
    let kind = required(body.retention_policy_type, &field)?;
    if one_of(&kind, &field, &["LongTermRetentionPolicy", "SimpleRetentionPolicy"])? == "SimpleRetentionPolicy" {
        return Ok(Retention::Simple { duration: duration(body.retention_duration, &format!("{at}.retentionDuration"))? });
    }
    Ok(Retention::LongTerm(LongTermRetention {
        daily: body.daily_schedule.map(|s| daily(s, &format!("{at}.dailySchedule"))).transpose()?,
        weekly: body.weekly_schedule.map(|s| weekly(s, &format!("{at}.weeklySchedule"))).transpose()?,
        monthly: body.monthly_schedule.map(|s| monthly(s, &format!("{at}.monthlySchedule"))).transpose()?,
        yearly: body.yearly_schedule.map(|s| yearly(s, &format!("{at}.yearlySchedule"))).transpose()?,
    }))
}

fn daily(body: RetentionScheduleBody, at: &str) -> Result<DailyRetention> {
    Ok(DailyRetention {
        times: times(body.retention_times, at)?,
        duration: duration(body.retention_duration, &format!("{at}.retentionDuration"))?,
    })
}

fn weekly(body: RetentionScheduleBody, at: &str) -> Result<WeeklyRetention> {
    Ok(WeeklyRetention {
        days: list(body.days_of_the_week, &format!("{at}.daysOfTheWeek"), day)?,
        times: times(body.retention_times, at)?,
        duration: duration(body.retention_duration, &format!("{at}.retentionDuration"))?,
    })
}

fn monthly(mut body: RetentionScheduleBody, at: &str) -> Result<MonthlyRetention> {
    Ok(MonthlyRetention {
        on: days(&mut body, at)?,
        times: times(body.retention_times, at)?,
        duration: duration(body.retention_duration, &format!("{at}.retentionDuration"))?,
    })
}

fn yearly(mut body: RetentionScheduleBody, at: &str) -> Result<YearlyRetention> {
    Ok(YearlyRetention {
        months: list(body.months_of_year.take(), &format!("{at}.monthsOfYear"), month)?,
        on: days(&mut body, at)?,
        times: times(body.retention_times, at)?,
        duration: duration(body.retention_duration, &format!("{at}.retentionDuration"))?,
    })
}

fn days(body: &mut RetentionScheduleBody, at: &str) -> Result<RetentionDays> {
    let by_number = body.retention_schedule_daily.take().map(|d| {
        d.days_of_the_month
            .unwrap_or_default()
            .into_iter()
            .map(|d| DayOfMonth { date: d.date, is_last: d.is_last.unwrap_or_default() })
            .collect()
    });
    let by_week = body.retention_schedule_weekly.take().map(|w| -> Result<WeeklyFormat> {
        Ok(WeeklyFormat {
            days: list(w.days_of_the_week, &format!("{at}.retentionScheduleWeekly.daysOfTheWeek"), day)?,
            weeks: list(w.weeks_of_the_month, &format!("{at}.retentionScheduleWeekly.weeksOfTheMonth"), week)?,
        })
    });
    Ok(RetentionDays {
        format: body.retention_schedule_format_type.take().map(|w| format(&w, &format!("{at}.retentionScheduleFormatType"))).transpose()?,
        daily: by_number,
        weekly: by_week.transpose()?,
    })
}

fn times(times: Option<Vec<String>>, at: &str) -> Result<Vec<Timestamp>> {
    list(times, &format!("{at}.retentionTimes"), moment)
}

fn duration(body: Option<DurationBody>, at: &str) -> Result<Option<RetentionDuration>> {
    let Some(body) = body else { return Ok(None) };
    let word = required(body.duration_type, &format!("{at}.durationType"))?;
    Ok(Some(RetentionDuration { count: required(body.count, &format!("{at}.count"))?, unit: unit(&word, &format!("{at}.durationType"))? }))
}

/// Reads each element of a list; a missing list is an empty one.
fn list<T>(texts: Option<Vec<String>>, field: &str, read: impl Fn(&str, &str) -> Result<T>) -> Result<Vec<T>> {
    texts.unwrap_or_default().iter().enumerate().map(|(n, text)| read(text, &format!("{field}[{n}]"))).collect()
}
