//! Points in bulk: all of an item read, many marked or deleted.
//!
//! Always holds: a point's `link` says of its facts what the chain is made of, so that all points of
//! an item are read without the weight of their files; what is written to many points takes a
//! statement for a batch, not for a point.

use super::column::{kind, micros, model, model_word, number, soft_deleted, time_or_none};
use super::db::{Stmt, Tx, row};
use super::error::unreadable;
use jiff::Timestamp;
use rsvault_domain::backup::chain::Link;
use rsvault_domain::backup::{BackupFacts, PointMark, RecoveryPointName};
use rsvault_domain::id::{ItemId, SetId};
use rsvault_domain::ports::{StoreError, StoreResult};
use std::str::{FromStr, SplitAsciiWhitespace};
use std::sync::LazyLock;
use uuid::Uuid;

/// The facts that a link is made of, in one line. JSON would take longer to read than the database does.
pub(super) fn link_line(facts: &BackupFacts) -> String {
    format!(
        "{} {} {} {} {} {} {} {} {}",
        facts.started_at,
        facts.consistent_at,
        facts.first_lsn,
        facts.last_lsn,
        facts.checkpoint_lsn,
        facts.database_backup_lsn,
        facts.recovery_fork,
        model_word(facts.recovery_model),
        if facts.bulk_logged { BULK } else { PLAIN }
    )
}
const BULK: &str = "bulk";
const PLAIN: &str = "plain";

/// The next word of a link's line.
fn next<T: FromStr>(line: &str, words: &mut SplitAsciiWhitespace<'_>) -> StoreResult<T> {
    words.next().and_then(|word| word.parse().ok()).ok_or_else(|| unreadable("recovery_points.link", line))
}

row! {
    pub(super) struct MarkRow {
        set_id: Uuid,
        name: String,
        kind: String,
        expires_at: Option<i64>,
        deleted_at: Option<i64>,
        purge_at: Option<i64>,
        on_demand: bool,
        sealed_bytes: i64,
        link: String,
    }
}
impl TryFrom<MarkRow> for PointMark {
    type Error = StoreError;
    fn try_from(row: MarkRow) -> StoreResult<Self> {
        let (line, words) = (&row.link, &mut row.link.split_ascii_whitespace());
        // In the order of the line.
        let (started_at, time) = (next(line, words)?, next(line, words)?);
        let (first_lsn, last_lsn) = (next(line, words)?, next(line, words)?);
        let (checkpoint_lsn, database_backup_lsn) = (next(line, words)?, next(line, words)?);
        let recovery_fork = next(line, words)?;
        let recovery_model = model(words.next().unwrap_or_default())?;
        let bulk_logged = match words.next() {
            Some(BULK) => true,
            Some(PLAIN) => false,
            _ => return Err(unreadable("recovery_points.link", line)),
        };
        Ok(Self {
            link: Link {
                set_id: row.set_id.into(),
                name: RecoveryPointName(row.name),
                kind: kind("recovery_points.kind", &row.kind)?,
                started_at,
                time,
                first_lsn,
                last_lsn,
                checkpoint_lsn,
                database_backup_lsn,
                recovery_fork,
                recovery_model,
                bulk_logged,
                sealed_bytes: number("recovery_points.sealed_bytes", row.sealed_bytes)?,
            },
            expires_at: time_or_none(row.expires_at)?,
            soft_deleted: soft_deleted(row.deleted_at, row.purge_at)?,
            on_demand: row.on_demand,
        })
    }
}

pub(super) const MARKS: &str =
    "SELECT set_id, name, kind, expires_at, deleted_at, purge_at, on_demand, sealed_bytes, link FROM recovery_points
     WHERE item_id = $1 ORDER BY point_at, name";

/// Those of them that can be seen in the secondary region.
pub(super) const MARKS_SEEN: &str =
    "SELECT p.set_id, p.name, p.kind, p.expires_at, p.deleted_at, p.purge_at, p.on_demand, p.sealed_bytes, p.link FROM recovery_points p
     WHERE p.item_id = $1 AND EXISTS (SELECT 1 FROM replicas r WHERE r.set_id = p.set_id AND r.visible_at <= $2)
     ORDER BY p.point_at, p.name";

/// Points that one statement marks or deletes. A shorter batch is filled up with the nil id, which no
/// set has: so there is one text to prepare.
const BATCH: usize = 100;

pub(super) static MARK: LazyLock<String> = LazyLock::new(|| {
    let rows: Vec<_> = (0..BATCH).map(|n| n * 4).map(|n| format!("(${}, ${}, ${}, ${})", n + 1, n + 2, n + 3, n + 4)).collect();
    // Both databases name the columns of VALUES so.
    format!(
        "UPDATE recovery_points SET expires_at = m.column2, deleted_at = m.column3, purge_at = m.column4
         FROM (VALUES {}) AS m WHERE recovery_points.set_id = m.column1",
        rows.join(", ")
    )
});
// Written with NOT and <>, a condition is checked on what the ids have found; with = SQLite would
// rather go through all points of the item, or all committed sets.
pub(super) static DELETE: LazyLock<String> =
    LazyLock::new(|| format!("DELETE FROM recovery_points WHERE set_id IN ({}) AND NOT (item_id <> $1)", places(2)));
pub(super) static ABORT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "UPDATE backup_sets SET state = 'Aborted', closed_at = $2
         WHERE id IN ({}) AND NOT (item_id <> $1) AND NOT (state <> 'Committed')",
        places(3)
    )
});

/// The places of a batch of ids, from `$first` on.
fn places(first: usize) -> String {
    (first..first + BATCH).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}
/// A batch of ids, filled up.
fn filled(ids: &[SetId]) -> impl Iterator<Item = Uuid> {
    ids.iter().map(|id| id.0).chain(std::iter::repeat(Uuid::nil())).take(BATCH)
}

impl Tx {
    /// All points of an item, oldest first.
    pub(super) async fn read_marks(&mut self, item: ItemId) -> StoreResult<Vec<PointMark>> {
        self.query(MARKS).bind(item.0).all::<MarkRow, _>().await
    }

    /// Those that the secondary region shows, oldest first.
    pub(super) async fn marks_seen(&mut self, item: ItemId, now: Timestamp) -> StoreResult<Vec<PointMark>> {
        self.query(MARKS_SEEN).bind(item.0).bind(micros(now)).all::<MarkRow, _>().await
    }

    /// Writes expiry and soft deletion; a point that is gone has nothing to mark.
    pub(super) async fn write_marks(&mut self, marks: &[PointMark]) -> StoreResult<()> {
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

    /// Deletes the points of these sets of the item, and leaves the sets to the collector.
    pub(super) async fn drop_points(&mut self, item: ItemId, sets: &[SetId], at: Timestamp) -> StoreResult<()> {
        for batch in sets.chunks(BATCH) {
            let delete = self.query(&DELETE).bind(item.0);
            filled(batch).fold(delete, Stmt::bind).execute().await?;
            let abort = self.query(&ABORT).bind(item.0).bind(micros(at));
            filled(batch).fold(abort, Stmt::bind).execute().await?;
        }
        Ok(())
    }
}
