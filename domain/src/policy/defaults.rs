//! The three policies that every vault is born with (wire-facts 8).

use super::{
    DailyRetention, DurationUnit, LongTermRetention, PolicySpec, Retention, RetentionDuration, RunFrequency, Schedule, SimpleSchedule,
    SqlPolicy, SubPolicy, SubPolicyType,
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

/// Names of the default policies, in the order of a fresh listing.
pub const DEFAULT_NAMES: [&str; 3] = ["HourlyLogBackup", "DefaultPolicy", "EnhancedPolicy"];

/// The default policies of a vault made at `created_at`. Their backups run at the last whole or half
/// hour before the vault was made, so that vaults do not all back up at once.
pub fn defaults(created_at: Timestamp) -> [(&'static str, PolicySpec); 3] {
    const HALF_HOUR: i64 = 30 * 60;
    let seconds = created_at.as_second();
    let run_time = Timestamp::from_second(seconds - seconds.rem_euclid(HALF_HOUR)).unwrap_or(created_at);
    let window_start = format!("{}T08:00:00Z", created_at.to_zoned(TimeZone::UTC).date());
    let [hourly, vm, enhanced] = DEFAULT_NAMES;
    [(hourly, hourly_log_backup(run_time)), (vm, default_policy(run_time)), (enhanced, enhanced_policy(&window_start))]
}

fn hourly_log_backup(run_time: Timestamp) -> PolicySpec {
    let thirty_days = Some(RetentionDuration { count: 30, unit: DurationUnit::Days });
    let full = SubPolicy {
        policy_type: SubPolicyType::Full,
        schedule: Some(Schedule::Simple(SimpleSchedule {
            frequency: Some(RunFrequency::Daily),
            run_days: vec![],
            run_times: vec![run_time],
            weekly_frequency: Some(0),
            hourly: None,
        })),
        retention: Some(Retention::LongTerm(LongTermRetention {
            daily: Some(DailyRetention { times: vec![run_time], duration: thirty_days }),
            ..LongTermRetention::default()
        })),
        tiering: None,
        snapshot_details: None,
    };
    let log = SubPolicy {
        policy_type: SubPolicyType::Log,
        schedule: Some(Schedule::Log { interval_minutes: 60 }),
        retention: Some(Retention::Simple { duration: thirty_days }),
        tiering: None,
        snapshot_details: None,
    };
    PolicySpec::Sql(SqlPolicy {
        time_zone: "UTC".into(),
        sql_compression: false,
        compression: false,
        workload_policy_type: None,
        sub_policies: vec![full, log],
    })
}

fn thirty_days_at(time: &str) -> serde_json::Value {
    json!({
        "retentionPolicyType": "LongTermRetentionPolicy",
        "dailySchedule": {"retentionTimes": [time], "retentionDuration": {"count": 30, "durationType": "Days"}},
    })
}

fn default_policy(run_time: Timestamp) -> PolicySpec {
    let time = run_time.to_string();
    let body = json!({
        "backupManagementType": "AzureIaasVM",
        "instantRPDetails": {},
        "schedulePolicy": {
            "schedulePolicyType": "SimpleSchedulePolicy",
            "scheduleRunFrequency": "Daily",
            "scheduleRunTimes": [time],
            "scheduleWeeklyFrequency": 0,
        },
        "retentionPolicy": thirty_days_at(&time),
        "instantRpRetentionRangeInDays": 2,
        "timeZone": "UTC",
    });
    PolicySpec::Other { management: "AzureIaasVM".into(), body }
}

fn enhanced_policy(window_start: &str) -> PolicySpec {
    let body = json!({
        "backupManagementType": "AzureIaasVM",
        "policyType": "V2",
        "instantRPDetails": {},
        "schedulePolicy": {
            "schedulePolicyType": "SimpleSchedulePolicyV2",
            "scheduleRunFrequency": "Hourly",
            "hourlySchedule": {"interval": 4, "scheduleWindowStartTime": window_start, "scheduleWindowDuration": 12},
        },
        "retentionPolicy": thirty_days_at(window_start),
        "instantRpRetentionRangeInDays": 2,
        "timeZone": "UTC",
    });
    PolicySpec::Other { management: "AzureIaasVM".into(), body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::validate;

    #[test]
    fn the_default_policies_are_the_recorded_ones() {
        let made: Timestamp = "2024-05-13T20:17:42.5Z".parse().unwrap();
        let [(first, sql), (second, vm), (third, enhanced)] = defaults(made);
        assert_eq!([first, second, third], ["HourlyLogBackup", "DefaultPolicy", "EnhancedPolicy"]);
        let policy = sql.for_sql(first).unwrap();
        validate(policy).unwrap();
        let Some(Schedule::Simple(schedule)) = &policy.sub_policies[0].schedule else { panic!("no schedule") };
        assert_eq!(schedule.run_times, ["2024-05-13T20:00:00Z".parse::<Timestamp>().unwrap()]);
        assert_eq!(policy.sub_policies[1].schedule, Some(Schedule::Log { interval_minutes: 60 }));
        let PolicySpec::Other { body, .. } = &vm else { panic!("not of VMs") };
        assert_eq!(body["schedulePolicy"]["scheduleRunTimes"][0], "2024-05-13T20:00:00Z");
        let PolicySpec::Other { body, .. } = &enhanced else { panic!("not of VMs") };
        assert_eq!(body["retentionPolicy"]["dailySchedule"]["retentionTimes"][0], "2024-05-13T08:00:00Z");
    }

    #[test]
    fn a_policy_for_vms_is_refused_for_sql_by_name() {
        let [_, (name, vm), _] = defaults(Timestamp::UNIX_EPOCH);
        let fault = vm.for_sql(name).unwrap_err();
        assert_eq!(fault.code, "BMSUserErrorInvalidPolicyForGivenProvider");
        assert!(fault.message.contains("DefaultPolicy") && fault.message.contains("AzureIaasVM"));
    }

    #[test]
    fn a_stored_policy_reads_back_as_it_was() {
        for (_, spec) in defaults("2024-05-13T20:17:42Z".parse().unwrap()) {
            let text = serde_json::to_string(&spec).unwrap();
            assert_eq!(serde_json::from_str::<PolicySpec>(&text).unwrap(), spec);
        }
    }
}
