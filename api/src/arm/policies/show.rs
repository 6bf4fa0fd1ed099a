//! From the domain to the wire.

use super::body::{
    DailyFormatBody, DayBody, DurationBody, PolicyProperties, PolicyPropertiesView, PolicyView, RetentionBody, RetentionScheduleBody,
    ScheduleBody, SettingsBody, SubPolicyBody, WeeklyFormatBody,
};
use crate::arm::moment;
use jiff::Timestamp;
use rsvault_domain::policy::{Policy, PolicySpec, Retention, RetentionDays, RetentionDuration, Schedule, SqlPolicy, SubPolicy};
use rsvault_domain::vault::Vault;
use serde_json::{Value, json};

impl PolicyView {
    /// The policy of a vault; `used` counts its items.
    pub(crate) fn new(vault: &Vault, policy: &Policy, used: i64) -> Self {
        let properties = match &policy.spec {
            PolicySpec::Sql(sql) => PolicyPropertiesView::Sql(Box::new(properties(sql, used))),
            PolicySpec::Other { body, .. } => {
                let mut body = body.clone();
                if let Value::Object(map) = &mut body {
                    map.insert("protectedItemsCount".to_owned(), json!(used));
                }
                PolicyPropertiesView::Other(body)
            }
        };
        Self {
            id: format!("{}/backupPolicies/{}", vault.arm_id(), policy.name),
            name: policy.name.clone(),
            r#type: "Microsoft.RecoveryServices/vaults/backupPolicies",
            properties,
        }
    }
}

fn properties(sql: &SqlPolicy, used: i64) -> PolicyProperties {
    PolicyProperties {
        backup_management_type: Some("AzureWorkload".to_owned()),
        work_load_type: Some("SQLDataBase".to_owned()),
        vm_workload_policy_type: sql.workload_policy_type.clone(),
        settings: Some(SettingsBody {
            time_zone: Some(sql.time_zone.clone()),
            issqlcompression: Some(sql.sql_compression),
            is_compression: Some(sql.compression),
        }),
        sub_protection_policy: Some(sql.sub_policies.iter().map(sub_policy).collect()),
        make_policy_consistent: None,
        resource_guard_operation_requests: None,
        protected_items_count: Some(used),
    }
}

fn sub_policy(sub: &SubPolicy) -> SubPolicyBody {
    SubPolicyBody {
        policy_type: Some(sub.policy_type.to_string()),
        schedule_policy: sub.schedule.as_ref().map(schedule),
        retention_policy: sub.retention.as_ref().map(retention),
        tiering_policy: sub.tiering.clone(),
        snapshot_backup_additional_details: sub.snapshot_details.clone(),
    }
}

fn schedule(schedule: &Schedule) -> ScheduleBody {
    match schedule {
        Schedule::Log { interval_minutes } => ScheduleBody {
            schedule_policy_type: Some("LogSchedulePolicy".to_owned()),
            schedule_frequency_in_mins: Some(*interval_minutes),
            ..ScheduleBody::default()
        },
        Schedule::LongTerm => ScheduleBody { schedule_policy_type: Some("LongTermSchedulePolicy".to_owned()), ..ScheduleBody::default() },
        Schedule::Simple(simple) => ScheduleBody {
            schedule_policy_type: Some("SimpleSchedulePolicy".to_owned()),
            schedule_run_frequency: simple.frequency.map(|f| f.to_string()),
            schedule_run_days: texts(&simple.run_days),
            schedule_run_times: times(&simple.run_times),
            schedule_weekly_frequency: Some(simple.weekly_frequency.unwrap_or(0)),
            hourly_schedule: simple.hourly.clone(),
            schedule_frequency_in_mins: None,
        },
    }
}

fn retention(retention: &Retention) -> RetentionBody {
    match retention {
        Retention::Simple { duration: length } => RetentionBody {
            retention_policy_type: Some("SimpleRetentionPolicy".to_owned()),
            retention_duration: length.map(duration),
            ..RetentionBody::default()
        },
        Retention::LongTerm(long) => RetentionBody {
            retention_policy_type: Some("LongTermRetentionPolicy".to_owned()),
            daily_schedule: long.daily.as_ref().map(|d| RetentionScheduleBody {
                retention_times: times(&d.times),
                retention_duration: d.duration.map(duration),
                ..RetentionScheduleBody::default()
            }),
            weekly_schedule: long.weekly.as_ref().map(|w| RetentionScheduleBody {
                days_of_the_week: texts(&w.days),
                retention_times: times(&w.times),
                retention_duration: w.duration.map(duration),
                ..RetentionScheduleBody::default()
            }),
            monthly_schedule: long.monthly.as_ref().map(|m| RetentionScheduleBody {
                retention_times: times(&m.times),
                retention_duration: m.duration.map(duration),
                ..days(&m.on)
            }),
            yearly_schedule: long.yearly.as_ref().map(|y| RetentionScheduleBody {
                months_of_year: texts(&y.months),
                retention_times: times(&y.times),
                retention_duration: y.duration.map(duration),
                ..days(&y.on)
            }),
            retention_duration: None,
        },
    }
}

fn days(on: &RetentionDays) -> RetentionScheduleBody {
    RetentionScheduleBody {
        retention_schedule_format_type: on.format.map(|f| f.to_string()),
        retention_schedule_daily: on.daily.as_ref().map(|days| DailyFormatBody {
            days_of_the_month: Some(days.iter().map(|d| DayBody { date: d.date, is_last: Some(d.is_last) }).collect()),
        }),
        retention_schedule_weekly: on
            .weekly
            .as_ref()
            .map(|w| WeeklyFormatBody { days_of_the_week: Some(words(&w.days)), weeks_of_the_month: Some(words(&w.weeks)) }),
        ..RetentionScheduleBody::default()
    }
}

fn duration(length: RetentionDuration) -> DurationBody {
    DurationBody { count: Some(length.count), duration_type: Some(length.unit.to_string()) }
}

fn words<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn texts<T: ToString>(values: &[T]) -> Option<Vec<String>> {
    (!values.is_empty()).then(|| words(values))
}

fn times(times: &[Timestamp]) -> Option<Vec<String>> {
    (!times.is_empty()).then(|| times.iter().map(|t| moment::full(*t)).collect())
}
