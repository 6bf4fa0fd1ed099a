//! The clock: it must not be behind what was recorded already, and the vault must trust it. Leases,
//! retention and the order of recovery points rest on it.

use super::finding::Finding;
use crate::clock::{SystemClock, VirtualClock, newest_seen};
use crate::exit::{Failure, Outcome};
use crate::settings::Settings;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::ports::{Clock, Store};
use rsvault_engine::{GAP, TOLERANCE};
use rsvault_storage::SqlStore;
use std::path::Path;

/// Less than this is not worth a word.
const TOLERATED: SignedDuration = SignedDuration::from_secs(5);
/// How far the mark of a running server may be behind what it records: the mark is written by the
/// minute, when a round of the reconcilers allows.
const MARK_LAG: SignedDuration = SignedDuration::from_mins(5);
const NAME: &str = "clock";

pub(super) async fn check(settings: &Settings, store: Option<&SqlStore>) -> Finding {
    if settings.emulator || settings.clock_file().exists() {
        return match VirtualClock::open(&settings.clock_file(), None) {
            Ok(clock) => {
                let reading = clock.reading();
                let how = if reading.frozen { "frozen".to_owned() } else { format!("scale {}", reading.scale) };
                Finding::good(NAME, format!("the emulator's: {} ({how}), real time {}", reading.now, SystemClock.now()))
            }
            Err(failure) => Finding::wrong(NAME, failure.to_string(), "Remove the file: the clock then begins at the real time."),
        };
    }
    let (mut mark, mut seen) = (None, None);
    if let Some(store) = store {
        mark = newest_mark(store).await;
        seen = newest_seen(store).await.unwrap_or(None);
    }
    judge(SystemClock.now(), [newest_file(&settings.data), seen].into_iter().flatten().max(), mark, seen)
}

/// The operator's word that the clock is right.
pub(super) async fn accept(store: &SqlStore) -> Outcome<()> {
    let failed = |e: rsvault_domain::ports::StoreError| Failure::run(format!("the clock was not accepted: {e}"));
    let mut tx = store.begin().await.map_err(failed)?;
    tx.set_clock_mark(SystemClock.now()).await.map_err(failed)?;
    tx.commit().await.map_err(failed)
}

/// Compares now with the newest time that was recorded, and with the latest time that the vault trusted (`mark`;
/// `seen` is the newest that its catalogue shows).
pub(super) fn judge(now: Timestamp, newest: Option<Timestamp>, mark: Option<Timestamp>, seen: Option<Timestamp>) -> Finding {
    const ACCEPT: &str =
        "Compare the system's clock with another. If it is right: rsvault doctor --accept-clock. If not: set it right (NTP).";
    if let Some(newest) = newest.filter(|newest| *newest > now + TOLERATED) {
        return Finding::wrong(
            NAME,
            format!(
                "{now}, but something was recorded at {newest}: the clock is behind by {} s, or was ahead then",
                newest.duration_since(now).as_secs()
            ),
            "Set the system's clock right (NTP). If it was ahead before, wait until the recorded time has passed, or, if it is right now: rsvault doctor --accept-clock.",
        );
    }
    let Some(mark) = mark else { return Finding::good(NAME, format!("{now}, after all that was recorded")) };
    if seen.is_some_and(|seen| seen > mark + MARK_LAG + TOLERANCE) {
        return Finding::wrong(
            NAME,
            format!("{now}, but the vault does not trust it since {mark}: it jumped. Nothing expires meanwhile"),
            ACCEPT,
        );
    }
    if now.duration_since(mark) > GAP {
        return Finding::warn(
            NAME,
            format!(
                "{now}, more than {} days after the last time that the vault trusted ({mark}): nothing expires by it",
                GAP.as_hours() / 24
            ),
            ACCEPT,
        );
    }
    Finding::good(NAME, format!("{now}, after all that was recorded; trusted at {mark}"))
}

async fn newest_mark(store: &SqlStore) -> Option<Timestamp> {
    store.read().await.ok()?.clock_mark().await.ok()?
}

/// When a file of the data folder was last written.
fn newest_file(data: &Path) -> Option<Timestamp> {
    let files = std::fs::read_dir(data).ok()?;
    files.flatten().filter_map(|f| Timestamp::try_from(f.metadata().ok()?.modified().ok()?).ok()).max()
}
