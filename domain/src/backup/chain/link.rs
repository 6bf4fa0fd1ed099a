//! One recovery point as the chain sees it.

use crate::backup::{BackupFacts, BackupKind, Lsn, RecoveryModel, RecoveryPoint, RecoveryPointName};
use crate::id::SetId;
use jiff::Timestamp;
use uuid::Uuid;

/// What the chain needs to know of one recovery point: small enough to hold a million.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Set.
    pub set_id: SetId,
    /// Name on the wire.
    pub name: RecoveryPointName,
    /// Kind.
    pub kind: BackupKind,
    /// When the engine began reading.
    pub started_at: Timestamp,
    /// The moment whose state it gives back; of a log: the last moment it covers.
    pub time: Timestamp,
    /// First LSN.
    pub first_lsn: Lsn,
    /// Last LSN.
    pub last_lsn: Lsn,
    /// Checkpoint LSN: of a full, what its differentials name as their base.
    pub checkpoint_lsn: Lsn,
    /// Of a differential: checkpoint LSN of the full it builds on.
    pub database_backup_lsn: Lsn,
    /// Recovery fork.
    pub recovery_fork: Uuid,
    /// Recovery model at backup time.
    pub recovery_model: RecoveryModel,
    /// Whether a log holds bulk-logged changes: it restores to its end only.
    pub bulk_logged: bool,
    /// Ciphertext bytes: what reading it costs.
    pub sealed_bytes: u64,
}

impl Link {
    /// The link that a backup with these facts is.
    pub fn of(set_id: SetId, name: RecoveryPointName, kind: BackupKind, facts: &BackupFacts, sealed_bytes: u64) -> Self {
        Self {
            set_id,
            name,
            kind,
            started_at: facts.started_at,
            time: facts.consistent_at,
            first_lsn: facts.first_lsn,
            last_lsn: facts.last_lsn,
            checkpoint_lsn: facts.checkpoint_lsn,
            database_backup_lsn: facts.database_backup_lsn,
            recovery_fork: facts.recovery_fork,
            recovery_model: facts.recovery_model,
            bulk_logged: facts.bulk_logged,
            sealed_bytes,
        }
    }
}

impl From<&RecoveryPoint> for Link {
    fn from(point: &RecoveryPoint) -> Self {
        Self::of(point.set_id, point.name.clone(), point.kind, &point.facts, point.sealed_bytes)
    }
}
