//! The store: transactions, their failures, pages and filters of lists.

use super::archive::TierRows;
use super::exports::ExportRows;
use super::features::FeatureRows;
use super::guards::GuardRows;
use super::intents::IntentRows;
use super::quota::QuotaRows;
use super::replica::ReplicaRows;
use super::rows::{
    AccessRows, CommandRows, ContainerRows, ItemRows, JobRows, OperationRows, PointRows, PolicyRows, ServerRows, SetRows, TaskRows,
    TenancyRows, VaultRows,
};
use super::watch::{AlertRows, GaugeRows, HealthRows, PruneRows, TimerRows};
use crate::backup::BackupKind;
use crate::fault::{Fault, FaultKind};
use crate::id::{ContainerId, JobId, PolicyId};
use crate::job::JobStatus;
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A record to update is gone.
    #[error("record is gone: {0}")]
    Missing(String),
    /// A record with this identity exists.
    #[error("record exists: {0}")]
    Exists(String),
    /// `Page::after` is not a cursor that the store gave out for this list.
    #[error("not a cursor of this list")]
    BadCursor,
    /// The database is full, read-only, locked or away.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// Anything else.
    #[error("database: {0}")]
    Broken(String),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(_) => {
                Fault::new(FaultKind::Unavailable, "ServiceUnavailable", "The vault's database cannot serve now. Retry after a moment.")
                    .because(error)
            }
            StoreError::BadCursor => Fault::invalid(
                "InvalidSkipToken",
                "The skip token is not one that this list gave out. Start again without it, or take it from 'nextLink'.",
            ),
            _ => Fault::internal(error),
        }
    }
}

/// Result of store methods.
pub type StoreResult<T> = std::result::Result<T, StoreError>;

/// Where to go on and how far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Opaque cursor of the last element seen (`Slice::next`).
    pub after: Option<String>,
    /// At most so many; 0 means the store's default (200).
    pub limit: u32,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice<T> {
    /// Elements.
    pub items: Vec<T>,
    /// Cursor to go on with; None at the end.
    pub next: Option<String>,
}

/// Filter of items; None matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemFilter {
    /// Items of this policy.
    pub policy_id: Option<PolicyId>,
    /// Items of this container.
    pub container_id: Option<ContainerId>,
}

/// Filter of jobs; None matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobFilter {
    /// Status.
    pub status: Option<JobStatus>,
    /// `JobKind::family`.
    pub family: Option<String>,
    /// Started at or after.
    pub from: Option<Timestamp>,
    /// Started at or before.
    pub to: Option<Timestamp>,
    /// One job.
    pub id: Option<JobId>,
}

/// Filter of recovery points; None matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointFilter {
    /// Of these kinds; empty = every kind but Log, whose coverage is shown as ranges.
    pub kinds: Vec<BackupKind>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub to: Option<Timestamp>,
}

/// What is known of an item's points at a glance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PointSummary {
    /// How many, logs left out: what the list shows.
    pub count: i64,
    /// Time of the oldest, logs included.
    pub oldest: Option<Timestamp>,
    /// Time of the newest, logs included.
    pub newest: Option<Timestamp>,
    /// How many are fulls (not copy-only).
    pub fulls: i64,
}

/// Opens transactions.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// A writing transaction.
    async fn begin(&self) -> StoreResult<Box<dyn Tx>>;
    /// A reading transaction: a consistent view; writes on it fail.
    async fn read(&self) -> StoreResult<Box<dyn Tx>>;
    /// A store on which use cases can be tried: what they write is seen by those that come after them on it,
    /// one at a time, and by nobody else; with it, all of it is gone. It holds the right to write meanwhile.
    async fn rehearse(&self) -> StoreResult<Arc<dyn Store>>;
    /// A reading transaction for short questions: some records by their keys, a page of a list. A store may
    /// answer them in the calling thread, so nothing that goes through many records is asked of it, and no
    /// wait stands between its questions.
    async fn glance(&self) -> StoreResult<Box<dyn Tx>> {
        self.read().await
    }
}

/// An open transaction.
#[async_trait]
pub trait Tx:
    TenancyRows
    + AccessRows
    + VaultRows
    + ServerRows
    + ContainerRows
    + PolicyRows
    + ItemRows
    + SetRows
    + PointRows
    + JobRows
    + OperationRows
    + TaskRows
    + CommandRows
    + AlertRows
    + HealthRows
    + TimerRows
    + PruneRows
    + FeatureRows
    + GaugeRows
    + IntentRows
    + QuotaRows
    + ReplicaRows
    + TierRows
    + ExportRows
    + GuardRows
    + Send
{
    /// Makes it durable.
    async fn commit(self: Box<Self>) -> StoreResult<()>;
}
