//! The clock: it must not be behind what was recorded already. Leases, retention and the order of
//! recovery points rest on it.

use super::finding::Finding;
use crate::clock::SystemClock;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::ports::{Clock, Store, StoreResult};
use rsvault_storage::SqlStore;
use std::path::Path;

/// Less than this is not worth a word.
const TOLERATED: SignedDuration = SignedDuration::from_secs(5);

pub(super) async fn check(data: &Path, store: Option<&SqlStore>) -> Finding {
    let name = "clock";
    let recorded = match store {
        Some(store) => newest_record(store).await.unwrap_or(None),
        None => None,
    };
    let newest = [newest_file(data), recorded].into_iter().flatten().max();
    judge(name, SystemClock.now(), newest)
}

/// Compares now with the newest time that was recorded.
pub(super) fn judge(name: &'static str, now: Timestamp, newest: Option<Timestamp>) -> Finding {
    match newest {
        Some(newest) if newest > now + TOLERATED => Finding::wrong(
            name,
            format!(
                "{now}, but something was recorded at {newest}: the clock is behind by {} s, or was ahead then",
                newest.duration_since(now).as_secs()
            ),
            "Set the system's clock right (NTP). If it was ahead before, wait until the recorded time has passed before making backups.",
        ),
        _ => Finding::good(name, format!("{now}, after all that was recorded")),
    }
}

/// When an agent was last heard of or a server made.
async fn newest_record(store: &SqlStore) -> StoreResult<Option<Timestamp>> {
    let mut tx = store.read().await?;
    let mut newest = None;
    for subscription in tx.subscriptions().await? {
        for server in tx.servers(subscription.id).await? {
            let seen = tx.agent_of(server.id).await?.map(|agent| agent.last_seen_at);
            newest = newest.max(seen).max(Some(server.created_at));
        }
    }
    Ok(newest)
}

/// When a file of the data folder was last written.
fn newest_file(data: &Path) -> Option<Timestamp> {
    let files = std::fs::read_dir(data).ok()?;
    files.flatten().filter_map(|f| Timestamp::try_from(f.metadata().ok()?.modified().ok()?).ok()).max()
}
