//! What the vault waits for, and the latest time that it has trusted.
//!
//! Always holds: each timer is the first entry of an index, whatever the number of records.

use super::column::{micros, time, time_or_none};
use super::db::{Tx, row};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::ports::{StoreError, StoreResult, Timer, TimerRows};

row! {
    struct TimersRow {
        task: Option<i64>,
        purge: Option<i64>,
        vault_purge: Option<i64>,
        deadline: Option<i64>,
        lease: Option<i64>,
        reap: Option<i64>,
        watch: Option<i64>,
        discover: Option<i64>,
    }
}
impl TryFrom<TimersRow> for Vec<(Timer, Timestamp)> {
    type Error = StoreError;
    fn try_from(row: TimersRow) -> StoreResult<Self> {
        let lease = row.deadline.into_iter().chain(row.lease).min();
        [
            (Timer::Task, row.task),
            (Timer::Purge, row.purge.into_iter().chain(row.vault_purge).min()),
            (Timer::Lease, lease),
            (Timer::Reap, row.reap),
            (Timer::Watch, row.watch),
            (Timer::Discover, row.discover),
        ]
        .into_iter()
        .filter_map(|(timer, at)| Some(time(at?).map(|at| (timer, at))))
        .collect()
    }
}

row! {
    struct MarkRow { marked_at: Option<i64> }
}
impl TryFrom<MarkRow> for Option<Timestamp> {
    type Error = StoreError;
    fn try_from(row: MarkRow) -> StoreResult<Self> {
        time_or_none(row.marked_at)
    }
}

/// Containers have no time of their own to be purged: they go with their last item.
pub(super) const TIMERS: &str = "SELECT
     (SELECT MIN(due_at) FROM tasks) AS task,
     (SELECT MIN(purge_at) FROM items WHERE purge_at IS NOT NULL) AS purge,
     (SELECT MIN(purge_at) FROM vaults WHERE purge_at IS NOT NULL) AS vault_purge,
     (SELECT MIN(deadline_at) FROM agent_commands WHERE state = 'Queued') AS deadline,
     (SELECT MIN(lease_expires_at) FROM agent_commands WHERE state = 'Leased') AS lease,
     (SELECT MIN(reap_at) FROM items WHERE reap_at IS NOT NULL) AS reap,
     (SELECT MIN(watch_at) FROM items WHERE watch_at IS NOT NULL) AS watch,
     (SELECT MIN(discover_at) FROM containers WHERE discover_at IS NOT NULL AND registration = 'Registered') AS discover";

#[async_trait]
impl TimerRows for Tx {
    async fn timers(&mut self) -> StoreResult<Vec<(Timer, Timestamp)>> {
        self.query(TIMERS).one::<TimersRow, _>().await
    }

    async fn clock_mark(&mut self) -> StoreResult<Option<Timestamp>> {
        self.query("SELECT MAX(marked_at) AS marked_at FROM clock_mark").one::<MarkRow, _>().await
    }

    async fn set_clock_mark(&mut self, at: Timestamp) -> StoreResult<()> {
        self.query("INSERT INTO clock_mark (one, marked_at) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET marked_at = excluded.marked_at")
            .bind(micros(at))
            .execute()
            .await?;
        Ok(())
    }
}
