//! Recovery points.
//!
//! Always holds: a point's `link` says of its facts what the chain is made of, so that all points of
//! an item are read without the weight of their files; lists find the points that they show through
//! an index that has no logs in it, for logs are a hundred times as many.

use super::column::{kind, micros, number, soft_deleted, stored, time, time_or_none};
use super::db::{Tx, row};
use super::page::{after_pair, fetch, slice, time_key};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::backup::chain::Link;
use rsvault_domain::backup::{BackupFacts, BackupKind, Lsn, PointMark, RecoveryModel, RecoveryPoint, RecoveryPointName};
use rsvault_domain::id::{ItemId, SetId};
use rsvault_domain::ports::{Page, PointFilter, PointRows, PointSummary, Slice, StoreError, StoreResult};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use std::sync::LazyLock;
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
            facts: row.facts.0,
            sealed_bytes: number("recovery_points.sealed_bytes", row.sealed_bytes)?,
        })
    }
}

/// The facts that a link is made of, named as the facts name them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkDoc {
    started_at: Timestamp,
    consistent_at: Timestamp,
    first_lsn: Lsn,
    last_lsn: Lsn,
    checkpoint_lsn: Lsn,
    database_backup_lsn: Lsn,
    recovery_fork: Uuid,
    recovery_model: RecoveryModel,
    bulk_logged: bool,
}
impl From<&BackupFacts> for LinkDoc {
    fn from(facts: &BackupFacts) -> Self {
        Self {
            started_at: facts.started_at,
            consistent_at: facts.consistent_at,
            first_lsn: facts.first_lsn,
            last_lsn: facts.last_lsn,
            checkpoint_lsn: facts.checkpoint_lsn,
            database_backup_lsn: facts.database_backup_lsn,
            recovery_fork: facts.recovery_fork,
            recovery_model: facts.recovery_model,
            bulk_logged: facts.bulk_logged,
        }
    }
}

