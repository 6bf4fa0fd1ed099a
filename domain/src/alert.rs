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
    /// The Resource Guard was removed from the vault.
    MuaDisabled,
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

impl AlertKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::DeleteBackupData,
        Self::UpcomingPurge,
        Self::PurgeComplete,
        Self::SoftDeleteDisabled,
        Self::MuaDisabled,
        Self::PolicyRetentionReduced,
        Self::ProtectionRetentionReduced,
        Self::BackupFailure,
        Self::RestoreFailure,
        Self::UnsupportedBackupType,
        Self::WorkloadExtensionUnhealthy,
        Self::BackupMissed,
    ];
    /// Azure's name of the alert.
    pub fn title(self) -> &'static str {
        match self {
            Self::DeleteBackupData => "Delete Backup Data",
            Self::UpcomingPurge => "Upcoming Purge",
            Self::PurgeComplete => "Purge Complete",
            Self::SoftDeleteDisabled => "Soft Delete Disabled for Vault",
            Self::MuaDisabled => "MUA Disabled",
            Self::PolicyRetentionReduced => "Modify Policy with Shorter Retention",
            Self::ProtectionRetentionReduced => "Modify Protection with Shorter Retention",
            Self::BackupFailure => "Backup Failure",
            Self::RestoreFailure => "Restore Failure",
            Self::UnsupportedBackupType => "Unsupported backup type",
            Self::WorkloadExtensionUnhealthy => "Workload extension unhealthy",
            Self::BackupMissed => "Backup Missed",
        }
    }
    /// Security alerts cannot be switched off; the others are about jobs.
    pub fn is_security(self) -> bool {
        matches!(
            self,
            Self::DeleteBackupData
                | Self::UpcomingPurge
                | Self::PurgeComplete
                | Self::SoftDeleteDisabled
                | Self::MuaDisabled
                | Self::PolicyRetentionReduced
                | Self::ProtectionRetentionReduced
        )
    }
    /// How bad it is.
    pub fn severity(self) -> Severity {
        match self {
            Self::UnsupportedBackupType => Severity::Warning,
            Self::PurgeComplete | Self::UpcomingPurge => Severity::Informational,
            Self::DeleteBackupData | Self::SoftDeleteDisabled | Self::MuaDisabled => Severity::Critical,
            _ => Severity::Error,
        }
    }
    /// The name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DeleteBackupData => "DeleteBackupData",
            Self::UpcomingPurge => "UpcomingPurge",
            Self::PurgeComplete => "PurgeComplete",
            Self::SoftDeleteDisabled => "SoftDeleteDisabled",
            Self::MuaDisabled => "MuaDisabled",
            Self::PolicyRetentionReduced => "PolicyRetentionReduced",
            Self::ProtectionRetentionReduced => "ProtectionRetentionReduced",
            Self::BackupFailure => "BackupFailure",
            Self::RestoreFailure => "RestoreFailure",
            Self::UnsupportedBackupType => "UnsupportedBackupType",
            Self::WorkloadExtensionUnhealthy => "WorkloadExtensionUnhealthy",
            Self::BackupMissed => "BackupMissed",
        }
    }
}

impl Severity {
    /// Azure Monitor's word.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Critical => "Sev0",
            Self::Error => "Sev1",
            Self::Warning => "Sev2",
            Self::Informational => "Sev3",
        }
    }
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
