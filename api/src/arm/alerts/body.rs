//! The wire form of an alert: the `essentials` of Azure Monitor.

use crate::arm::moment;
use rsvault_domain::alert::Alert;
use rsvault_engine::alerts::AlertView as Facts;
use serde::Serialize;
use utoipa::ToSchema;

/// An alert.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertView {
    /// ARM id.
    pub(crate) id: String,
    /// Id.
    pub(crate) name: String,
    /// `Microsoft.AlertsManagement/alerts`.
    pub(crate) r#type: &'static str,
    /// What it says.
    pub(crate) properties: AlertPropertiesView,
}

/// What an alert says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertPropertiesView {
    /// The part that every alert has.
    pub(crate) essentials: EssentialsView,
    /// The part that alerts of backups have.
    pub(crate) context: ContextView,
}

/// The part that every alert has.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EssentialsView {
    /// `Sev0` to `Sev3`.
    pub(crate) severity: &'static str,
    /// `Log`, as alerts of Azure Backup have it.
    pub(crate) signal_type: &'static str,
    /// `New`, or `Closed`.
    pub(crate) alert_state: &'static str,
    /// `Fired`, or `Resolved`.
    pub(crate) monitor_condition: &'static str,
    /// ARM id of the vault.
    pub(crate) target_resource: String,
    /// `Azure Backup`.
    pub(crate) monitor_service: &'static str,
    /// Name of the alert rule (`Backup Failure`).
    pub(crate) alert_rule: &'static str,
    /// What it is about: `{vm}/providers/Microsoft.RecoveryServices/backupProtectedItem/{item}`, or the vault.
    pub(crate) source_created_id: String,
    /// When it fired.
    pub(crate) start_date_time: String,
    /// When its cause was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) monitor_condition_resolved_date_time: Option<String>,
    /// What happened and what to do.
    pub(crate) description: String,
}

/// The part that alerts of backups have.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContextView {
    /// `Security` or `Jobs`.
    pub(crate) category: &'static str,
    /// What it is about, as people call it.
    pub(crate) subject: String,
    /// Catalogue code of the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_code: Option<String>,
    /// ARM id of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) job_id: Option<String>,
}

/// A list of alerts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertList {
    /// Newest first.
    pub(crate) value: Vec<AlertView>,
    /// Where the next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_link: Option<String>,
}

impl AlertView {
    /// Of this alert.
    pub(crate) fn new(vault: &str, facts: &Facts) -> Self {
        let Facts { alert, server, item } = facts;
        let Alert { id, kind, resolved_at, .. } = alert;
        let source = match (server, item) {
            (Some(server), Some(item)) => format!("{server}/providers/Microsoft.RecoveryServices/backupProtectedItem/{item}"),
            _ => vault.to_owned(),
        };
        let closed = resolved_at.is_some();
        Self {
            id: format!("{vault}/alerts/{id}"),
            name: id.to_string(),
            r#type: "Microsoft.AlertsManagement/alerts",
            properties: AlertPropertiesView {
                essentials: EssentialsView {
                    severity: kind.severity().wire(),
                    signal_type: "Log",
                    alert_state: if closed { "Closed" } else { "New" },
                    monitor_condition: if closed { "Resolved" } else { "Fired" },
                    target_resource: vault.to_owned(),
                    monitor_service: "Azure Backup",
                    alert_rule: kind.title(),
                    source_created_id: source,
                    start_date_time: moment::full(alert.fired_at),
                    monitor_condition_resolved_date_time: resolved_at.map(moment::full),
                    description: alert.text.clone(),
                },
                context: ContextView {
                    category: if kind.is_security() { "Security" } else { "Jobs" },
                    subject: alert.subject.clone(),
                    error_code: alert.code.clone(),
                    job_id: alert.job_id.map(|job| format!("{vault}/backupJobs/{job}")),
                },
            },
        }
    }
}
