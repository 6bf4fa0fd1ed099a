//! The background writer: changes pages of one database at a steady rate.
//!
//! Always holds: it belongs to the server's task set and ends with it, with the database, or when
//! the rate changes; it holds no database open.

use super::database::Database;
use super::instance::lock;
use super::pages::SplitMix;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const TICK: Duration = Duration::from_millis(100);

/// Makes the writer of a database run at `rate` pages a second; 0 ends it.
pub(super) fn set_rate(tasks: &TaskTracker, stop: &CancellationToken, database: &Arc<Database>, rate: u32) {
    let mut writer = lock(&database.writer);
    if writer.as_ref().map_or(0, |(running, _)| *running) == rate {
        return;
    }
    if let Some((_, old)) = writer.take() {
        old.cancel();
    }
    if rate == 0 || stop.is_cancelled() {
        return;
    }
    let stop = stop.child_token();
    *writer = Some((rate, stop.clone()));
    tasks.spawn(run(Arc::downgrade(database), rate, stop));
}

async fn run(database: Weak<Database>, rate: u32, stop: CancellationToken) {
    // Slow rates tick once per page, fast ones write several pages a tick.
    let pages = (rate / 10).max(1);
    let mut ticks = tokio::time::interval(TICK.max(Duration::from_secs(1) * pages / rate));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut seeds = SplitMix(u64::from(rate));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let Some(database) = database.upgrade() else { return };
        let seed = seeds.next();
        match tokio::task::spawn_blocking(move || database.write_next(pages, seed)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                if !stop.is_cancelled() {
                    tracing::warn!(%error, "a background writer ends");
                }
                return;
            }
            Err(_) => return,
        }
    }
}
