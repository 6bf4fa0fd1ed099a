//! Backup sets and their ledger of durable chunks.
//!
//! Always holds: a ledger row never changes; a commit or move touches a row only from the state and
//! generation that the caller believes in.

use super::column::{digest, kind, micros, number, time, time_or_none, word};
use super::db::{Tx, row};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::backup::{BackupSet, ChunkRow, DedupeKey, Manifest, SetState};
use rsvault_domain::id::{CommandId, SetId};
use rsvault_domain::ports::{SetRows, StoreError, StoreResult};
use sqlx::types::Json;
use uuid::Uuid;

row! {
    struct SetRow {
        id: Uuid,
        vault_id: Uuid,
        item_id: Uuid,
        command_id: Uuid,
        kind: String,
        state: String,
        generation: i64,
        dedupe_key: String,
        chunk_size: i64,
        key_id: String,
        key_version: i64,
        opened_at: i64,
        closed_at: Option<i64>,
        manifest: Option<Json<Manifest>>,
    }
}
impl TryFrom<SetRow> for BackupSet {
    type Error = StoreError;
    fn try_from(row: SetRow) -> StoreResult<Self> {
        Ok(Self {
            id: row.id.into(),
            vault_id: row.vault_id.into(),
            item_id: row.item_id.into(),
            command_id: row.command_id.into(),
            kind: kind("backup_sets.kind", &row.kind)?,
            state: word("backup_sets.state", &row.state, SetState::parse)?,
            generation: row.generation,
            dedupe_key: DedupeKey(row.dedupe_key),
            chunk_size: number("backup_sets.chunk_size", row.chunk_size)?,
            key_id: row.key_id,
            key_version: number("backup_sets.key_version", row.key_version)?,
            opened_at: time(row.opened_at)?,
            closed_at: time_or_none(row.closed_at)?,
            manifest: row.manifest.map(|json| json.0),
        })
    }
}

/// Sets without their manifests, which grow with the backup.
macro_rules! heads {
    () => {
        "SELECT id, vault_id, item_id, command_id, kind, state, generation, dedupe_key, chunk_size, key_id, key_version, opened_at,
            closed_at, CAST(NULL AS JSONB) AS manifest
         FROM backup_sets "
    };
}

row! {
    struct LedgerRow { stream: i64, seq: i64, size: i64, digest: Vec<u8> }
}
impl TryFrom<LedgerRow> for ChunkRow {
    type Error = StoreError;
    fn try_from(row: LedgerRow) -> StoreResult<Self> {
        Ok(Self {
            stream: number("chunks.stream", row.stream)?,
            seq: number("chunks.seq", row.seq)?,
            size: number("chunks.size", row.size)?,
            digest: digest("chunks.digest", row.digest)?,
        })
    }
}

pub(super) const LEDGER_FROM: &str = "SELECT stream, seq, size, digest FROM chunks
     WHERE set_id = $1 AND generation = $2 AND (stream, seq) >= ($3, $4) ORDER BY stream, seq LIMIT $5";

impl Tx {
    /// The ledger from a place on.
    pub(super) async fn ledger_part(&mut self, set: SetId, generation: i64, from: (u32, u32), limit: u32) -> StoreResult<Vec<ChunkRow>> {
        self.query(LEDGER_FROM)
            .bind(set.0)
            .bind(generation)
            .bind(i64::from(from.0))
            .bind(i64::from(from.1))
            .bind(i64::from(limit))
            .all::<LedgerRow, _>()
            .await
    }
}

