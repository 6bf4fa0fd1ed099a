//! Replicas: the copies of sets in the secondary region. What of an item can be seen there is asked beside
//! the lists of the primary, in the file of each.

use super::column::{micros, number, time_or_none, word};
use super::db::{Tx, row};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::backup::{ChunkRow, PointMark, RecoveryPoint, Replica, ReplicaState};
use rsvault_domain::id::{ItemId, SetId, VaultId};
use rsvault_domain::ports::{Page, PointFilter, PointSummary, ReplicaRows, Slice, StoreError, StoreResult};
use rsvault_domain::protection::ProtectedItem;
use uuid::Uuid;

row! {
    struct ReplicaRow {
        set_id: Uuid,
        vault_id: Uuid,
        item_id: Uuid,
        state: String,
        next_stream: i64,
        next_seq: i64,
        visible_at: Option<i64>,
    }
}
impl TryFrom<ReplicaRow> for Replica {
    type Error = StoreError;
    fn try_from(row: ReplicaRow) -> StoreResult<Self> {
        Ok(Self {
            set_id: row.set_id.into(),
            vault_id: row.vault_id.into(),
            item_id: row.item_id.into(),
            state: word("replicas.state", &row.state, ReplicaState::parse)?,
            next: (number("replicas.next_stream", row.next_stream)?, number("replicas.next_seq", row.next_seq)?),
            visible_at: time_or_none(row.visible_at)?,
        })
    }
}

row! {
    struct SetIdRow { set_id: Uuid }
}
impl TryFrom<SetIdRow> for SetId {
    type Error = StoreError;
    fn try_from(row: SetIdRow) -> StoreResult<Self> {
        Ok(row.set_id.into())
    }
}

pub(super) const UNSETTLED: &str = "SELECT * FROM replicas WHERE state IN ('Pending', 'Doomed') AND set_id > $1 ORDER BY set_id LIMIT $2";
pub(super) const UNREPLICATED: &str = "SELECT p.set_id FROM recovery_points p
     WHERE p.item_id = $1 AND NOT EXISTS (SELECT 1 FROM replicas r WHERE r.set_id = p.set_id)
     ORDER BY p.point_at, p.name LIMIT $2";

#[async_trait]
impl ReplicaRows for Tx {
    async fn put_replica(&mut self, replica: &Replica) -> StoreResult<bool> {
        let new = self
            .query(
                "INSERT INTO replicas (set_id, vault_id, item_id, state, next_stream, next_seq, visible_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (set_id) DO NOTHING",
            )
            .bind(replica.set_id.0)
            .bind(replica.vault_id.0)
            .bind(replica.item_id.0)
            .bind(replica.state.as_str())
            .bind(i64::from(replica.next.0))
            .bind(i64::from(replica.next.1))
            .bind(replica.visible_at.map(micros))
            .execute()
            .await?;
        Ok(new > 0)
    }

    async fn replica(&mut self, set: SetId) -> StoreResult<Option<Replica>> {
        self.query("SELECT * FROM replicas WHERE set_id = $1").bind(set.0).optional::<ReplicaRow, _>().await
    }

    async fn update_replica(&mut self, replica: &Replica) -> StoreResult<()> {
        self.query("UPDATE replicas SET vault_id = $2, item_id = $3, state = $4, next_stream = $5, next_seq = $6, visible_at = $7 WHERE set_id = $1")
            .bind(replica.set_id.0)
            .bind(replica.vault_id.0)
            .bind(replica.item_id.0)
            .bind(replica.state.as_str())
            .bind(i64::from(replica.next.0))
            .bind(i64::from(replica.next.1))
            .bind(replica.visible_at.map(micros))
            .update(|| format!("replica of set {}", replica.set_id))
            .await
    }

    async fn remove_replica(&mut self, set: SetId) -> StoreResult<()> {
        self.query("DELETE FROM replicas WHERE set_id = $1").bind(set.0).execute().await?;
        Ok(())
    }

    async fn unsettled_replicas(&mut self, after: Option<SetId>, limit: u32) -> StoreResult<Vec<Replica>> {
        let after = after.map_or(Uuid::nil(), |set| set.0);
        self.query(UNSETTLED).bind(after).bind(i64::from(limit)).all::<ReplicaRow, _>().await
    }

    async fn unreplicated(&mut self, item: ItemId, limit: u32) -> StoreResult<Vec<SetId>> {
        self.query(UNREPLICATED).bind(item.0).bind(i64::from(limit)).all::<SetIdRow, _>().await
    }

    async fn ledger_from(&mut self, set: SetId, generation: i64, next: (u32, u32), limit: u32) -> StoreResult<Vec<ChunkRow>> {
        self.ledger_part(set, generation, next, limit).await
    }

    async fn visible_items(&mut self, vault: VaultId, now: Timestamp, page: &Page) -> StoreResult<Slice<ProtectedItem>> {
        self.items_seen(vault, now, page).await
    }

    async fn visible_points(
        &mut self,
        item: ItemId,
        filter: &PointFilter,
        now: Timestamp,
        page: &Page,
    ) -> StoreResult<Slice<RecoveryPoint>> {
        self.points_seen(item, filter, now, page).await
    }

    async fn visible_marks(&mut self, item: ItemId, now: Timestamp) -> StoreResult<Vec<PointMark>> {
        self.marks_seen(item, now).await
    }

    async fn visible_summary(&mut self, item: ItemId, now: Timestamp) -> StoreResult<PointSummary> {
        self.summary_seen(item, now).await
    }
}
