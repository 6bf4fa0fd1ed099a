//! How a database changes: commits, one by one or many at once, and the marks of backups.
//!
//! Always holds: a batch is in the log whole before any page of it is written; LSNs and commit times
//! strictly rise, also when the clock stands still or is set back, so the state at a moment does not
//! depend on how often someone looked.

use super::database::{Core, Database, Position, WriteReceipt, micros, next_moment, place};
use super::pages::{PAGE_SIZE, SplitMix, State, generate};
use super::txlog::{RECORD_PAGES, Record};
use crate::plugin::WorkloadError;
use jiff::Timestamp;
use rsvault_domain::ports::OracleChange;
use std::collections::BTreeMap;
use std::io::Result;
use std::os::unix::fs::FileExt;

/// Records between two checkpoints of a busy database.
const CHECKPOINT_EVERY: usize = 512;
/// Most page hashes that are remembered (a few MiB).
const MOST_SUMS: usize = 65_536;

/// A change to commit as one record.
pub(super) struct Change {
    /// Sorted, none twice, at most [`RECORD_PAGES`].
    pub(super) pages: Vec<u32>,
    pub(super) seed: u64,
    pub(super) bulk: bool,
    /// When it commits, unless the one before it did not commit earlier.
    pub(super) at: Timestamp,
}

/// The changes that come from `seed`: which of `of` pages, up to `count`, and what they hold then.
pub(super) fn drawn(of: u32, count: u32, seed: u64, bulk: bool, at: Timestamp) -> Vec<Change> {
    let mut random = SplitMix(seed);
    let mut picked: Vec<u32> = (0..count.min(of)).map(|_| (random.next() % u64::from(of)) as u32).collect();
    picked.sort_unstable();
    picked.dedup();
    picked.chunks(RECORD_PAGES).map(|pages| Change { pages: pages.to_vec(), seed, bulk, at }).collect()
}

impl Database {
    /// Commits a change. `bulk` in it counts; the caller knows the recovery model.
    pub(super) fn write(&self, change: OracleChange) -> std::result::Result<WriteReceipt, WorkloadError> {
        let (mut core, now) = self.current()?;
        let changes = drawn(self.pages, change.pages, change.seed, change.bulk, now);
        self.commit(&mut core, &changes).map_err(|e| WorkloadError::io("write to the database", e))?;
        // A change of nothing on a new name: its state may be older than the name, which is known from then on only.
        Ok(WriteReceipt { committed_at: core.last.committed_at.max(core.since), ..core.last })
    }

    /// Commits changes in order.
    pub(super) fn commit(&self, core: &mut Core, changes: &[Change]) -> Result<()> {
        if core.sums.len() > MOST_SUMS {
            core.sums.clear();
        }
        let logged = self.log(core, changes);
        if logged.is_err() {
            // They are of pages as they would have been.
            core.sums.clear();
        }
        let (last, state, newest) = logged?;
        let mut content = vec![0; PAGE_SIZE];
        core.last = last;
        core.state = state;
        for (page, seed) in newest {
            generate(page, seed, &mut content);
            // Log and pages differ until the log is replayed: nobody may read on.
            self.data.write_all_at(&content, place(page)).inspect_err(|_| core.closed = true)?;
        }
        core.unsaved += changes.len();
        if core.unsaved >= CHECKPOINT_EVERY {
            self.save(core)?;
        }
        Ok(())
    }

    /// Writes changes to the log. Gives the state after them, and of each page the seed of what it holds
    /// in the end: only that is written.
    fn log(&self, core: &mut Core, changes: &[Change]) -> Result<(WriteReceipt, State, BTreeMap<u32, u64>)> {
        let (mut last, mut state) = (core.last, core.state);
        let mut records = Vec::with_capacity(changes.len());
        let mut newest = BTreeMap::new();
        let mut content = vec![0; PAGE_SIZE];
        for change in changes {
            for &page in &change.pages {
                let old = match core.sums.get(&page) {
                    Some(sum) => *sum,
                    None => {
                        self.data.read_exact_at(&mut content, place(page))?;
                        State::of_page(page, &content)
                    }
                };
                generate(page, change.seed, &mut content);
                let new = State::of_page(page, &content);
                state.sub(old);
                state.add(new);
                core.sums.insert(page, new);
                newest.insert(page, change.seed);
            }
            last = WriteReceipt {
                lsn: Record::next_lsn(last.lsn, change.pages.len()),
                committed_at: micros(change.at).max(core.since).max(next_moment(last.committed_at)),
            };
            records.push(Record {
                lsn: last.lsn,
                committed_at: last.committed_at,
                seed: change.seed,
                bulk: change.bulk,
                state,
                pages: change.pages.clone(),
            });
        }
        core.log.append(&records)?;
        Ok((last, state, newest))
    }

    /// Writes a mark into the log, as SQL Server does when a backup begins and ends: the LSN moves
    /// even if nobody writes. `checkpoint` also brings the pages up to it.
    pub(super) fn mark(&self, checkpoint: bool) -> std::result::Result<Position, WorkloadError> {
        let (mut core, now) = self.current()?;
        self.mark_on(&mut core, now, checkpoint)
    }

    /// The same on a database that is held.
    pub(super) fn mark_on(&self, core: &mut Core, now: Timestamp, checkpoint: bool) -> std::result::Result<Position, WorkloadError> {
        let context = |e| WorkloadError::io("write a mark to the transaction log", e);
        self.commit(core, &[Change { pages: vec![], seed: 0, bulk: false, at: now }]).map_err(context)?;
        if checkpoint {
            self.save(core).map_err(context)?;
        }
        Ok(core.position())
    }
}
