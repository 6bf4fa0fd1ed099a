//! What a database engine reports of one backup.

use super::RecoveryModel;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// A log sequence number: SQL Server's `numeric(25,0)`. Written as a decimal string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u128);

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl FromStr for Lsn {
    type Err = std::num::ParseIntError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(Self)
    }
}
impl Serialize for Lsn {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Lsn {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Data or log file of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FileKind {
    /// Rows.
    Data,
    /// Transaction log.
    Log,
}

impl FileKind {
    /// Azure's word (`SQLDataDirectory.type`).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::Log => "Log",
        }
    }
}

/// One file of a database as it stood at backup time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseFile {
    /// Data or log.
    pub kind: FileKind,
    /// Full path on the server.
    pub path: String,
    /// Logical name inside the database.
    pub logical_name: String,
    /// Bytes.
    pub size: u64,
}

/// What the engine says of a finished backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackupFacts {
    /// When the engine began reading.
    pub started_at: Timestamp,
    /// The moment whose state a restore gives back (consistency point).
    pub consistent_at: Timestamp,
    /// First LSN in the backup.
    pub first_lsn: Lsn,
    /// LSN that a restore of this backup ends at.
    pub last_lsn: Lsn,
    /// Checkpoint LSN.
    pub checkpoint_lsn: Lsn,
    /// LSN of the full this one builds on (0 for a full).
    pub database_backup_lsn: Lsn,
    /// Recovery fork the database was on.
    pub recovery_fork: Uuid,
    /// Recovery model at backup time.
    pub recovery_model: RecoveryModel,
    /// Whether the backup holds bulk-logged changes.
    pub bulk_logged: bool,
    /// Files of the database.
    pub files: Vec<DatabaseFile>,
    /// Bytes read from the engine, before compression and encryption.
    pub source_bytes: u64,
    /// Version text of the engine.
    pub engine_version: String,
}
