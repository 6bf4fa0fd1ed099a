//! The oracle: what a database held at an LSN or a time, known without any backup.
//!
//! The checksum covers the number and content of every page. It leaves out what belongs to one
//! database alone: name, file paths, recovery fork, LSNs and the log itself. So a restored copy has
//! the checksum that its source had at the backup's end. Every log record carries the checksum of
//! the state after it, computed when the change was made; a backup never enters into it.

use super::database::Database;
use crate::plugin::WorkloadError;
use jiff::Timestamp;
use rsvault_domain::backup::Lsn;
use serde::{Deserialize, Serialize};

/// A moment in the life of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// After the change with the highest LSN that is not above this one.
    Lsn(Lsn),
    /// After the last change committed at or before this time.
    Time(Timestamp),
}

/// The state of a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checksum {
    /// LSN of the last change in it.
    pub lsn: Lsn,
    /// When that change was committed.
    pub committed_at: Timestamp,
    /// Hash of all pages, hex.
    pub hash: String,
}

impl Database {
    pub(super) fn checksum(&self, at: Option<At>) -> Result<Checksum, WorkloadError> {
        let Some(at) = at else {
            let (last, state) = self.read_state()?;
            return Ok(Checksum { lsn: last.lsn, committed_at: last.committed_at, hash: state.into() });
        };
        let unknown = |what: String| WorkloadError::fault("UserErrorGenericSQLUserCorrectableFault", what);
        let (boot, last, mut records) = self.history()?;
        let reaches = |lsn: Lsn, time: Timestamp| match at {
            At::Lsn(wanted) => lsn <= wanted,
            At::Time(wanted) => time <= wanted,
        };
        if !reaches(boot.base_lsn, boot.base_time) {
            return Err(unknown(format!("The database's history begins at LSN {} ({}).", boot.base_lsn, boot.base_time)));
        }
        if matches!(at, At::Lsn(wanted) if wanted > last.lsn) {
            return Err(unknown(format!("The database's history ends at LSN {}.", last.lsn)));
        }
        let mut found = (boot.base_lsn, boot.base_time, boot.base_state);
        while let Some(record) = records.next().map_err(|e| WorkloadError::io("read the transaction log", e))? {
            if !reaches(record.lsn, record.committed_at) {
                break;
            }
            found = (record.lsn, record.committed_at, record.state);
        }
        Ok(Checksum { lsn: found.0, committed_at: found.1, hash: found.2.into() })
    }
}
