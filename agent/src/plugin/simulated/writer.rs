//! The writer of a database: commits at fixed moments of the server's clock.
//!
//! Always holds: what is due by now is committed, each at its own moment, before anyone looks at the
//! database ([`Database::current`]); so a clock that jumps a day has a day's commits, and they are
//! the same whoever looked in between: pages and content follow from the moment. The background task
//! only keeps the log from lagging behind while nobody looks.

use super::change::drawn;
use super::database::{Core, Database};
use super::pages::SplitMix;
use super::server::SimulatedServer;
use crate::plugin::WorkloadError;
use jiff::{SignedDuration, Timestamp};
use std::io::Result;
use std::sync::Weak;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the background task looks.
const LOOK: Duration = Duration::from_secs(1);
/// Most records that are committed together.
const BATCH: usize = 8192;

/// What a writer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// Pages of each commit; not 0.
    pub(super) pages: u32,
    /// From one commit to the next; not 0.
    pub(super) every: SignedDuration,
    /// Tells databases apart.
    pub(super) seed: u64,
}

/// A writer at work.
#[derive(Debug)]
pub(super) struct Writer {
    pace: Pace,
    /// Its next commit.
    due: Timestamp,
}

impl Database {
    /// Makes the writer keep `pace` from now on; None ends it. One that keeps it already goes on.
    pub(super) fn set_pace(&self, pace: Option<Pace>) -> std::result::Result<(), WorkloadError> {
        let (mut core, now) = self.current()?;
        if core.writer.as_ref().map(|writer| writer.pace) != pace {
            core.writer = pace.and_then(|pace| Some(Writer { pace, due: now.checked_add(pace.every).ok()? }));
        }
        Ok(())
    }

    /// Pages that the writer changes from its last commit to `at`.
    pub(super) fn writes_by(&self, at: Timestamp) -> u64 {
        let core = self.core();
        let Some(Writer { pace, due }) = core.writer.as_ref().filter(|writer| writer.due <= at) else { return 0 };
        let commits = at.duration_since(*due).as_nanos() / pace.every.as_nanos().max(1) + 1;
        u64::try_from(commits).unwrap_or(u64::MAX).saturating_mul(pace.pages.min(self.pages).into())
    }

    /// Commits what is due.
    pub(super) fn catch_up(&self, core: &mut Core, now: Timestamp) -> Result<()> {
        loop {
            let (last, due) = (core.last, core.writer.as_ref().map(|writer| writer.due));
            let mut changes = Vec::new();
            while let Some(writer) = core.writer.as_mut()
                && writer.due <= now
                && changes.len() < BATCH
            {
                let seed = SplitMix(writer.pace.seed ^ writer.due.as_microsecond().cast_unsigned()).next();
                changes.extend(drawn(self.pages, writer.pace.pages, seed, false, writer.due));
                match writer.due.checked_add(writer.pace.every) {
                    Ok(due) => writer.due = due,
                    Err(_) => core.writer = None,
                }
            }
            if changes.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.commit(core, &changes) {
                // What was not committed is due still.
                if let (Some(writer), Some(due)) = (core.writer.as_mut(), due.filter(|_| core.last == last)) {
                    writer.due = due;
                }
                return Err(error);
            }
        }
    }
}

/// Lets all writers of a server catch up once a second until `stop`.
pub(super) async fn run(server: Weak<SimulatedServer>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let Some(server) = server.upgrade() else { return };
        let looked = tokio::task::spawn_blocking(move || server.look()).await;
        if looked.is_err() {
            return;
        }
    }
}
