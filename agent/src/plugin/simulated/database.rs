//! One database: its data file, its log, and the one lock through which they change.
//!
//! Always holds: a change is in the log before it is in the pages; opening replays what the log has
//! beyond the checkpoint, so the pages are those of the last whole record whatever was torn. Whoever
//! looks at a database first lets its writer do what was due by then ([`Database::current`]). Every
//! method here blocks; callers are on a blocking thread.

use super::pages::{PAGE_SIZE, RUN_PAGES, State, generate};
use super::txlog::{Boot, FIRST_LSN, LogFile, Record, Scan};
use super::writer::Writer;
use crate::plugin::WorkloadError;
use jiff::Timestamp;
use rsvault_domain::backup::Lsn;
use rsvault_domain::ports::Clock;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// What a committed write gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteReceipt {
    /// LSN of the change.
    pub lsn: Lsn,
    /// Its commit time.
    pub committed_at: Timestamp,
}

/// A place in the log.
#[derive(Clone, Debug)]
pub(super) struct Position {
    pub(super) receipt: WriteReceipt,
    pub(super) state: State,
    /// Offset after the record.
    pub(super) offset: u64,
    pub(super) boot: Boot,
}

/// An open database.
pub(super) struct Database {
    pub(super) pages: u32,
    pub(super) data: Arc<File>,
    clock: Arc<dyn Clock>,
    core: Mutex<Core>,
}

/// What changes, behind the lock.
pub(super) struct Core {
    pub(super) log: LogFile,
    pub(super) boot: Boot,
    pub(super) last: WriteReceipt,
    pub(super) state: State,
    /// Nothing commits before: what these files are under their name since.
    pub(super) since: Timestamp,
    /// Hashes of pages that are known without reading them.
    pub(super) sums: HashMap<u32, State>,
    pub(super) writer: Option<Writer>,
    /// Records since the last checkpoint.
    pub(super) unsaved: usize,
    /// Set when the database was dropped or replaced, or a page could not be written.
    pub(super) closed: bool,
}

impl Database {
    /// Writes the files of a new database whose pages all come from `seed`.
    pub(super) fn create(data: &Path, log: &Path, pages: u32, seed: u64, now: Timestamp) -> Result<()> {
        let file = File::create(data)?;
        let mut state = State::default();
        let mut run = vec![0; RUN_PAGES as usize * PAGE_SIZE];
        let mut first = 0;
        while first < pages {
            let count = RUN_PAGES.min(pages - first);
            let run = &mut run[..count as usize * PAGE_SIZE];
            for (page, out) in (first..).zip(run.chunks_exact_mut(PAGE_SIZE)) {
                generate(page, seed, out);
            }
            state.add(State::of_run(first, run));
            file.write_all_at(run, u64::from(first) * PAGE_SIZE as u64)?;
            first += count;
        }
        file.sync_data()?;
        let base = WriteReceipt { lsn: FIRST_LSN, committed_at: micros(now) };
        Self::create_log(log, pages, Uuid::new_v4(), base, state, false)
    }

    /// Writes a log that begins at `base`, for pages that are on disk already.
    pub(super) fn create_log(log: &Path, pages: u32, recovery_fork: Uuid, base: WriteReceipt, state: State, restored: bool) -> Result<()> {
        let mut boot = Boot {
            sequence: 0,
            pages,
            recovery_fork,
            database_backup_lsn: Lsn(0),
            log_backup_lsn: None,
            broken_lsn: Lsn(0),
            log_taken_by: None,
            full_taken_by: None,
            restored,
            checkpoint_lsn: base.lsn,
            base_lsn: base.lsn,
            base_time: base.committed_at,
            base_state: state,
        };
        LogFile::create(log, &mut boot).map(|_| ())
    }

    /// Opens the files and repairs torn writes by replaying the log.
    pub(super) fn open(data: &Path, log: &Path, since: Timestamp, clock: Arc<dyn Clock>) -> Result<Self> {
        let file = File::options().read(true).write(true).open(data)?;
        let (mut log, mut boot) = LogFile::open(log)?;
        if file.metadata()?.len() != u64::from(boot.pages) * PAGE_SIZE as u64 {
            return Err(Error::new(ErrorKind::InvalidData, format!("the data file is not {} pages long", boot.pages)));
        }
        let mut replayed = 0_u64;
        let last = log.read_through(&boot, |record| {
            if record.lsn > boot.checkpoint_lsn {
                redo(&file, boot.pages, record)?;
                replayed += 1;
            }
            Ok(())
        })?;
        if replayed > 0 {
            file.sync_data()?;
            boot.checkpoint_lsn = last.lsn;
            log.write_boot(&mut boot)?;
        }
        let core = Core {
            log,
            last: WriteReceipt { lsn: last.lsn, committed_at: last.committed_at },
            state: last.state,
            since,
            sums: HashMap::new(),
            writer: None,
            unsaved: 0,
            closed: false,
            boot,
        };
        Ok(Self { pages: core.boot.pages, data: Arc::new(file), clock, core: Mutex::new(core) })
    }

