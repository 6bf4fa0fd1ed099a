//! The oracle: what a database held at an LSN or a time, known without any backup.
//!
//! The checksum covers the number and content of every page. It leaves out what belongs to one
//! database alone: name, file paths, recovery fork, LSNs and the log itself. So a restored copy has
//! the checksum that its source had at the backup's end. Every log record carries the checksum of
//! the state after it, computed when the change was made; a backup never enters into it. The logs of
//! what a restore overwrote are kept, so a name is known at every moment since it was first taken.

use super::catalog::Past;
use super::database::Database;
use super::instance::Instance;
use super::txlog::{Boot, LogFile, Place};
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

impl At {
    fn reaches(self, lsn: Lsn, time: Timestamp) -> bool {
        match self {
            Self::Lsn(wanted) => lsn <= wanted,
            Self::Time(wanted) => time <= wanted,
        }
    }
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

impl From<Place> for Checksum {
    fn from(place: Place) -> Self {
        Self { lsn: place.lsn, committed_at: place.committed_at, hash: place.state.into() }
    }
}

/// The log of a database that was overwritten.
pub(super) struct Bygone {
    log: LogFile,
    boot: Boot,
    last: Lsn,
}

impl Bygone {
    pub(super) fn open(past: &Past) -> std::io::Result<Self> {
        let (mut log, boot) = LogFile::open(&past.log)?;
        let last = log.read_through(&boot, |_| Ok(()))?.lsn;
        Ok(Self { log, boot, last })
    }
}

fn reading(error: std::io::Error) -> WorkloadError {
    WorkloadError::io("read the transaction log", error)
}

impl Instance {
    /// What `database` held at a moment, or holds now as the bytes in its data file have it.
    pub(super) fn checksum(&self, database: &str, at: Option<At>) -> Result<Checksum, WorkloadError> {
        let Some(at) = at else { return self.database(database)?.1.checksum() };
        let Some((entry, open)) = self.lookup(database) else { return self.database(database)?.1.checksum() };
        let found = match at {
            // What a restore has overwritten since was what the name held then.
            At::Time(time) if time < entry.since => match entry.past.iter().rev().find(|past| past.since <= time) {
                Some(past) => self.bygone(past)?.known(at)?,
                None => None,
            },
            At::Time(_) => self.database(database).and(open.known(at))?,
            At::Lsn(_) => {
                let mut found = self.database(database).and(open.known(at))?;
                for past in entry.past.iter().rev() {
                    if found.is_none() {
                        found = self.bygone(past)?.known(at)?;
                    }
                }
                found
            }
        };
        found.map(Into::into).ok_or_else(|| {
            let since = entry.past.first().map_or(entry.since, |past| past.since);
            let what = match at {
                At::Lsn(lsn) => format!("Database '{}' was never at LSN {lsn}.", entry.name),
                At::Time(time) => format!("Database '{}' is there since {since}: nothing is known of {time}.", entry.name),
            };
            WorkloadError::fault("UserErrorGenericSQLUserCorrectableFault", what)
        })
    }
}

impl Database {
    fn checksum(&self) -> Result<Checksum, WorkloadError> {
        let (last, state) = self.read_state()?;
        Ok(Checksum { lsn: last.lsn, committed_at: last.committed_at, hash: state.into() })
    }

    fn known(&self, at: At) -> Result<Option<Place>, WorkloadError> {
        let (core, _) = self.current()?;
        if matches!(at, At::Lsn(wanted) if wanted > core.last.lsn) {
            return Ok(None);
        }
        core.log.find(&core.boot, |lsn, time| at.reaches(lsn, time)).map_err(reading)
    }
}

impl Bygone {
    fn known(&self, at: At) -> Result<Option<Place>, WorkloadError> {
        if matches!(at, At::Lsn(wanted) if wanted > self.last) {
            return Ok(None);
        }
        self.log.find(&self.boot, |lsn, time| at.reaches(lsn, time)).map_err(reading)
    }
}
