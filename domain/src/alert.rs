//! Built-in alerts (rulebook 7.1): which there are, how severe, which may be switched off.

use crate::id::{ItemId, JobId, VaultId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AlertKind {
    /// Stop with delete; not while soft delete is off.
    DeleteBackupData,
    /// Two days before a soft-deleted item is purged.
    UpcomingPurge,
    /// A soft-deleted item was purged.
    PurgeComplete,
    /// Soft delete was switched off.
    SoftDeleteDisabled,
    /// A policy now keeps backups shorter.
    PolicyRetentionReduced,
    /// An item moved to a policy that keeps its backups shorter.
    ProtectionRetentionReduced,
    /// A backup failed.
    BackupFailure,
    /// A restore failed.
    RestoreFailure,
    /// The policy has kinds that the database cannot do.
    UnsupportedBackupType,
    /// The agent of a server is silent.
    WorkloadExtensionUnhealthy,
    /// A scheduled backup did not happen and nothing was heard of it (rsvault's own).
    BackupMissed,
}

/// How bad, in Azure Monitor's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Severity {
    /// Sev0.
    Critical,
    /// Sev1.
    Error,
    /// Sev2.
    Warning,
    /// Sev3.
    Informational,
}

/// An alert that was fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Id.
    pub id: Uuid,
    /// Vault.
    pub vault_id: VaultId,
    /// Item, where it is about one.
    pub item_id: Option<ItemId>,
    /// What it is about, as people name it.
    pub subject: String,
    /// Which.
    pub kind: AlertKind,
    /// Catalogue code, where there is one.
    pub code: Option<String>,
    /// What happened and what to do.
    pub text: String,
    /// Job, where there is one.
    pub job_id: Option<JobId>,
    /// When.
    pub fired_at: Timestamp,
    /// When its cause was over, or someone closed it.
    pub resolved_at: Option<Timestamp>,
}
