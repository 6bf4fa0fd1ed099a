//! The wire form of a job (wire-facts 7).

use crate::arm::api_version::actions_are_numbers;
use crate::arm::moment;
use jiff::Timestamp;
use rsvault_domain::job::Job;
use rsvault_domain::vault::Vault;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobView {
    /// ARM id.
    pub(crate) id: String,
    /// Name: a GUID.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/vaults/backupJobs`.
    pub(crate) r#type: &'static str,
    /// What it is about.
    pub(crate) properties: JobPropertiesView,
}

/// What a job is about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobPropertiesView {
    /// `AzureWorkloadJob`.
    pub(crate) job_type: &'static str,
    /// `SQLDataBase`.
    pub(crate) workload_type: &'static str,
    /// How long it runs or ran.
    pub(crate) duration: String,
    /// What can be done with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) actions_info: Vec<ActionView>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) error_details: Vec<JobErrorView>,
    /// Tasks and properties; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extended_info: Option<JobExtendedInfoView>,
    /// Whether a person asked for it.
    pub(crate) is_user_triggered: bool,
    /// `db [server]`, or `db`.
    pub(crate) entity_friendly_name: String,
    /// `AzureWorkload`.
    pub(crate) backup_management_type: &'static str,
    /// What it does.
    pub(crate) operation: String,
    /// `InProgress`, `Completed`, `Failed`, …
    pub(crate) status: &'static str,
    /// Start.
    pub(crate) start_time: String,
    /// End, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<String>,
    /// `x-ms-client-request-id` of the request that started it.
    pub(crate) activity_id: String,
}

/// What can be done with a job.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ActionView {
    /// `Cancellable`.
    Word(&'static str),
    /// The same to older versions: 1.
    Number(i32),
}

/// An error of a job.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobErrorView {
    /// Number.
    pub(crate) error_code: i64,
    /// What happened.
    pub(crate) error_string: String,
    /// Catalogue word.
    pub(crate) error_title: String,
    /// What to do.
    pub(crate) recommendations: Vec<String>,
    /// What the database engine said in its own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) additional_details: Option<String>,
}

/// Tasks and properties.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobExtendedInfoView {
    /// Tasks; an array always, since the Azure CLI fails on a missing one.
    pub(crate) tasks_list: Vec<JobTaskView>,
    /// Properties, in the order they came up.
    #[serde(serialize_with = "as_map")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub(crate) property_bag: Vec<(String, String)>,
    /// The first error once more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dynamic_error_message: Option<String>,
}

/// A task.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobTaskView {
    /// `Transfer data to vault` or `Transfer data from vault`.
    pub(crate) task_id: &'static str,
    /// `Normal`; the versions of the secondary region leave it out.
    #[schema(required = false)]
    pub(crate) task_type: &'static str,
    /// As the job's.
    pub(crate) status: &'static str,
}

impl JobView {
    /// The job of a vault. `details`: a single GET, which alone shows `extendedInfo`.
    pub(crate) fn new(vault: &Vault, job: &Job, now: Timestamp, details: bool) -> Self {
        let length = job.ended_at.unwrap_or(now).duration_since(job.started_at);
        let extended = JobExtendedInfoView {
            tasks_list: job
                .tasks()
                .into_iter()
                .map(|(task_id, status)| JobTaskView { task_id, task_type: "Normal", status: status.as_str() })
                .collect(),
            property_bag: job.properties.clone(),
            dynamic_error_message: job.faults.first().map(|f| f.message.clone()),
        };
        Self {
            id: format!("{}/backupJobs/{}", vault.arm_id(), job.id),
            name: job.id.to_string(),
            r#type: "Microsoft.RecoveryServices/vaults/backupJobs",
            properties: JobPropertiesView {
                job_type: "AzureWorkloadJob",
                workload_type: "SQLDataBase",
                duration: moment::duration(length),
                actions_info: if job.kind.cancellable() { vec![ActionView::Word("Cancellable")] } else { Vec::new() },
                error_details: job
                    .faults
                    .iter()
                    .map(|f| JobErrorView {
                        error_code: f.number,
                        error_string: f.message.clone(),
                        error_title: f.code.clone(),
                        recommendations: f.recommendations.clone(),
                        additional_details: f.details.clone(),
                    })
                    .collect(),
                extended_info: details.then_some(extended),
                is_user_triggered: job.user_triggered,
                entity_friendly_name: job.entity_name.clone(),
                backup_management_type: "AzureWorkload",
                operation: job.kind.text(job.status),
                status: job.status.as_str(),
                start_time: moment::full(job.started_at),
                end_time: job.ended_at.map(moment::full),
                activity_id: job.activity_id.clone(),
            },
        }
    }
    /// As clients of this API version read it.
    pub(crate) fn for_version(mut self, api_version: Option<&str>) -> Self {
        if actions_are_numbers(api_version) {
            self.properties.actions_info = self.properties.actions_info.iter().map(|_| ActionView::Number(1)).collect();
        }
        self
    }
}

fn as_map<S: Serializer>(pairs: &[(String, String)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(pairs.iter().map(|(k, v)| (k, v)))
}

/// A list of jobs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobList {
    /// Jobs, newest first.
    pub(crate) value: Vec<JobView>,
    /// Where the next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_link: Option<String>,
}
