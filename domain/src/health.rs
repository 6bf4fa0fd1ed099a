//! Health of items: the words of KPIs and metrics (rulebook 7.2).

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
