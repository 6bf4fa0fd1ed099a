//! One database: its data file, its log, and the one lock through which they change.
//!
//! Always holds: a change is in the log before it is in the pages; opening replays what the log has
//! beyond the checkpoint, so the pages are those of the last whole record whatever was torn. Every
//! method here blocks; callers are on a blocking thread.

use super::pages::{PAGE_SIZE, RUN_PAGES, SplitMix, State, generate};
use super::txlog::{Boot, FIRST_LSN, LogFile, RECORD_PAGES, RECORDS_START, Record, Scan};
use crate::plugin::WorkloadError;
use jiff::Timestamp;
use rsvault_domain::backup::Lsn;
use rsvault_domain::ports::Clock;
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Records between two checkpoints of a busy database.
const CHECKPOINT_EVERY: u32 = 512;

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
    /// The background writer that runs, with its rate.
    pub(super) writer: Mutex<Option<(u32, CancellationToken)>>,
}

struct Core {
    log: LogFile,
    boot: Boot,
    last: WriteReceipt,
    state: State,
    unsaved: u32,
    /// Set when the database was dropped or replaced, or a page could not be written.
    closed: bool,
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
        Self::create_log(log, pages, Uuid::new_v4(), WriteReceipt { lsn: FIRST_LSN, committed_at: micros(now) }, state)
    }

    /// Writes a log that begins at `base`, for pages that are on disk already.
    pub(super) fn create_log(log: &Path, pages: u32, recovery_fork: Uuid, base: WriteReceipt, state: State) -> Result<()> {
        let mut boot = Boot {
            sequence: 0,
            pages,
            recovery_fork,
            database_backup_lsn: Lsn(0),
            checkpoint_lsn: base.lsn,
            base_lsn: base.lsn,
            base_time: base.committed_at,
            base_state: state,
        };
        LogFile::create(log, &mut boot).map(|_| ())
    }

    /// Opens the files and repairs torn writes by replaying the log.
    pub(super) fn open(data: &Path, log: &Path, clock: Arc<dyn Clock>) -> Result<Self> {
        let file = File::options().read(true).write(true).open(data)?;
        let (mut log, mut boot) = LogFile::open(log)?;
        if file.metadata()?.len() != u64::from(boot.pages) * PAGE_SIZE as u64 {
            return Err(Error::new(ErrorKind::InvalidData, format!("the data file is not {} pages long", boot.pages)));
        }
        let mut last = WriteReceipt { lsn: boot.base_lsn, committed_at: boot.base_time };
        let mut state = boot.base_state;
        let mut scan = log.scan(RECORDS_START, log.end);
        let mut replayed = 0_u64;
        loop {
            match scan.next() {
                Ok(Some(record)) => {
                    if record.lsn > boot.checkpoint_lsn {
                        redo(&file, boot.pages, &record)?;
                        replayed += 1;
                    }
                    last = WriteReceipt { lsn: record.lsn, committed_at: record.committed_at };
                    state = record.state;
                }
                Ok(None) => break,
                Err(error) if error.kind() == ErrorKind::InvalidData => {
                    tracing::warn!(bytes = log.end - scan.offset, "the last log record was torn; cut off");
                    log.end = scan.offset;
                    log.file.set_len(log.end)?;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        if replayed > 0 {
            file.sync_data()?;
            boot.checkpoint_lsn = last.lsn;
            log.write_boot(&mut boot)?;
        }
        let core = Core { log, last, state, unsaved: 0, closed: false, boot };
        Ok(Self { pages: core.boot.pages, data: Arc::new(file), clock, core: Mutex::new(core), writer: Mutex::new(None) })
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn opened(&self) -> std::result::Result<MutexGuard<'_, Core>, WorkloadError> {
        let core = self.core();
        if core.closed {
            return Err(WorkloadError::fault("UserErrorSQLPODoesNotExist", "It was dropped or replaced meanwhile."));
        }
        Ok(core)
    }

    /// Commits a change of `count` pages picked by `seed`; their content comes from `seed` too.
    pub(super) fn write(&self, count: u32, seed: u64) -> std::result::Result<WriteReceipt, WorkloadError> {
        let mut random = SplitMix(seed);
        let mut picked: Vec<u32> = (0..count.min(self.pages)).map(|_| (random.next() % u64::from(self.pages)) as u32).collect();
        picked.sort_unstable();
        picked.dedup();
        let mut core = self.opened()?;
        for part in picked.chunks(RECORD_PAGES) {
            self.commit(&mut core, part, seed).map_err(|e| WorkloadError::io("write to the database", e))?;
        }
        Ok(core.last)
    }

    /// A write of the background writer: no two have the same seed, also after a restart.
    pub(super) fn write_next(&self, count: u32, seed: u64) -> std::result::Result<WriteReceipt, WorkloadError> {
        let lsn = self.core().last.lsn.0 as u64;
        self.write(count, seed ^ SplitMix(lsn).next())
    }

    fn commit(&self, core: &mut Core, pages: &[u32], seed: u64) -> Result<()> {
        let mut contents = vec![0; pages.len() * PAGE_SIZE];
        let mut old = vec![0; PAGE_SIZE];
        let mut state = core.state;
        for (&page, new) in pages.iter().zip(contents.chunks_exact_mut(PAGE_SIZE)) {
            self.data.read_exact_at(&mut old, place(page))?;
            generate(page, seed, new);
            state.sub(State::of_page(page, &old));
            state.add(State::of_page(page, new));
        }
        // Times never fall, even when the clock is set back.
        let committed_at = micros(self.clock.now()).max(core.last.committed_at);
        let record = Record { lsn: Record::next_lsn(core.last.lsn, pages.len()), committed_at, seed, state, pages: pages.to_vec() };
        core.log.append(&record)?;
        core.last = WriteReceipt { lsn: record.lsn, committed_at };
        core.state = state;
        for (&page, new) in pages.iter().zip(contents.chunks_exact(PAGE_SIZE)) {
            // Log and pages differ until the log is replayed: nobody may read on.
            self.data.write_all_at(new, place(page)).inspect_err(|_| core.closed = true)?;
        }
        core.unsaved += 1;
        if core.unsaved >= CHECKPOINT_EVERY {
            self.save(core)?;
        }
        Ok(())
    }

    fn save(&self, core: &mut Core) -> Result<()> {
        self.data.sync_data()?;
        core.boot.checkpoint_lsn = core.last.lsn;
        core.unsaved = 0;
        core.log.write_boot(&mut core.boot)
    }

    /// Makes everything that was committed durable in the data file.
    pub(super) fn checkpoint(&self) -> Result<()> {
        let mut core = self.core();
        if core.closed || core.boot.checkpoint_lsn == core.last.lsn {
            return Ok(());
        }
        self.save(&mut core)
    }

    /// Writes a mark into the log, as SQL Server does when a backup begins and ends: the LSN moves
    /// even if nobody writes. `checkpoint` also brings the pages up to it.
    pub(super) fn mark(&self, checkpoint: bool) -> std::result::Result<Position, WorkloadError> {
        let context = |e| WorkloadError::io("write a mark to the transaction log", e);
        let mut core = self.opened()?;
        self.commit(&mut core, &[], 0).map_err(context)?;
        if checkpoint {
            self.save(&mut core).map_err(context)?;
        }
        Ok(Position { receipt: core.last, state: core.state, offset: core.log.end, boot: core.boot.clone() })
    }

    /// Changes the boot record: a finished full backup, the end of a recovery.
    pub(super) fn update_boot(&self, change: impl FnOnce(&mut Boot)) -> std::result::Result<(), WorkloadError> {
        let mut core = self.opened()?;
        let Core { log, boot, .. } = &mut *core;
        change(boot);
        log.write_boot(boot).map_err(|e| WorkloadError::io("write the boot record", e))
    }

    /// The boot record, the last commit and a scan of all records up to it.
    pub(super) fn history(&self) -> std::result::Result<(Boot, WriteReceipt, Scan), WorkloadError> {
        let core = self.opened()?;
        Ok((core.boot.clone(), core.last, core.log.scan(RECORDS_START, core.log.end)))
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
        let core = self.opened()?;
        let state = hash_file(&self.data, self.pages, || false).map_err(|e| WorkloadError::io("read the data file", e))?;
        Ok((core.last, state))
    }

    /// Ends all use: later calls fail, open readers keep their files.
    pub(super) fn close(&self) {
        self.core().closed = true;
        if let Some((_, stop)) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            stop.cancel();
        }
    }
}

fn place(page: u32) -> u64 {
    u64::from(page) * PAGE_SIZE as u64
}

/// The log stores microseconds; what is handed out must equal what is read back.
pub(super) fn micros(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
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
