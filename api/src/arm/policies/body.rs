//! The wire form of a SQL policy. One set of types for both directions: what a client sends is what it
//! gets back (wire-facts 8), so that `show` can be fed to `set`.
//!
//! Discriminators are plain fields, so that they may stand anywhere in their object and an unknown one is
//! refused by name; the translation to and from the domain is in `read` and `show`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Request body of a policy.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PolicyBody {
    /// What the policy says.
    pub(crate) properties: Option<PolicyProperties>,
}

/// What a policy says.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolicyProperties {
    /// `AzureWorkload`.
    pub(crate) backup_management_type: Option<String>,
    /// `SQLDataBase`.
    #[serde(rename = "workLoadType", alias = "workloadType", skip_serializing_if = "Option::is_none")]
    pub(crate) work_load_type: Option<String>,
    /// Only `Streaming`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vm_workload_policy_type: Option<String>,
    /// Time zone and compression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) settings: Option<SettingsBody>,
    /// Full, Differential, Log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sub_protection_policy: Option<Vec<SubPolicyBody>>,
    /// Apply the policy again to the items that could not be brought to it; write-only.
    #[serde(skip_serializing)]
    pub(crate) make_policy_consistent: Option<bool>,
    /// The Resource Guard's requests, for a shorter retention; write-only.
    #[serde(skip_serializing)]
    pub(crate) resource_guard_operation_requests: Option<Vec<String>>,
    /// Items under the policy; read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) protected_items_count: Option<i64>,
}

/// Settings common to all sub-policies.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct SettingsBody {
    /// Windows name of a time zone.
    #[serde(rename = "timeZone")]
    pub(crate) time_zone: Option<String>,
    /// Compression by the database engine.
    pub(crate) issqlcompression: Option<bool>,
    /// Compression.
    #[serde(rename = "isCompression")]
    pub(crate) is_compression: Option<bool>,
}

/// A sub-policy.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubPolicyBody {
    /// `Full`, `Differential` or `Log`.
    pub(crate) policy_type: Option<String>,
    /// When it fires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schedule_policy: Option<ScheduleBody>,
    /// How long its backups are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retention_policy: Option<RetentionBody>,
    /// As given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) tiering_policy: Option<Value>,
    /// As given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) snapshot_backup_additional_details: Option<Value>,
}

/// A schedule.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScheduleBody {
    /// `SimpleSchedulePolicy` or `LogSchedulePolicy`.
    pub(crate) schedule_policy_type: Option<String>,
    /// `Daily` or `Weekly`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schedule_run_frequency: Option<String>,
    /// Days, if weekly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schedule_run_days: Option<Vec<String>>,
    /// Times; only the clock part counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schedule_run_times: Option<Vec<String>>,
    /// Of no effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schedule_weekly_frequency: Option<i64>,
    /// For VMs only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) hourly_schedule: Option<Value>,
    /// Of a log schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schedule_frequency_in_mins: Option<i64>,
}

/// A retention.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RetentionBody {
    /// `LongTermRetentionPolicy` or `SimpleRetentionPolicy`.
    pub(crate) retention_policy_type: Option<String>,
    /// Of every backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) daily_schedule: Option<RetentionScheduleBody>,
    /// Of the backups of some days of the week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weekly_schedule: Option<RetentionScheduleBody>,
    /// Of the backups of some days of the month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) monthly_schedule: Option<RetentionScheduleBody>,
    /// Of the backups of some days of the year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) yearly_schedule: Option<RetentionScheduleBody>,
    /// Of a simple retention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retention_duration: Option<DurationBody>,
}

/// Daily, weekly, monthly or yearly retention: each uses the fields that concern it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RetentionScheduleBody {
    /// Weekly: days of the week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) days_of_the_week: Option<Vec<String>>,
    /// Monthly and yearly: `Daily` or `Weekly`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retention_schedule_format_type: Option<String>,
    /// Yearly: months.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) months_of_year: Option<Vec<String>>,
    /// Days by number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retention_schedule_daily: Option<DailyFormatBody>,
    /// Days by week and day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retention_schedule_weekly: Option<WeeklyFormatBody>,
    /// Times, as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retention_times: Option<Vec<String>>,
    /// How long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retention_duration: Option<DurationBody>,
}

/// Days by number.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DailyFormatBody {
    /// Days.
    pub(crate) days_of_the_month: Option<Vec<DayBody>>,
}

/// A day of the month.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DayBody {
    /// Number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<i64>,
    /// The last day.
    pub(crate) is_last: Option<bool>,
}

/// Days by week and day.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WeeklyFormatBody {
    /// Days of the week.
    pub(crate) days_of_the_week: Option<Vec<String>>,
    /// Weeks of the month.
    pub(crate) weeks_of_the_month: Option<Vec<String>>,
}

/// A length of time.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DurationBody {
    /// How many.
    pub(crate) count: Option<i64>,
    /// `Days`, `Weeks`, `Months` or `Years`.
    pub(crate) duration_type: Option<String>,
}

/// A policy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyView {
    /// ARM id.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/vaults/backupPolicies`.
    pub(crate) r#type: &'static str,
    /// What it says.
    pub(crate) properties: PolicyPropertiesView,
}

/// What a policy says, by kind of workload.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum PolicyPropertiesView {
    /// For SQL databases.
    Sql(Box<PolicyProperties>),
    /// For another workload, as stored.
    Other(Value),
}

/// As `anyOf`: what is stored as it came may well look like a policy for SQL databases, which `oneOf` would forbid.
impl PartialSchema for PolicyPropertiesView {
    fn schema() -> RefOr<Schema> {
        let other = ObjectBuilder::new().description(Some("For another workload, as stored."));
        let either = AnyOfBuilder::new().item(Ref::from_schema_name("PolicyProperties")).item(other);
        either.description(Some("What a policy says, by kind of workload.")).into()
    }
}

impl ToSchema for PolicyPropertiesView {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push(("PolicyProperties".into(), PolicyProperties::schema()));
        PolicyProperties::schemas(schemas);
    }
}

/// A list of policies.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolicyList {
    /// Policies in order of creation.
    pub(crate) value: Vec<PolicyView>,
    /// Where the next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_link: Option<String>,
}
