//! Backup policies: their shape, which of them may be saved, the three that every vault is born
//! with, when their backups run and how long these are kept (rulebook 3).
//!
//! Always holds: a [`Policy`] that was saved passed [`validate`]; what a client sent and Azure
//! would echo is kept as it was sent; the clock part of a run time is wall-clock time of the
//! policy's zone, whatever its `Z` says.

mod defaults;
pub mod retention;
pub mod schedule;
mod validate;
mod words;
mod zone;

pub use defaults::{DEFAULT_NAMES, defaults};
pub use retention::{on_demand_expiry, own_expiry};
pub use schedule::Timetable;
pub use validate::validate;
pub use words::{DayOfWeek, DurationUnit, MonthOfYear, RetentionFormat, RunFrequency, SubPolicyType, WeekOfMonth};
pub use zone::iana_zone;

use crate::backup::BackupKind;
use crate::fault::{Fault, Result};
use crate::id::{PolicyId, VaultId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A policy of a vault.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Id.
    pub id: PolicyId,
    /// Vault.
    pub vault_id: VaultId,
    /// Name, as written.
    pub name: String,
    /// What it says.
    pub spec: PolicySpec,
    /// Whether it is one of the three defaults: deleted, it comes back.
    pub system: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// Version, raised by each write.
    pub etag: i64,
}

/// What a policy says. Stored as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicySpec {
    /// For SQL databases in VMs.
    Sql(SqlPolicy),
    /// For another kind of workload: listed and shown, of no use to a database.
    #[serde(rename_all = "camelCase")]
    Other {
        /// `backupManagementType` (`AzureIaasVM`).
        management: String,
        /// The wire's `properties` as they are shown, without `protectedItemsCount`.
        body: serde_json::Value,
    },
}

impl PolicySpec {
    /// `backupManagementType` on the wire.
    pub fn management(&self) -> &str {
        match self {
            Self::Sql(_) => "AzureWorkload",
            Self::Other { management, .. } => management,
        }
    }
    /// The SQL policy, or the fault for a policy of another workload. `name` is the policy's.
    pub fn for_sql(&self, name: &str) -> Result<&SqlPolicy> {
        match self {
            Self::Sql(policy) => Ok(policy),
            Self::Other { management, .. } => Err(Fault::invalid(
                "BMSUserErrorInvalidPolicyForGivenProvider",
                format!("Policy '{name}' is for {management}; a SQL database needs a policy for AzureWorkload. Choose one, for instance 'HourlyLogBackup'."),
            )
            .at("properties.policyId")),
        }
    }
}

/// A policy for SQL databases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SqlPolicy {
    /// Windows name of the time zone, as given (`settings.timeZone`).
    pub time_zone: String,
    /// `settings.issqlcompression`.
    pub sql_compression: bool,
    /// `settings.isCompression`.
    pub compression: bool,
    /// `vmWorkloadPolicyType` as given; nothing but `Streaming` can be saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload_policy_type: Option<String>,
    /// Sub-policies in the order given.
    pub sub_policies: Vec<SubPolicy>,
}

impl SqlPolicy {
    /// The sub-policy that schedules backups of `kind`.
    pub fn sub_policy(&self, kind: BackupKind) -> Option<&SubPolicy> {
        self.sub_policies.iter().find(|s| s.policy_type.as_str() == kind.as_str())
    }
    /// Whether backups should be compressed; either flag asks for it.
    pub fn compresses(&self) -> bool {
        self.sql_compression || self.compression
    }
}

/// One sub-policy. A validated one has both its schedule and its retention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubPolicy {
    /// What it schedules.
    pub policy_type: SubPolicyType,
    /// When it fires.
    pub schedule: Option<Schedule>,
    /// How long its backups are kept.
    pub retention: Option<Retention>,
    /// `tieringPolicy` as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiering: Option<serde_json::Value>,
    /// `snapshotBackupAdditionalDetails` as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_details: Option<serde_json::Value>,
}

