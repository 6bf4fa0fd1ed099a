//! Health of items: the words of KPIs and metrics (rulebook 7.2).

use crate::fault::catalogue::{self, Side};
use crate::id::{ItemId, JobId, VaultId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Health after a job. Degraded: the user must act; unhealthy: the service failed. Persistent: the
/// same failure again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HealthStatus {
    /// Fine.
    Healthy,
    /// User's to cure, first time.
    TransientDegraded,
    /// User's to cure, again.
    PersistentDegraded,
    /// Service's failure, first time.
    TransientUnhealthy,
    /// Service's failure, again.
    PersistentUnhealthy,
}

impl HealthStatus {
    /// Health after a job that ended with `code` (None: well), for the `times`th time in a row.
    pub fn after(code: Option<&str>, times: u32) -> Self {
        match (code, code.is_some_and(is_users), times > 1) {
            (None, ..) => Self::Healthy,
            (_, true, false) => Self::TransientDegraded,
            (_, true, true) => Self::PersistentDegraded,
            (_, false, false) => Self::TransientUnhealthy,
            (_, false, true) => Self::PersistentUnhealthy,
        }
    }
    /// The words of KPIs.
    pub fn kpi(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::TransientDegraded => "TransientDegraded",
            Self::PersistentDegraded => "PersistentDegraded",
            Self::TransientUnhealthy => "TransientUnhealthy",
            Self::PersistentUnhealthy => "PersistentUnhealthy",
        }
    }
    /// The words of the metrics' dimension (rulebook 7.2).
    pub fn dimension(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::TransientDegraded => "Transient Degraded",
            Self::PersistentDegraded => "Persistent Degraded",
            Self::TransientUnhealthy => "Transient Unhealthy",
            Self::PersistentUnhealthy => "Persistent Unhealthy",
        }
    }
}

/// Whether a failure is the user's to cure: as the catalogue says; of a code that it does not know, the
/// code itself tells.
fn is_users(code: &str) -> bool {
    catalogue::find(code).map_or_else(|| code.contains("UserError"), |entry| entry.side == Side::User)
}

/// Which metric an event counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HealthMetric {
    /// `BackupHealthEvent`.
    Backup,
    /// `RestoreHealthEvent`.
    Restore,
}

/// One event per finished job (and per scheduled log).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthEvent {
    /// Vault.
    pub vault_id: VaultId,
    /// Item.
    pub item_id: ItemId,
    /// Job, where there is one.
    pub job_id: Option<JobId>,
    /// Metric.
    pub metric: HealthMetric,
    /// How it is.
    pub status: HealthStatus,
    /// Code of the failure, if it failed.
    pub code: Option<String>,
    /// When.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_failures_degrade_and_the_services_are_unhealthy() {
        for (code, times, status) in [
            (None, 0, HealthStatus::Healthy),
            (Some("UserErrorSQLLSNValidationFailure"), 1, HealthStatus::TransientDegraded),
            (Some("VMNotInRunningStateUserError"), 3, HealthStatus::PersistentDegraded),
            (Some("WorkloadExtensionNotReachable"), 1, HealthStatus::TransientDegraded),
            (Some("DataTransferInterrupted"), 1, HealthStatus::TransientUnhealthy),
            (Some("CloudTimeoutError"), 2, HealthStatus::PersistentUnhealthy),
        ] {
            assert_eq!(HealthStatus::after(code, times), status, "{code:?} {times}");
        }
    }
}
