//! The transaction log file (`.ldf`): two boot slots, then records end to end.
//!
//! Always holds: a record is whole in the file before a page that it changes is written; LSNs
//! and commit times strictly rise, so a time says as well as an LSN where a log ends; what follows the last whole record is a torn write of
//! the last instant and is cut off on opening. The boot slots are written in turn, so that one of
//! them is always whole. Nothing is truncated away: the log is the memory of the oracle.

use super::index::Index;
use super::pages::{PAGE_SIZE, State};
use jiff::Timestamp;
use rsvault_domain::backup::Lsn;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// Where records begin: after the two boot slots.
pub(super) const RECORDS_START: u64 = 2 * PAGE_SIZE as u64;
/// Most pages that one record changes (1 MiB of content).
pub(super) const RECORD_PAGES: usize = 128;
/// LSN of a database as created (`34:480:1` in SQL Server's spelling).
pub(super) const FIRST_LSN: Lsn = Lsn(34_000_000_048_000_001);

const FRAME: usize = 12;
const FIXED: usize = 16 + 8 + 8 + 32 + 4;
const SCAN: usize = 256 * 1024;
/// In the stored number of pages: the change is of a bulk operation.
const BULK: u32 = 1 << 31;

/// What a database knows of itself, beside its pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Boot {
    /// Counts writes of this record; picks the slot.
    pub(super) sequence: u64,
    /// Pages of the data file.
    pub(super) pages: u32,
    /// Recovery fork.
    pub(super) recovery_fork: Uuid,
    /// Checkpoint of the last full backup (0: none).
    pub(super) database_backup_lsn: Lsn,
    /// Where the next log backup begins; None while there is no log chain.
    #[serde(default)]
    pub(super) log_backup_lsn: Option<Lsn>,
    /// Where the log chain was last broken: a full that began before it starts none.
    #[serde(default)]
    pub(super) broken_lsn: Lsn,
    /// The product that took the log since the last full, if it gave its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) log_taken_by: Option<String>,
    /// The product that took the newest full, if it gave its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) full_taken_by: Option<String>,
    /// Whether these files were made by a restore.
    #[serde(default)]
    pub(super) restored: bool,
    /// Every change up to here is in the data file.
    pub(super) checkpoint_lsn: Lsn,
    /// Where this log begins: the LSN of the state the files were made with.
    pub(super) base_lsn: Lsn,
    /// Commit time of that state.
    pub(super) base_time: Timestamp,
    /// Hash of that state.
    pub(super) base_state: State,
}

/// One committed change; no pages for a mark that only moves the LSN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Its LSN.
    pub(super) lsn: Lsn,
    /// When it committed.
    pub(super) committed_at: Timestamp,
    /// Seed of the content that `pages` have from now on.
    pub(super) seed: u64,
    /// Whether it is a minimally logged bulk operation.
    pub(super) bulk: bool,
    /// Hash of the whole database after it.
    pub(super) state: State,
    /// Pages it changes.
    pub(super) pages: Vec<u32>,
}

impl Record {
    /// The LSN that follows `lsn` when a record of `pages` pages is written: as in SQL Server a
    /// record takes log blocks of 512 bytes.
    pub(super) fn next_lsn(lsn: Lsn, pages: usize) -> Lsn {
        let blocks = (FRAME + FIXED + 4 * pages).div_ceil(512);
        Lsn(lsn.0 + blocks as u128 * 100_000)
    }

