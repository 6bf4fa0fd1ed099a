//! Backups: kinds, log sequence numbers, what the engine reports of a backup (facts), the backup set
//! and its life (Open → Committed | Aborted), recovery points.

pub mod chain;
pub mod daily;
mod facts;
pub mod heal;
mod point;
mod replica;
mod set;

pub use facts::{BackupFacts, DatabaseFile, FileKind, Lsn};
pub use point::{DEFAULT_RANGE, PointMark, RecoveryPoint, RecoveryPointName};
pub use replica::{Replica, ReplicaState};
pub use set::{
    BackupSet, CHUNK_SIZE, ChunkRow, DedupeKey, Manifest, ManifestChunk, ManifestStream, SetState, StreamSummary, WrappedKey,
    verify_streams,
};

/// The kind of a backup, in SQL Server's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum BackupKind {
    /// Full database backup; starts a differential base.
    Full,
    /// Changes since the last full.
    Differential,
    /// Transaction log.
    Log,
    /// Full that neither breaks nor starts a chain (rulebook 3.7).
    CopyOnlyFull,
}

impl BackupKind {
    /// Azure's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "Full",
            Self::Differential => "Differential",
            Self::Log => "Log",
            Self::CopyOnlyFull => "CopyOnlyFull",
        }
    }
    /// The kind as jobs spell it: `Backup (Copy Only Full)` (rulebook 6.1).
    pub fn job_word(self) -> &'static str {
        match self {
            Self::CopyOnlyFull => "Copy Only Full",
            other => other.as_str(),
        }
    }
    /// Parses Azure's word exactly.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Full, Self::Differential, Self::Log, Self::CopyOnlyFull].into_iter().find(|k| k.as_str() == word)
    }
}

/// SQL Server's recovery models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum RecoveryModel {
    /// Log kept until backed up: point in time restore possible.
    #[default]
    Full,
    /// No log backups.
    Simple,
    /// Like Full, with minimally logged bulk operations.
    BulkLogged,
}

impl RecoveryModel {
    /// The word on the wire (`SIMPLE` was recorded; the others follow SQL Server).
    pub fn wire(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Simple => "SIMPLE",
            Self::BulkLogged => "BULK_LOGGED",
        }
    }
    /// Whether a backup of `kind` is possible for a database of this model (rulebook 3.7). `master`
    /// takes only fulls, whatever its model.
    pub fn allows(self, kind: BackupKind, database: &str) -> bool {
        let master = database.eq_ignore_ascii_case("master");
        match kind {
            BackupKind::Full | BackupKind::CopyOnlyFull => true,
            BackupKind::Differential => !master,
            BackupKind::Log => !master && self != Self::Simple,
        }
    }
}