row! {
    struct MarkRow {
        set_id: Uuid,
        name: String,
        kind: String,
        expires_at: Option<i64>,
        deleted_at: Option<i64>,
        purge_at: Option<i64>,
        on_demand: bool,
        sealed_bytes: i64,
        link: Json<LinkDoc>,
    }
}
impl TryFrom<MarkRow> for PointMark {
    type Error = StoreError;
    fn try_from(row: MarkRow) -> StoreResult<Self> {
        let link = row.link.0;
        Ok(Self {
            link: Link {
                set_id: row.set_id.into(),
                name: RecoveryPointName(row.name),
                kind: kind("recovery_points.kind", &row.kind)?,
                started_at: link.started_at,
                time: link.consistent_at,
                first_lsn: link.first_lsn,
                last_lsn: link.last_lsn,
                checkpoint_lsn: link.checkpoint_lsn,
                database_backup_lsn: link.database_backup_lsn,
                recovery_fork: link.recovery_fork,
                recovery_model: link.recovery_model,
                bulk_logged: link.bulk_logged,
                sealed_bytes: number("recovery_points.sealed_bytes", row.sealed_bytes)?,
            },
            expires_at: time_or_none(row.expires_at)?,
            soft_deleted: soft_deleted(row.deleted_at, row.purge_at)?,
            on_demand: row.on_demand,
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

/// Points that one statement marks or deletes. A shorter batch is filled up with the nil id, which no
/// set has: so there is one text to prepare.
const BATCH: usize = 100;

static MARK: LazyLock<String> = LazyLock::new(|| {
    let rows: Vec<_> = (0..BATCH).map(|n| n * 4).map(|n| format!("(${}, ${}, ${}, ${})", n + 1, n + 2, n + 3, n + 4)).collect();
    // Both databases name the columns of VALUES so.
    format!(
        "UPDATE recovery_points SET expires_at = m.column2, deleted_at = m.column3, purge_at = m.column4
         FROM (VALUES {}) AS m WHERE recovery_points.set_id = m.column1",
        rows.join(", ")
    )
});
static DELETE: LazyLock<String> = LazyLock::new(|| format!("DELETE FROM recovery_points WHERE item_id = $1 AND set_id IN ({})", places(2)));
static ABORT: LazyLock<String> = LazyLock::new(|| {
    format!("UPDATE backup_sets SET state = 'Aborted', closed_at = $2 WHERE item_id = $1 AND state = 'Committed' AND id IN ({})", places(3))
});

/// The places of a batch of ids, from `$first` on.
fn places(first: usize) -> String {
    (first..first + BATCH).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}
/// A batch of ids, filled up.
fn filled(ids: &[SetId]) -> impl Iterator<Item = Uuid> {
    ids.iter().map(|id| id.0).chain(std::iter::repeat(Uuid::nil())).take(BATCH)
}

const LIST: &str = "SELECT * FROM recovery_points
     WHERE item_id = $1 AND point_at >= $2 AND point_at <= $3 AND (point_at, name) < ($4, $5) AND kind IN ($6, $7, $8, $9)
     ORDER BY point_at DESC, name DESC LIMIT $10";
/// The same where no log is asked for.
const LIST_SHOWN: &str = "SELECT * FROM recovery_points
     WHERE item_id = $1 AND point_at >= $2 AND point_at <= $3 AND (point_at, name) < ($4, $5) AND kind IN ($6, $7, $8, $9)
       AND kind <> 'Log'
     ORDER BY point_at DESC, name DESC LIMIT $10";

#[async_trait]
impl PointRows for Tx {
    async fn insert_point(&mut self, point: &RecoveryPoint) -> StoreResult<()> {
        self.query(
            "INSERT INTO recovery_points (item_id, name, set_id, kind, point_at, expires_at, on_demand, facts, sealed_bytes, deleted_at,
                purge_at, link)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (item_id, name) DO NOTHING",
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
        .bind(Json(LinkDoc::from(&point.facts)))
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
        // ':' sorts after every digit, and names are digits.
        let (at, name) = after_pair(page)?.unwrap_or((i64::MAX, ":".to_owned()));
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
            .bind(filter.from.map_or(i64::MIN, micros))
            .bind(filter.to.map_or(i64::MAX, micros))
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
        self.query(
            "SELECT set_id, name, kind, expires_at, deleted_at, purge_at, on_demand, sealed_bytes, link FROM recovery_points
             WHERE item_id = $1 ORDER BY point_at, name",
        )
        .bind(item.0)
        .all::<MarkRow, _>()
        .await
    }

    async fn latest_point(&mut self, item: ItemId, kind: BackupKind) -> StoreResult<Option<RecoveryPoint>> {
        self.query("SELECT * FROM recovery_points WHERE item_id = $1 AND kind = $2 ORDER BY point_at DESC, name DESC LIMIT 1")
            .bind(item.0)
            .bind(kind.as_str())
            .optional::<PointRow, _>()
            .await
    }

    async fn mark_points(&mut self, marks: &[PointMark]) -> StoreResult<()> {
        for batch in marks.chunks(BATCH) {
            let mut statement = self.query(&MARK);
            for mark in batch.iter().map(Some).chain(std::iter::repeat(None)).take(BATCH) {
                let deleted = mark.and_then(|m| m.soft_deleted);
                statement = statement
                    .bind(mark.map_or(Uuid::nil(), |m| m.link.set_id.0))
                    .bind(mark.and_then(|m| m.expires_at).map(micros))
                    .bind(deleted.map(|d| micros(d.at)))
                    .bind(deleted.map(|d| micros(d.purge_at)));
            }
            statement.execute().await?;
        }
        Ok(())
    }

    async fn delete_points(&mut self, item: ItemId, sets: &[SetId], at: Timestamp) -> StoreResult<()> {
        for batch in sets.chunks(BATCH) {
            let delete = self.query(&DELETE).bind(item.0);
            filled(batch).fold(delete, |statement, id| statement.bind(id)).execute().await?;
            let abort = self.query(&ABORT).bind(item.0).bind(micros(at));
            filled(batch).fold(abort, |statement, id| statement.bind(id)).execute().await?;
        }
        Ok(())
    }

    async fn point_summary(&mut self, item: ItemId) -> StoreResult<PointSummary> {
        // Each of these is answered from an index alone.
        self.query(
            "SELECT (SELECT COUNT(*) FROM recovery_points WHERE item_id = $1 AND kind <> 'Log') AS points,
                    (SELECT MIN(point_at) FROM recovery_points WHERE item_id = $1) AS oldest,
                    (SELECT MAX(point_at) FROM recovery_points WHERE item_id = $1) AS newest,
                    (SELECT COUNT(*) FROM recovery_points WHERE item_id = $1 AND kind = 'Full') AS fulls",
        )
        .bind(item.0)
        .one::<SummaryRow, _>()
        .await
    }
}
