//! What stands on an open transaction of the secondary region: which sets have their copy there, and
//! what of an item can be seen there.

use super::store::{Page, PointFilter, PointSummary, Slice, StoreResult};
use crate::backup::{ChunkRow, PointMark, RecoveryPoint, Replica};
use crate::id::{ItemId, SetId, VaultId};
use crate::protection::ProtectedItem;
use async_trait::async_trait;
use jiff::Timestamp;

/// Replicas. What is visible at `now` is what is Held, has waited for its lag, and has its point still.
#[async_trait]
pub trait ReplicaRows: Send {
    /// Inserts if the set has none; false if it has.
    async fn put_replica(&mut self, replica: &Replica) -> StoreResult<bool>;
    /// One.
    async fn replica(&mut self, set: SetId) -> StoreResult<Option<Replica>>;
    /// Writes the whole record.
    async fn update_replica(&mut self, replica: &Replica) -> StoreResult<()>;
    /// Deletes.
    async fn remove_replica(&mut self, set: SetId) -> StoreResult<()>;
    /// Replicas that are Pending or Doomed, by set, after `after`.
    async fn unsettled_replicas(&mut self, after: Option<SetId>, limit: u32) -> StoreResult<Vec<Replica>>;
    /// Sets of points of the item that have no replica, oldest point first, at most `limit`.
    async fn unreplicated(&mut self, item: ItemId, limit: u32) -> StoreResult<Vec<SetId>>;
    /// Ledger of a generation of a set from a place on, by stream and seq, at most `limit` rows.
    async fn ledger_from(&mut self, set: SetId, generation: i64, next: (u32, u32), limit: u32) -> StoreResult<Vec<ChunkRow>>;
    /// Items of a vault that have a visible point, in order of creation.
    async fn visible_items(&mut self, vault: VaultId, now: Timestamp, page: &Page) -> StoreResult<Slice<ProtectedItem>>;
    /// As `points`: those that are visible.
    async fn visible_points(
        &mut self,
        item: ItemId,
        filter: &PointFilter,
        now: Timestamp,
        page: &Page,
    ) -> StoreResult<Slice<RecoveryPoint>>;
    /// As `marks`: those that are visible.
    async fn visible_marks(&mut self, item: ItemId, now: Timestamp) -> StoreResult<Vec<PointMark>>;
    /// As `point_summary`: of those that are visible.
    async fn visible_summary(&mut self, item: ItemId, now: Timestamp) -> StoreResult<PointSummary>;
}
