//! Jobs: what people see of long-running work (rulebook 6).

use crate::backup::BackupKind;
use crate::fault::{Fault, JobFault, Result};
use crate::id::{ItemId, JobId, VaultId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The property that the job of a restore has from the moment on at which its transfer begins.
pub const JOB_TYPE: &str = "Job Type";

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of")]
pub enum JobKind {
    /// Registration of a server.
    Register,
    /// Unregistration.
    UnRegister,
    /// Enable, change policy, resume.
    ConfigureBackup,
    /// A backup.
    Backup(BackupKind),
    /// A restore of a point of this kind.
    Restore(BackupKind),
    /// Stop and keep.
    DisableBackup,
    /// Stop and delete.
    DeleteBackupData,
    /// Undelete.
    Undelete,
    /// A move of a recovery point to the archive tier.
    MoveRecoveryPoint,
    /// A restore of a point of this kind that is first brought back from the archive tier.
    RestoreWithRehydrate(BackupKind),
    /// A restore of a point of this kind in the secondary region.
    CrossRegionRestore(BackupKind),
}

impl JobKind {
    /// The family of cross-region restores.
    pub const CROSS_REGION: &'static str = "CrossRegionRestore";
    /// The word that filters compare (`operation eq 'Backup'` matches every `Backup (…)`).
    pub fn family(self) -> &'static str {
        match self {
            Self::Register => "Register",
            Self::UnRegister => "UnRegister",
            Self::ConfigureBackup => "ConfigureBackup",
            Self::Backup(_) => "Backup",
            Self::Restore(_) => "Restore",
            Self::DisableBackup => "DisableBackup",
            Self::DeleteBackupData => "DeleteBackupData",
            Self::Undelete => "Undelete",
            Self::MoveRecoveryPoint => "MoveRecoveryPoint",
            Self::RestoreWithRehydrate(_) => "RestoreWithRehydrate",
            Self::CrossRegionRestore(_) => Self::CROSS_REGION,
        }
    }
    /// The text shown: a restore gets its subtype only once it has completed (wire-facts 0.5).
    pub fn text(self, status: JobStatus) -> String {
        match self {
            Self::Backup(kind) => format!("Backup ({})", kind.job_word()),
            Self::Restore(kind) if status == JobStatus::Completed => format!("Restore ({})", kind.job_word()),
            other => other.family().to_owned(),
        }
    }
    /// Name of its one task in `tasksList`; None where the list is empty (rulebook 6.2).
    pub fn task_name(self) -> Option<&'static str> {
        match self {
            Self::Backup(_) => Some("Transfer data to vault"),
            Self::Restore(_) | Self::RestoreWithRehydrate(_) | Self::CrossRegionRestore(_) => Some("Transfer data from vault"),
            _ => None,
        }
    }
    /// Whether it is shown as one that can be cancelled.
    pub fn cancellable(self) -> bool {
        matches!(self, Self::Backup(_) | Self::Restore(_) | Self::RestoreWithRehydrate(_) | Self::CrossRegionRestore(_))
    }
    /// Whether people may cancel it: a restore in the secondary region is shown as cancellable, and is not
    /// (rulebook 4.3, wire-facts 7).
    pub fn may_be_cancelled(self) -> bool {
        self.cancellable() && !matches!(self, Self::CrossRegionRestore(_))
    }
}

/// Status of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobStatus {
    /// Running or queued.
    InProgress,
    /// Done.
    Completed,
    /// Done, with something to look at.
    CompletedWithWarnings,
    /// Failed.
    Failed,
    /// Being cancelled.
    Cancelling,
    /// Cancelled.
    Cancelled,
}

impl JobStatus {
    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Completed => "Completed",
            Self::CompletedWithWarnings => "CompletedWithWarnings",
            Self::Failed => "Failed",
            Self::Cancelling => "Cancelling",
            Self::Cancelled => "Cancelled",
        }
    }
    /// Parses the word, without case.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::InProgress, Self::Completed, Self::CompletedWithWarnings, Self::Failed, Self::Cancelling, Self::Cancelled]
            .into_iter()
            .find(|s| s.as_str().eq_ignore_ascii_case(word))
    }
    /// Whether nothing will change any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::InProgress | Self::Cancelling)
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Id.
    pub id: JobId,
    /// Vault.
    pub vault_id: VaultId,
    /// Item, where it is about one.
    pub item_id: Option<ItemId>,
    /// What it does.
    pub kind: JobKind,
    /// Status.
    pub status: JobStatus,
    /// `entityFriendlyName`: `db [server]` for backup and restore, `db` for the others.
    pub entity_name: String,
    /// Start.
    pub started_at: Timestamp,
    /// End.
    pub ended_at: Option<Timestamp>,
    /// Whether a user asked for it.
    pub user_triggered: bool,
    /// `x-ms-client-request-id` of the request that started it.
    pub activity_id: String,
    /// `propertyBag`, in order.
    pub properties: Vec<(String, String)>,
    /// Errors.
    pub faults: Vec<JobFault>,
}

impl Job {
    /// Asks for a cancel: InProgress → Cancelling.
    pub fn request_cancel(&mut self) -> Result<()> {
        if self.status.is_final() || !self.kind.may_be_cancelled() {
            return Err(Fault::invalid(
                "UserErrorJobNotCancellable",
                format!(
                    "Job {} ({}, {}) cannot be cancelled: only a running backup or restore can.",
                    self.id,
                    self.kind.text(self.status),
                    self.status.as_str()
                ),
            ));
        }
        self.status = JobStatus::Cancelling;
        Ok(())
    }
    /// Ends the job; a job that has ended stays as it is (returns false).
    pub fn end(&mut self, status: JobStatus, faults: Vec<JobFault>, now: Timestamp) -> bool {
        if self.status.is_final() {
            return false;
        }
        self.status = status;
        self.faults = faults;
        self.ended_at = Some(now);
        true
    }
    /// Its tasks in order, with their status (wire-facts 7). One task ends as the job does, and still runs while a
    /// cancel is on its way. A restore from the archive tier has two, the second from the moment at which the
    /// first has ended.
    pub fn tasks(&self) -> Vec<(&'static str, JobStatus)> {
        let status = match self.status {
            JobStatus::Cancelling => JobStatus::InProgress,
            JobStatus::CompletedWithWarnings => JobStatus::Completed,
            other => other,
        };
        let Some(task) = self.kind.task_name() else { return Vec::new() };
        if !matches!(self.kind, JobKind::RestoreWithRehydrate(_)) {
            return vec![(task, status)];
        }
        const REHYDRATE: &str = "Rehydrate from Archive storage";
        let transfers = self.properties.iter().any(|(key, _)| key == JOB_TYPE);
        if transfers { vec![(REHYDRATE, JobStatus::Completed), (task, status)] } else { vec![(REHYDRATE, status)] }
    }
    /// Sets a property, keeping the order of first appearance.
    pub fn set_property(&mut self, key: &str, value: String) {
        match self.properties.iter_mut().find(|(k, _)| k == key) {
            Some((_, v)) => *v = value,
            None => self.properties.push((key.to_owned(), value)),
        }
    }
}
