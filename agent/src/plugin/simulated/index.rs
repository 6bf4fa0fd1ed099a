//! A sparse index over a log: finds a moment among hundreds of thousands of records by reading a few.
//!
//! Always holds: one mark for every [`EVERY`] records, in order; it is rebuilt on opening and grows
//! with each append, so it knows no record that the log does not have.

use super::txlog::{RECORDS_START, Record};
use jiff::Timestamp;
use rsvault_domain::backup::Lsn;

/// Records from one mark to the next.
const EVERY: u64 = 64;

/// Where a record begins.
struct Mark {
    lsn: Lsn,
    committed_at: Timestamp,
    offset: u64,
}

/// The index.
#[derive(Default)]
pub(super) struct Index {
    records: u64,
    marks: Vec<Mark>,
    /// Records of bulk operations, which are rare.
    bulk: Vec<Lsn>,
}

impl Index {
    /// Takes note of the next record, which begins at `offset`.
    pub(super) fn note(&mut self, record: &Record, offset: u64) {
        if self.records.is_multiple_of(EVERY) {
            self.marks.push(Mark { lsn: record.lsn, committed_at: record.committed_at, offset });
        }
        if record.bulk {
            self.bulk.push(record.lsn);
        }
        self.records += 1;
    }

    /// A place from which the last record that `reaches` holds for is at most [`EVERY`] records away.
    /// It holds for every record up to some one and for none after it.
    pub(super) fn near(&self, reaches: impl Fn(Lsn, Timestamp) -> bool) -> u64 {
        let marks = self.marks.partition_point(|mark| reaches(mark.lsn, mark.committed_at));
        marks.checked_sub(1).map_or(RECORDS_START, |at| self.marks[at].offset)
    }

    /// Whether a bulk operation was committed after `first` and up to `last`.
    pub(super) fn bulk_within(&self, first: Lsn, last: Lsn) -> bool {
        let from = self.bulk.partition_point(|lsn| *lsn <= first);
        self.bulk.get(from).is_some_and(|lsn| *lsn <= last)
    }
}
