//! Recovery points.
//!
//! Always holds: lists find the points that they show through an index that has no logs in it, for
//! logs are a hundred times as many.

use super::column::{kind, micros, number, soft_deleted, stored, time, time_or_none};
use super::db::{Tx, row};
use super::marks::link_line;
use super::page::{after_pair, fetch, slice, time_key};
use super::tiers;
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::backup::{BackupFacts, BackupKind, PointMark, RecoveryPoint, RecoveryPointName};
use rsvault_domain::id::{ItemId, SetId};
use rsvault_domain::ports::{Page, PointFilter, PointRows, PointSummary, Slice, StoreError, StoreResult};
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
        deleted_at: Option<i64>,
        purge_at: Option<i64>,
        on_demand: bool,
        tier: String,
        archived_at: Option<i64>,
        tier_until: Option<i64>,
        tier_job: Option<Uuid>,
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
            soft_deleted: soft_deleted(row.deleted_at, row.purge_at)?,
            on_demand: row.on_demand,
            tier: tiers::tier(&row.tier, row.archived_at, row.tier_until, row.tier_job)?,
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

pub(super) const LIST: &str = "SELECT * FROM recovery_points
     WHERE item_id = $1 AND point_at >= $2 AND (point_at, name) < ($3, $4) AND kind IN ($5, $6, $7, $8)
     ORDER BY point_at DESC, name DESC LIMIT $9";
/// The same where no log is asked for.
pub(super) const LIST_SHOWN: &str = "SELECT * FROM recovery_points
     WHERE item_id = $1 AND point_at >= $2 AND (point_at, name) < ($3, $4) AND kind IN ($5, $6, $7, $8) AND kind <> 'Log'
     ORDER BY point_at DESC, name DESC LIMIT $9";
/// The same of what can be seen in the secondary region.
pub(super) const LIST_SEEN: &str = "SELECT p.* FROM recovery_points p
     WHERE p.item_id = $1 AND p.point_at >= $2 AND (p.point_at, p.name) < ($3, $4) AND p.kind IN ($5, $6, $7) AND p.kind <> 'Log'
       AND EXISTS (SELECT 1 FROM replicas r WHERE r.set_id = p.set_id AND r.visible_at <= $8)
     ORDER BY p.point_at DESC, p.name DESC LIMIT $9";
pub(super) const LATEST: &str = "SELECT * FROM recovery_points WHERE item_id = $1 AND kind = $2 ORDER BY point_at DESC, name DESC LIMIT 1";
/// Each number is answered from an index alone.
pub(super) const SUMMARY: &str = "SELECT
     (SELECT COUNT(*) FROM recovery_points WHERE item_id = $1 AND kind IN ('Full', 'Differential', 'CopyOnlyFull')) AS points,
     (SELECT MIN(point_at) FROM recovery_points WHERE item_id = $1) AS oldest,
     (SELECT MAX(point_at) FROM recovery_points WHERE item_id = $1) AS newest,
     (SELECT COUNT(*) FROM recovery_points WHERE item_id = $1 AND kind = 'Full') AS fulls";

pub(super) const SUMMARY_SEEN: &str = "SELECT
       COUNT(CASE WHEN p.kind <> 'Log' THEN 1 END) AS points, MIN(p.point_at) AS oldest, MAX(p.point_at) AS newest,
       COUNT(CASE WHEN p.kind = 'Full' THEN 1 END) AS fulls
     FROM recovery_points p
     WHERE p.item_id = $1 AND EXISTS (SELECT 1 FROM replicas r WHERE r.set_id = p.set_id AND r.visible_at <= $2)";