    /// Appends the stored form: length, digest, body.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut body = Vec::with_capacity(FIXED + 4 * self.pages.len());
        body.extend_from_slice(&self.lsn.0.to_le_bytes());
        body.extend_from_slice(&self.committed_at.as_microsecond().to_le_bytes());
        body.extend_from_slice(&self.seed.to_le_bytes());
        body.extend_from_slice(&self.state.to_bytes());
        let count = self.pages.len() as u32 | if self.bulk { BULK } else { 0 };
        body.extend_from_slice(&count.to_le_bytes());
        for page in &self.pages {
            body.extend_from_slice(&page.to_le_bytes());
        }
        out.extend_from_slice(&(body.len() as u32).to_le_bytes());
        out.extend_from_slice(&digest(&body));
        out.extend_from_slice(&body);
    }

    /// The record at the start of `bytes` and the bytes it takes; None if it is not whole.
    pub(super) fn decode(bytes: &[u8]) -> Option<(Self, usize)> {
        let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
        if !(FIXED..=FIXED + 4 * RECORD_PAGES).contains(&length) {
            return None;
        }
        let body = bytes.get(FRAME..FRAME + length)?;
        if bytes.get(4..FRAME)? != digest(body) {
            return None;
        }
        let pages: Vec<u32> = body[FIXED..].chunks_exact(4).filter_map(|p| Some(u32::from_le_bytes(p.try_into().ok()?))).collect();
        let count = u32::from_le_bytes(body[64..68].try_into().ok()?);
        if (count & !BULK) as usize != pages.len() {
            return None;
        }
        let record = Self {
            lsn: Lsn(u128::from_le_bytes(body[..16].try_into().ok()?)),
            committed_at: Timestamp::from_microsecond(i64::from_le_bytes(body[16..24].try_into().ok()?)).ok()?,
            seed: u64::from_le_bytes(body[24..32].try_into().ok()?),
            state: State::from_bytes(body[32..64].try_into().ok()?),
            bulk: count & BULK != 0,
            pages,
        };
        Some((record, FRAME + length))
    }
}

fn digest(body: &[u8]) -> [u8; 8] {
    let mut short = [0; 8];
    short.copy_from_slice(&blake3::hash(body).as_bytes()[..8]);
    short
}

/// The open log of a database.
pub(super) struct LogFile {
    pub(super) file: Arc<File>,
    /// Where the next record goes.
    pub(super) end: u64,
    pub(super) index: Index,
}

/// A place in a log: the record before it, or the state that the log begins with.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) lsn: Lsn,
    pub(super) committed_at: Timestamp,
    pub(super) state: State,
    /// Offset of what comes next.
    pub(super) offset: u64,
}

