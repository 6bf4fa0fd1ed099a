//! What stands on an open transaction beside the aggregates: alerts, health events, timers, the mark
//! of the clock, and the pruning of what nobody asks for any more.

use super::store::{Page, Slice, StoreResult};
use crate::alert::{Alert, AlertKind};
use crate::health::{HealthEvent, HealthMetric};
use crate::id::{ItemId, VaultId};
use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// An item.
    Item(ItemId),
    /// What is no item and goes by this name: the vault, a policy, a server.
    Subject(&'a str),
}

/// Alerts.
#[async_trait]
pub trait AlertRows: Send {
    /// Inserts.
    async fn insert_alert(&mut self, alert: &Alert) -> StoreResult<()>;
    /// One of a vault.
    async fn alert(&mut self, vault: VaultId, id: Uuid) -> StoreResult<Option<Alert>>;
    /// Of a vault, newest first; with `active`, only those that are not resolved.
    async fn alerts(&mut self, vault: VaultId, active: bool, page: &Page) -> StoreResult<Slice<Alert>>;
    /// The newest active alert of this kind about this.
    async fn active_alert(&mut self, vault: VaultId, about: About<'_>, kind: AlertKind) -> StoreResult<Option<Alert>>;
    /// Writes the whole record.
    async fn update_alert(&mut self, alert: &Alert) -> StoreResult<()>;
}

/// Health events.
#[async_trait]
pub trait HealthRows: Send {
    /// Inserts.
    async fn insert_health_event(&mut self, event: &HealthEvent) -> StoreResult<()>;
    /// Of a vault with `from <= at < to`, oldest first, at most `limit`.
    async fn health_events(
        &mut self,
        vault: VaultId,
        metric: HealthMetric,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> StoreResult<Vec<HealthEvent>>;
}

/// What the vault waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// A task is due.
    Task,
    /// Something soft-deleted is to be purged (items, containers, vaults, points' `purge_at` go by Reap).
    Purge,
    /// A command's deadline or lease ends.
    Lease,
    /// Retention is to look at an item.
    Reap,
    /// A schedule is to be looked at for missed slots.
    Watch,
    /// A server is to be inquired.
    Discover,
}

/// Timers and the clock's mark.
#[async_trait]
pub trait TimerRows: Send {
    /// The earliest moment of each timer that has one, also if it has passed.
    async fn timers(&mut self) -> StoreResult<Vec<(Timer, Timestamp)>>;
    /// The latest time that the vault has trusted, if it ever noted one.
    async fn clock_mark(&mut self) -> StoreResult<Option<Timestamp>>;
    /// Notes it.
    async fn set_clock_mark(&mut self, at: Timestamp) -> StoreResult<()>;
}

/// Records that end and are asked for no more after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// Commands that are Done, by their creation.
    Commands,
    /// Jobs that have ended, by their end.
    Jobs,
    /// Operations that have ended, by their end.
    Operations,
    /// Health events.
    HealthEvents,
    /// Alerts, by when they fired: of a failure nobody says when it is over.
    Alerts,
}

/// Pruning.
#[async_trait]
pub trait PruneRows: Send {
    /// Deletes up to `limit` records that ended before `before`; how many it were. A command whose set
    /// is Open or Aborted stays.
    async fn prune(&mut self, what: Ended, before: Timestamp, limit: u32) -> StoreResult<u64>;
}

/// How much there is of what an operator watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Commands that wait for an agent or are with one.
    pub open_commands: i64,
    /// Tasks that are due.
    pub due_tasks: i64,
    /// Recovery points, logs included.
    pub points: i64,
    /// Active alerts.
    pub active_alerts: i64,
    /// Those of them that say that a scheduled backup was missed.
    pub missed: i64,
}

/// Gauges.
#[async_trait]
pub trait GaugeRows: Send {
    /// All of them at `now`.
    async fn gauges(&mut self, now: Timestamp) -> StoreResult<Gauges>;
}