impl Tx {
    /// A page of the distinct points that the secondary region shows.
    pub(super) async fn points_seen(
        &mut self,
        item: ItemId,
        filter: &PointFilter,
        now: Timestamp,
        page: &Page,
    ) -> StoreResult<Slice<RecoveryPoint>> {
        let (from, at, name) = window(filter, page)?;
        let wanted = |kind: BackupKind| if filter.kinds.is_empty() || filter.kinds.contains(&kind) { kind.as_str() } else { "" };
        let points = self
            .query(LIST_SEEN)
            .bind(item.0)
            .bind(from)
            .bind(at)
            .bind(name)
            .bind(wanted(BackupKind::Full))
            .bind(wanted(BackupKind::Differential))
            .bind(wanted(BackupKind::CopyOnlyFull))
            .bind(micros(now))
            .bind(fetch(page))
            .all::<PointRow, RecoveryPoint>()
            .await?;
        Ok(slice(page, points, |point| time_key(point.time, &point.name)))
    }

    /// At a glance, as the secondary region sees it.
    pub(super) async fn summary_seen(&mut self, item: ItemId, now: Timestamp) -> StoreResult<PointSummary> {
        self.query(SUMMARY_SEEN).bind(item.0).bind(micros(now)).one::<SummaryRow, _>().await
    }
}

/// From when, and before which pair, a page goes.
fn window(filter: &PointFilter, page: &Page) -> StoreResult<(i64, i64, String)> {
    // ':' sorts after every digit, and names are digits.
    let end = (filter.to.map_or(i64::MAX, micros), ":".to_owned());
    let (at, name) = after_pair(page)?.map_or(end.clone(), |after| after.min(end));
    Ok((filter.from.map_or(i64::MIN, micros), at, name))
}

#[async_trait]
impl PointRows for Tx {
    async fn insert_point(&mut self, point: &RecoveryPoint) -> StoreResult<()> {
        let (tier, since, until, job) = tiers::columns(&point.tier);
        self.query(
            "INSERT INTO recovery_points (item_id, name, set_id, kind, point_at, expires_at, on_demand, facts, sealed_bytes, deleted_at,
                purge_at, link, tier, archived_at, tier_until, tier_job)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (item_id, name) DO NOTHING",
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
        .bind(point.soft_deleted.map(|s| micros(s.at)))
        .bind(point.soft_deleted.map(|s| micros(s.purge_at)))
        .bind(link_line(&point.facts))
        .bind(tier)
        .bind(since)
        .bind(until)
        .bind(job)
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

    async fn points(&mut self, item: ItemId, filter: &PointFilter, page: &Page) -> StoreResult<Slice<RecoveryPoint>> {
        let (from, at, name) = window(filter, page)?;
        let kinds = match filter.kinds.as_slice() {
            [] => &[BackupKind::Full, BackupKind::Differential, BackupKind::CopyOnlyFull],
            kinds => kinds,
        };
        let sql = if kinds.contains(&BackupKind::Log) { LIST } else { LIST_SHOWN };
        // Four kinds there are; those not asked for are bound as a word that no row has.
        let wanted = |kind: BackupKind| if kinds.contains(&kind) { kind.as_str() } else { "" };
        let points = self
            .query(sql)
            .bind(item.0)
            .bind(from)
            .bind(at)
            .bind(name)
            .bind(wanted(BackupKind::Full))
            .bind(wanted(BackupKind::Differential))
            .bind(wanted(BackupKind::Log))
            .bind(wanted(BackupKind::CopyOnlyFull))
            .bind(fetch(page))
            .all::<PointRow, RecoveryPoint>()
            .await?;
        Ok(slice(page, points, |point| time_key(point.time, &point.name)))
    }

    async fn marks(&mut self, item: ItemId) -> StoreResult<Vec<PointMark>> {
        self.read_marks(item).await
    }

    async fn latest_point(&mut self, item: ItemId, kind: BackupKind) -> StoreResult<Option<RecoveryPoint>> {
        self.query(LATEST).bind(item.0).bind(kind.as_str()).optional::<PointRow, _>().await
    }

    async fn mark_points(&mut self, marks: &[PointMark]) -> StoreResult<()> {
        self.write_marks(marks).await
    }

    async fn delete_points(&mut self, item: ItemId, sets: &[SetId], at: Timestamp) -> StoreResult<()> {
        self.drop_points(item, sets, at).await
    }

    async fn point_summary(&mut self, item: ItemId) -> StoreResult<PointSummary> {
        self.query(SUMMARY).bind(item.0).one::<SummaryRow, _>().await
    }
}