#[async_trait]
impl SetRows for Tx {
    async fn open_set(&mut self, set: &BackupSet) -> StoreResult<BackupSet> {
        let opened = self
            .query(
                "INSERT INTO backup_sets (id, vault_id, item_id, command_id, kind, state, generation, dedupe_key, chunk_size, key_id,
                    key_version, opened_at, closed_at, manifest)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                 ON CONFLICT (item_id, dedupe_key) DO NOTHING RETURNING *",
            )
            .bind(set.id.0)
            .bind(set.vault_id.0)
            .bind(set.item_id.0)
            .bind(set.command_id.0)
            .bind(set.kind.as_str())
            .bind(set.state.as_str())
            .bind(set.generation)
            .bind(set.dedupe_key.0.clone())
            .bind(i64::from(set.chunk_size))
            .bind(set.key_id.clone())
            .bind(i64::from(set.key_version))
            .bind(micros(set.opened_at))
            .bind(set.closed_at.map(micros))
            .bind(set.manifest.clone().map(Json))
            .optional::<SetRow, BackupSet>()
            .await?;
        if let Some(opened) = opened {
            return Ok(opened);
        }
        self.query("SELECT * FROM backup_sets WHERE item_id = $1 AND dedupe_key = $2")
            .bind(set.item_id.0)
            .bind(set.dedupe_key.0.clone())
            .one::<SetRow, _>()
            .await
    }

    async fn set(&mut self, id: SetId) -> StoreResult<Option<BackupSet>> {
        self.query("SELECT * FROM backup_sets WHERE id = $1").bind(id.0).optional::<SetRow, _>().await
    }

    async fn set_head(&mut self, id: SetId) -> StoreResult<Option<BackupSet>> {
        self.query(concat!(heads!(), "WHERE id = $1")).bind(id.0).optional::<SetRow, _>().await
    }

    async fn set_of_command(&mut self, command: CommandId) -> StoreResult<Option<BackupSet>> {
        self.query("SELECT * FROM backup_sets WHERE command_id = $1 ORDER BY opened_at DESC, id DESC LIMIT 1")
            .bind(command.0)
            .optional::<SetRow, _>()
            .await
    }

    async fn reopen_set(&mut self, set: &BackupSet) -> StoreResult<()> {
        self.query("UPDATE backup_sets SET generation = $2, key_id = $3, key_version = $4 WHERE id = $1 AND state = 'Open'")
            .bind(set.id.0)
            .bind(set.generation)
            .bind(set.key_id.clone())
            .bind(i64::from(set.key_version))
            .update(|| format!("open backup set {}", set.id))
            .await
    }

    async fn put_chunk(&mut self, set: SetId, generation: i64, chunk: &ChunkRow) -> StoreResult<ChunkRow> {
        // The update changes nothing; it makes RETURNING give the older row.
        self.query(
            "INSERT INTO chunks (set_id, generation, stream, seq, size, digest) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (set_id, generation, stream, seq) DO UPDATE SET size = chunks.size
             RETURNING stream, seq, size, digest",
        )
        .bind(set.0)
        .bind(generation)
        .bind(i64::from(chunk.stream))
        .bind(i64::from(chunk.seq))
        .bind(i64::from(chunk.size))
        .bind(chunk.digest.to_vec())
        .one::<LedgerRow, _>()
        .await
    }

    async fn chunk(&mut self, set: SetId, generation: i64, stream: u32, seq: u32) -> StoreResult<Option<ChunkRow>> {
        self.query("SELECT stream, seq, size, digest FROM chunks WHERE set_id = $1 AND generation = $2 AND stream = $3 AND seq = $4")
            .bind(set.0)
            .bind(generation)
            .bind(i64::from(stream))
            .bind(i64::from(seq))
            .optional::<LedgerRow, _>()
            .await
    }

    async fn ledger(&mut self, set: SetId, generation: i64) -> StoreResult<Vec<ChunkRow>> {
        self.query("SELECT stream, seq, size, digest FROM chunks WHERE set_id = $1 AND generation = $2 ORDER BY stream, seq")
            .bind(set.0)
            .bind(generation)
            .all::<LedgerRow, _>()
            .await
    }

    async fn commit_set(&mut self, id: SetId, generation: i64, manifest: &Manifest, at: Timestamp) -> StoreResult<bool> {
        let touched = self
            .query(
                "UPDATE backup_sets SET state = 'Committed', manifest = $3, closed_at = $4
                 WHERE id = $1 AND generation = $2 AND state = 'Open'",
            )
            .bind(id.0)
            .bind(generation)
            .bind(Json(manifest.clone()))
            .bind(micros(at))
            .execute()
            .await?;
        Ok(touched > 0)
    }

    async fn move_set(&mut self, id: SetId, from: &[SetState], to: SetState, at: Timestamp) -> StoreResult<bool> {
        // Four states there are; those not asked for are bound as a word that no row has.
        let state = |n: usize| from.get(n).map_or("", |s| s.as_str());
        let touched = self
            .query("UPDATE backup_sets SET state = $2, closed_at = $3 WHERE id = $1 AND state IN ($4, $5, $6, $7)")
            .bind(id.0)
            .bind(to.as_str())
            .bind(micros(at))
            .bind(state(0))
            .bind(state(1))
            .bind(state(2))
            .bind(state(3))
            .execute()
            .await?;
        Ok(touched > 0)
    }

    async fn sets_in(&mut self, state: SetState, before: Timestamp, limit: u32) -> StoreResult<Vec<BackupSet>> {
        let sql = match state {
            SetState::Open => concat!(heads!(), "WHERE state = $1 AND opened_at < $2 ORDER BY opened_at, id LIMIT $3"),
            _ => concat!(heads!(), "WHERE state = $1 AND closed_at < $2 ORDER BY closed_at, id LIMIT $3"),
        };
        self.query(sql).bind(state.as_str()).bind(micros(before)).bind(i64::from(limit)).all::<SetRow, _>().await
    }

    async fn remove_set(&mut self, id: SetId) -> StoreResult<()> {
        self.query("DELETE FROM backup_sets WHERE id = $1 AND state = 'Collecting'")
            .bind(id.0)
            .update(|| format!("backup set {id} being collected"))
            .await
    }
}
