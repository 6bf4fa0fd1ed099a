//! Recovery points.

use super::column::{kind, micros, number, stored, time, time_or_none};
use super::db::{Tx, row};
use super::page::{after_pair, fetch, slice, time_key};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::backup::{BackupFacts, RecoveryPoint, RecoveryPointName};
use rsvault_domain::id::{ItemId, SetId};
use rsvault_domain::ports::{Page, PointRows, PointSummary, Slice, StoreError, StoreResult};
use sqlx::types::Json;
use uuid::Uuid;

row! {
    struct PointRow {
        item_id: Uuid,
        name: String,
        set_id: Uuid,
        kind: String,
        point_at: i64,
        expires_at: Option<i64>,
        on_demand: bool,
        facts: Json<BackupFacts>,
        sealed_bytes: i64,
    }
}
impl TryFrom<PointRow> for RecoveryPoint {
    type Error = StoreError;
    fn try_from(row: PointRow) -> StoreResult<Self> {
        Ok(Self {
            item_id: row.item_id.into(),
            name: RecoveryPointName(row.name),
            set_id: row.set_id.into(),
            kind: kind("recovery_points.kind", &row.kind)?,
            time: time(row.point_at)?,
            expires_at: time_or_none(row.expires_at)?,
            on_demand: row.on_demand,
            facts: row.facts.0,
            sealed_bytes: number("recovery_points.sealed_bytes", row.sealed_bytes)?,
        })
    }
}

row! {
    struct SummaryRow { points: i64, oldest: Option<i64>, newest: Option<i64>, fulls: i64 }
}
impl TryFrom<SummaryRow> for PointSummary {
    type Error = StoreError;
    fn try_from(row: SummaryRow) -> StoreResult<Self> {
        Ok(Self { count: row.points, oldest: time_or_none(row.oldest)?, newest: time_or_none(row.newest)?, fulls: row.fulls })
    }
}

#[async_trait]
impl PointRows for Tx {
    async fn insert_point(&mut self, point: &RecoveryPoint) -> StoreResult<()> {
        self.query(
            "INSERT INTO recovery_points (item_id, name, set_id, kind, point_at, expires_at, on_demand, facts, sealed_bytes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (item_id, name) DO NOTHING",
        )
        .bind(point.item_id.0)
        .bind(point.name.0.clone())
        .bind(point.set_id.0)
        .bind(point.kind.as_str())
        .bind(micros(point.time))
        .bind(point.expires_at.map(micros))
        .bind(point.on_demand)
        .bind(Json(point.facts.clone()))
        .bind(stored("recovery_points.sealed_bytes", point.sealed_bytes)?)
        .insert(|| format!("recovery point {}", point.name))
        .await
    }

    async fn point(&mut self, item: ItemId, name: &RecoveryPointName) -> StoreResult<Option<RecoveryPoint>> {
        self.query("SELECT * FROM recovery_points WHERE item_id = $1 AND name = $2")
            .bind(item.0)
            .bind(name.0.clone())
            .optional::<PointRow, _>()
            .await
    }

    async fn point_of_set(&mut self, set: SetId) -> StoreResult<Option<RecoveryPoint>> {
        self.query("SELECT * FROM recovery_points WHERE set_id = $1").bind(set.0).optional::<PointRow, _>().await
    }

    async fn points(
        &mut self,
        item: ItemId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        page: &Page,
    ) -> StoreResult<Slice<RecoveryPoint>> {
        // ':' sorts after every digit, and names are digits.
        let (at, name) = after_pair(page)?.unwrap_or((i64::MAX, ":".to_owned()));
        let points = self
            .query(
                "SELECT * FROM recovery_points WHERE item_id = $1 AND point_at >= $2 AND point_at <= $3 AND (point_at, name) < ($4, $5)
                 ORDER BY point_at DESC, name DESC LIMIT $6",
            )
            .bind(item.0)
            .bind(from.map_or(i64::MIN, micros))
            .bind(to.map_or(i64::MAX, micros))
            .bind(at)
            .bind(name)
            .bind(fetch(page))
            .all::<PointRow, RecoveryPoint>()
            .await?;
        Ok(slice(page, points, |point| time_key(point.time, &point.name)))
    }

    async fn point_summary(&mut self, item: ItemId) -> StoreResult<PointSummary> {
        self.query(
            "SELECT COUNT(*) AS points, MIN(point_at) AS oldest, MAX(point_at) AS newest, COUNT(CASE WHEN kind = 'Full' THEN 1 END) AS fulls
             FROM recovery_points WHERE item_id = $1",
        )
        .bind(item.0)
        .one::<SummaryRow, _>()
        .await
    }
}