/// When a sub-policy fires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Schedule {
    /// `SimpleSchedulePolicy`: at fixed times.
    Simple(SimpleSchedule),
    /// `LogSchedulePolicy`: at a fixed interval.
    #[serde(rename_all = "camelCase")]
    Log {
        /// `scheduleFrequencyInMins`.
        interval_minutes: i64,
    },
    /// `LongTermSchedulePolicy`: known, refused by name.
    LongTerm,
}

/// A schedule at fixed times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SimpleSchedule {
    /// Daily or weekly.
    pub frequency: Option<RunFrequency>,
    /// Days, if weekly.
    pub run_days: Vec<DayOfWeek>,
    /// Times as given; only hours and minutes of their UTC reading count.
    pub run_times: Vec<Timestamp>,
    /// `scheduleWeeklyFrequency` as given (the service shows 0).
    pub weekly_frequency: Option<i64>,
    /// `hourlySchedule` as given: VMs only, of no effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hourly: Option<serde_json::Value>,
}

/// How long backups are kept.
#[allow(clippy::large_enum_variant, reason = "a policy has at most three of them")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Retention {
    /// `LongTermRetentionPolicy`: daily, weekly, monthly, yearly; the longest that matches wins.
    LongTerm(LongTermRetention),
    /// `SimpleRetentionPolicy`: one duration.
    #[serde(rename_all = "camelCase")]
    Simple {
        /// `retentionDuration`.
        duration: Option<RetentionDuration>,
    },
}

/// Grandfather-father-son retention.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LongTermRetention {
    /// Of every backup.
    pub daily: Option<DailyRetention>,
    /// Of the backups of some days of the week.
    pub weekly: Option<WeeklyRetention>,
    /// Of the backups of some days of the month.
    pub monthly: Option<MonthlyRetention>,
    /// Of the backups of some days of the year.
    pub yearly: Option<YearlyRetention>,
}

/// A length of time in the unit it was given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetentionDuration {
    /// How many.
    pub count: i64,
    /// Of what.
    pub unit: DurationUnit,
}

/// Daily retention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DailyRetention {
    /// `retentionTimes` as given.
    pub times: Vec<Timestamp>,
    /// How long.
    pub duration: Option<RetentionDuration>,
}

/// Weekly retention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WeeklyRetention {
    /// Days whose backups it keeps.
    pub days: Vec<DayOfWeek>,
    /// `retentionTimes` as given.
    pub times: Vec<Timestamp>,
    /// How long.
    pub duration: Option<RetentionDuration>,
}

/// Monthly retention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MonthlyRetention {
    /// Days of the month whose backups it keeps.
    pub on: RetentionDays,
    /// `retentionTimes` as given.
    pub times: Vec<Timestamp>,
    /// How long.
    pub duration: Option<RetentionDuration>,
}

/// Yearly retention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct YearlyRetention {
    /// Months.
    pub months: Vec<MonthOfYear>,
    /// Days of these months whose backups it keeps.
    pub on: RetentionDays,
    /// `retentionTimes` as given.
    pub times: Vec<Timestamp>,
    /// How long.
    pub duration: Option<RetentionDuration>,
}

/// Days of a month, in one of two formats; `format` decides which of the two counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetentionDays {
    /// Which format.
    pub format: Option<RetentionFormat>,
    /// `retentionScheduleDaily.daysOfTheMonth`.
    pub daily: Option<Vec<DayOfMonth>>,
    /// `retentionScheduleWeekly`.
    pub weekly: Option<WeeklyFormat>,
}

/// A day of the month by number, or its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DayOfMonth {
    /// Number; 0 beside `is_last`.
    pub date: Option<i64>,
    /// The last day of the month.
    pub is_last: bool,
}

/// Days of a month by week and day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WeeklyFormat {
    /// Days of the week.
    pub days: Vec<DayOfWeek>,
    /// Weeks of the month.
    pub weeks: Vec<WeekOfMonth>,
}