    pub(super) fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The database as it is now, with all that its writer has committed by now; and now.
    pub(super) fn current(&self) -> std::result::Result<(MutexGuard<'_, Core>, Timestamp), WorkloadError> {
        let mut core = self.core();
        if core.closed {
            return Err(WorkloadError::fault("UserErrorSQLPODoesNotExist", "It was dropped or replaced meanwhile."));
        }
        let now = self.clock.now();
        self.catch_up(&mut core, now).map_err(|e| WorkloadError::io("write to the database", e))?;
        Ok((core, now))
    }

    /// Makes everything that was committed durable in the data file.
    pub(super) fn save(&self, core: &mut Core) -> Result<()> {
        self.data.sync_data()?;
        core.boot.checkpoint_lsn = core.last.lsn;
        core.unsaved = 0;
        core.log.write_boot(&mut core.boot)
    }

    /// Makes everything that was committed by now durable in the data file.
    pub(super) fn checkpoint(&self) -> std::result::Result<(), WorkloadError> {
        if self.core().closed {
            return Ok(());
        }
        let (mut core, _) = self.current()?;
        if core.boot.checkpoint_lsn == core.last.lsn {
            return Ok(());
        }
        self.save(&mut core).map_err(|e| WorkloadError::io("checkpoint", e))
    }

    /// Changes the boot record.
    pub(super) fn update_boot(&self, change: impl FnOnce(&mut Boot)) -> std::result::Result<(), WorkloadError> {
        let (mut core, _) = self.current()?;
        core.change_boot(change)
    }

    /// The records between two offsets of the log.
    pub(super) fn scan(&self, from: u64, to: u64) -> Scan {
        self.core().log.scan(from, to)
    }
    /// Bytes of the log file.
    pub(super) fn log_size(&self) -> u64 {
        self.core().log.end
    }
    /// Bytes of the data file.
    pub(super) fn data_size(&self) -> u64 {
        u64::from(self.pages) * PAGE_SIZE as u64
    }

    /// The state as the bytes in the data file have it, with no writer in between.
    pub(super) fn read_state(&self) -> std::result::Result<(WriteReceipt, State), WorkloadError> {
        let (core, _) = self.current()?;
        let state = hash_file(&self.data, self.pages, || false).map_err(|e| WorkloadError::io("read the data file", e))?;
        Ok((core.last, state))
    }

    /// Ends all use: later calls fail, open readers keep their files.
    pub(super) fn close(&self) {
        self.core().closed = true;
    }
}

impl Core {
    /// Changes the boot record and waits for the disk.
    pub(super) fn change_boot(&mut self, change: impl FnOnce(&mut Boot)) -> std::result::Result<(), WorkloadError> {
        change(&mut self.boot);
        self.log.write_boot(&mut self.boot).map_err(|e| WorkloadError::io("write the boot record", e))
    }
    /// Where the log ends.
    pub(super) fn position(&self) -> Position {
        Position { receipt: self.last, state: self.state, offset: self.log.end, boot: self.boot.clone() }
    }
}

/// Offset of a page in the data file.
pub(super) fn place(page: u32) -> u64 {
    u64::from(page) * PAGE_SIZE as u64
}

/// The log stores microseconds; what is handed out must equal what is read back.
pub(super) fn micros(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// The next moment that the log can tell from `time`.
pub(super) fn next_moment(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond() + 1).unwrap_or(time)
}

/// Writes the pages that a record changes.
pub(super) fn redo(data: &File, pages: u32, record: &Record) -> Result<()> {
    let mut content = vec![0; PAGE_SIZE];
    for &page in &record.pages {
        if page >= pages {
            return Err(Error::new(ErrorKind::InvalidData, format!("a log record changes page {page} of {pages}")));
        }
        generate(page, record.seed, &mut content);
        data.write_all_at(&content, place(page))?;
    }
    Ok(())
}

/// Hashes all pages of a data file; `stop` is asked between runs.
pub(super) fn hash_file(data: &File, pages: u32, stop: impl Fn() -> bool) -> Result<State> {
    let mut state = State::default();
    let mut buffer = vec![0; RUN_PAGES as usize * PAGE_SIZE];
    let mut first = 0;
    while first < pages {
        if stop() {
            return Err(Error::from(ErrorKind::Interrupted));
        }
        let count = RUN_PAGES.min(pages - first);
        let run = &mut buffer[..count as usize * PAGE_SIZE];
        data.read_exact_at(run, place(first))?;
        state.add(State::of_run(first, run));
        first += count;
    }
    Ok(state)
}