impl LogFile {
    /// Makes a log that begins at `boot`.
    pub(super) fn create(path: &Path, boot: &mut Boot) -> Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        file.set_len(RECORDS_START)?;
        let log = Self { file: Arc::new(file), end: RECORDS_START, index: Index::default() };
        log.write_boot(boot)?;
        Ok(log)
    }

    /// Opens a log; the caller reads it through to find its end and to fill the index.
    pub(super) fn open(path: &Path) -> Result<(Self, Boot)> {
        let file = File::options().read(true).write(true).open(path)?;
        let end = file.metadata()?.len();
        let boot = (0..2)
            .filter_map(|slot| read_slot(&file, slot))
            .max_by_key(|boot| boot.sequence)
            .ok_or_else(|| Error::new(ErrorKind::InvalidData, "neither boot slot of the log is whole"))?;
        Ok((Self { file: Arc::new(file), end, index: Index::default() }, boot))
    }

    /// Writes the boot record over the older slot and waits for the disk.
    pub(super) fn write_boot(&self, boot: &mut Boot) -> Result<()> {
        boot.sequence += 1;
        let json = serde_json::to_vec(boot).map_err(Error::other)?;
        let mut slot = Vec::with_capacity(PAGE_SIZE);
        slot.extend_from_slice(&(json.len() as u32).to_le_bytes());
        slot.extend_from_slice(&digest(&json));
        slot.extend_from_slice(&json);
        slot.resize(PAGE_SIZE, 0);
        self.file.write_all_at(&slot, boot.sequence % 2 * PAGE_SIZE as u64)?;
        self.file.sync_data()
    }

    /// Reads all records, for each of them calls `each`, and gives the last place. A torn end is cut
    /// off.
    pub(super) fn read_through(&mut self, boot: &Boot, mut each: impl FnMut(&Record) -> Result<()>) -> Result<Place> {
        let mut place = Place { lsn: boot.base_lsn, committed_at: boot.base_time, state: boot.base_state, offset: RECORDS_START };
        let mut scan = self.scan(RECORDS_START, self.end);
        loop {
            match scan.next() {
                Ok(Some(record)) => {
                    each(&record)?;
                    self.index.note(&record, place.offset);
                    place = Place { lsn: record.lsn, committed_at: record.committed_at, state: record.state, offset: scan.offset };
                }
                Ok(None) => return Ok(place),
                Err(error) if error.kind() == ErrorKind::InvalidData => {
                    tracing::warn!(bytes = self.end - scan.offset, "the last log record was torn; cut off");
                    self.end = scan.offset;
                    self.file.set_len(self.end)?;
                    return Ok(place);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The place after the last record that `reaches` holds for; None if not even the state that the
    /// log begins with is reached.
    pub(super) fn find(&self, boot: &Boot, reaches: impl Fn(Lsn, Timestamp) -> bool) -> Result<Option<Place>> {
        if !reaches(boot.base_lsn, boot.base_time) {
            return Ok(None);
        }
        let mut scan = self.scan(self.index.near(&reaches), self.end);
        let mut place = Place { lsn: boot.base_lsn, committed_at: boot.base_time, state: boot.base_state, offset: RECORDS_START };
        while let Some(record) = scan.next()? {
            if !reaches(record.lsn, record.committed_at) {
                break;
            }
            place = Place { lsn: record.lsn, committed_at: record.committed_at, state: record.state, offset: scan.offset };
        }
        Ok(Some(place))
    }

    /// Appends records: all of them or none.
    pub(super) fn append(&mut self, records: &[Record]) -> Result<()> {
        let mut bytes = Vec::new();
        let mut begins = Vec::with_capacity(records.len());
        for record in records {
            begins.push(self.end + bytes.len() as u64);
            record.encode(&mut bytes);
        }
        if let Err(error) = self.file.write_all_at(&bytes, self.end) {
            // Whole records of a batch that failed must not be found on opening.
            self.file.set_len(self.end)?;
            return Err(error);
        }
        for (record, offset) in records.iter().zip(begins) {
            self.index.note(record, offset);
        }
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// Reads the records between two offsets.
    pub(super) fn scan(&self, from: u64, to: u64) -> Scan {
        Scan { file: Arc::clone(&self.file), offset: from, fetched: from, to, buffer: Vec::new() }
    }
}

fn read_slot(file: &File, slot: u64) -> Option<Boot> {
    let mut bytes = vec![0; PAGE_SIZE];
    file.read_exact_at(&mut bytes, slot * PAGE_SIZE as u64).ok()?;
    let length = u32::from_le_bytes(bytes[..4].try_into().ok()?) as usize;
    let json = bytes.get(FRAME..FRAME.checked_add(length)?)?;
    (bytes[4..FRAME] == digest(json)).then(|| serde_json::from_slice(json).ok())?
}

/// Walks over records in bounded memory.
pub(super) struct Scan {
    file: Arc<File>,
    /// Where the next record begins: after the last whole one.
    pub(super) offset: u64,
    fetched: u64,
    to: u64,
    buffer: Vec<u8>,
}

impl Scan {
    /// The next record; None at the end, an `InvalidData` error where a record is not whole.
    pub(super) fn next(&mut self) -> Result<Option<Record>> {
        loop {
            let skip = self.buffer.len() - (self.fetched - self.offset) as usize;
            if let Some((record, length)) = Record::decode(&self.buffer[skip..]) {
                self.offset += length as u64;
                return Ok(Some(record));
            }
            if self.offset == self.to {
                return Ok(None);
            }
            // A record that is not whole although more of it than any record takes is at hand.
            let missing = (self.to - self.fetched).min(SCAN as u64) as usize;
            if missing == 0 || self.buffer.len() - skip > FRAME + FIXED + 4 * RECORD_PAGES {
                return Err(Error::new(ErrorKind::InvalidData, format!("the log record at offset {} is not whole", self.offset)));
            }
            self.buffer.drain(..skip);
            let kept = self.buffer.len();
            self.buffer.resize(kept + missing, 0);
            self.file.read_exact_at(&mut self.buffer[kept..], self.fetched)?;
            self.fetched += missing as u64;
        }
    }
}
