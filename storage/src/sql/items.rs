//! Protected items.

use super::column::{id, micros, model, model_word, soft_deleted, time, time_or_none, word};
use super::db::{Stmt, Tx, row};
use super::page::{after_pair, fetch, slice, time_key};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::id::{ContainerId, ItemId, ItemName, NameKey, VaultId};
use rsvault_domain::ports::{ItemFilter, ItemRows, Page, Slice, StoreError, StoreResult};
use rsvault_domain::protection::{ItemState, LastBackup, ProtectedItem, Track};
use sqlx::types::Json;
use uuid::Uuid;

row! {
    struct ItemRow {
        id: Uuid,
        vault_id: Uuid,
        container_id: Uuid,
        instance: String,
        database_name: String,
        policy_id: Option<Uuid>,
        state: String,
        data_source_id: String,
        recovery_model: String,
        last_backup: Option<Json<LastBackup>>,
        deleted_at: Option<i64>,
        purge_at: Option<i64>,
        track: Json<Track>,
        reap_at: Option<i64>,
        watch_at: Option<i64>,
        created_at: i64,
        updated_at: i64,
    }
}
impl TryFrom<ItemRow> for ProtectedItem {
    type Error = StoreError;
    fn try_from(row: ItemRow) -> StoreResult<Self> {
        Ok(Self {
            id: row.id.into(),
            vault_id: row.vault_id.into(),
            container_id: row.container_id.into(),
            name: ItemName::new(row.instance, row.database_name),
            policy_id: id(row.policy_id),
            state: word("items.state", &row.state, ItemState::parse)?,
            data_source_id: row.data_source_id,
            recovery_model: model(&row.recovery_model)?,
            last_backup: row.last_backup.map(|json| json.0),
            soft_deleted: soft_deleted(row.deleted_at, row.purge_at)?,
            track: row.track.0,
            reap_at: time_or_none(row.reap_at)?,
            watch_at: time_or_none(row.watch_at)?,
            created_at: time(row.created_at)?,
            updated_at: time(row.updated_at)?,
        })
    }
}

row! {
    struct NameRow {
        name_key: String,
        deleted: bool,
    }
}
impl TryFrom<NameRow> for (NameKey, bool) {
    type Error = StoreError;
    fn try_from(row: NameRow) -> StoreResult<Self> {
        Ok((NameKey::new(&row.name_key), row.deleted))
    }
}

const INSERT: &str = "INSERT INTO items (id, vault_id, container_id, name_key, instance, database_name, policy_id, state, data_source_id,
        recovery_model, last_backup, deleted_at, purge_at, created_at, updated_at, track, reap_at, watch_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE items SET vault_id = $2, container_id = $3, name_key = $4, instance = $5, database_name = $6, policy_id = $7,
        state = $8, data_source_id = $9, recovery_model = $10, last_backup = $11, deleted_at = $12, purge_at = $13, created_at = $14,
        updated_at = $15, track = $16, reap_at = $17, watch_at = $18
    WHERE id = $1";
/// Those with a point that can be seen in the secondary region.
pub(super) const SEEN: &str = "SELECT i.* FROM items i WHERE i.vault_id = $1 AND (i.created_at, i.id) > ($2, $3)
       AND EXISTS (SELECT 1 FROM recovery_points p WHERE p.item_id = i.id
           AND EXISTS (SELECT 1 FROM replicas r WHERE r.set_id = p.set_id AND r.visible_at <= $4))
     ORDER BY i.created_at, i.id LIMIT $5";
/// Items of a vault, of a policy, of a container: each along an index of its own.
pub(super) const LIST: &str = "SELECT * FROM items WHERE vault_id = $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4";
pub(super) const LIST_POLICY: &str =
    "SELECT * FROM items WHERE policy_id = $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4";
pub(super) const LIST_CONTAINER: &str =
    "SELECT * FROM items WHERE container_id = $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4";
pub(super) const LIST_BOTH: &str = "SELECT * FROM items WHERE container_id = $1 AND (created_at, id) > ($2, $3) AND policy_id = $5
    ORDER BY created_at, id LIMIT $4";
/// Those of one database name.
pub(super) const LIST_NAMED: &str = "SELECT * FROM items WHERE vault_id = $1 AND database_key = $5 AND (created_at, id) > ($2, $3)
    ORDER BY created_at, id LIMIT $4";
pub(super) const TO_PURGE: &str = "SELECT * FROM items WHERE purge_at <= $1 ORDER BY purge_at, id LIMIT $2";
pub(super) const NAMES: &str = "SELECT name_key, purge_at IS NOT NULL AS deleted FROM items WHERE container_id = $1 AND name_key >= $2 AND name_key <= $3 ORDER BY name_key";
pub(super) const TO_REAP: &str = "SELECT * FROM items WHERE reap_at <= $1 ORDER BY reap_at, id LIMIT $2";
pub(super) const TO_WATCH: &str = "SELECT * FROM items WHERE watch_at <= $1 ORDER BY watch_at, id LIMIT $2";

impl Tx {
    /// A page of the items that the secondary region shows.
    pub(super) async fn items_seen(&mut self, vault: VaultId, now: Timestamp, page: &Page) -> StoreResult<Slice<ProtectedItem>> {
        let (at, id) = after_pair(page)?.unwrap_or((i64::MIN, Uuid::nil()));
        let found = self.query(SEEN).bind(vault.0).bind(at).bind(id).bind(micros(now)).bind(fetch(page));
        let items = found.all::<ItemRow, ProtectedItem>().await?;
        Ok(slice(page, items, |item| time_key(item.created_at, item.id)))
    }

    async fn due_items(&mut self, sql: &'static str, now: Timestamp, limit: u32) -> StoreResult<Vec<ProtectedItem>> {
        self.query(sql).bind(micros(now)).bind(i64::from(limit)).all::<ItemRow, _>().await
    }

    fn item_query(&mut self, sql: &'static str, item: &ProtectedItem) -> Stmt<'_> {
        self.query(sql)
            .bind(item.id.0)
            .bind(item.vault_id.0)
            .bind(item.container_id.0)
            .bind(item.name.key().to_string())
            .bind(item.name.instance.clone())
            .bind(item.name.database.clone())
            .bind(item.policy_id.map(|p| p.0))
            .bind(item.state.as_str())
            .bind(item.data_source_id.clone())
            .bind(model_word(item.recovery_model))
            .bind(item.last_backup.clone().map(Json))
            .bind(item.soft_deleted.map(|s| micros(s.at)))
            .bind(item.soft_deleted.map(|s| micros(s.purge_at)))
            .bind(micros(item.created_at))
            .bind(micros(item.updated_at))
            .bind(Json(item.track.clone()))
            .bind(item.reap_at.map(micros))
            .bind(item.watch_at.map(micros))
    }
}

#[async_trait]
impl ItemRows for Tx {
    async fn insert_item(&mut self, item: &ProtectedItem) -> StoreResult<()> {
        self.item_query(INSERT, item).insert(|| format!("item {}", item.name)).await
    }

    async fn item(&mut self, container: ContainerId, name: &NameKey) -> StoreResult<Option<ProtectedItem>> {
        self.query("SELECT * FROM items WHERE container_id = $1 AND name_key = $2")
            .bind(container.0)
            .bind(name.to_string())
            .optional::<ItemRow, _>()
            .await
    }

    async fn item_by_id(&mut self, id: ItemId) -> StoreResult<Option<ProtectedItem>> {
        self.query("SELECT * FROM items WHERE id = $1").bind(id.0).optional::<ItemRow, _>().await
    }

    async fn items(&mut self, vault: VaultId, filter: &ItemFilter, page: &Page) -> StoreResult<Slice<ProtectedItem>> {
        let (at, id) = after_pair(page)?.unwrap_or((i64::MIN, Uuid::nil()));
        // A policy and a container are of one vault: they say more than it.
        let (sql, of) = match (filter.policy_id, filter.container_id) {
            (None, None) => (LIST, vault.0),
            (Some(policy), None) => (LIST_POLICY, policy.0),
            (None, Some(container)) => (LIST_CONTAINER, container.0),
            (Some(_), Some(container)) => (LIST_BOTH, container.0),
        };
        let mut statement = self.query(sql).bind(of).bind(at).bind(id).bind(fetch(page));
        if let (Some(policy), Some(_)) = (filter.policy_id, filter.container_id) {
            statement = statement.bind(policy.0);
        }
        let items = statement.all::<ItemRow, ProtectedItem>().await?;
        Ok(slice(page, items, |item| time_key(item.created_at, item.id)))
    }

    async fn items_named(&mut self, vault: VaultId, database: &NameKey, page: &Page) -> StoreResult<Slice<ProtectedItem>> {
        let (at, id) = after_pair(page)?.unwrap_or((i64::MIN, Uuid::nil()));
        let found = self.query(LIST_NAMED).bind(vault.0).bind(at).bind(id).bind(fetch(page)).bind(database.to_string());
        let items = found.all::<ItemRow, ProtectedItem>().await?;
        Ok(slice(page, items, |item| time_key(item.created_at, item.id)))
    }

    async fn item_names(&mut self, container: ContainerId, from: &NameKey, to: &NameKey) -> StoreResult<Vec<(NameKey, bool)>> {
        self.query(NAMES).bind(container.0).bind(from.to_string()).bind(to.to_string()).all::<NameRow, _>().await
    }

    async fn items_to_purge(&mut self, now: Timestamp, limit: u32) -> StoreResult<Vec<ProtectedItem>> {
        self.due_items(TO_PURGE, now, limit).await
    }

    async fn items_to_reap(&mut self, now: Timestamp, limit: u32) -> StoreResult<Vec<ProtectedItem>> {
        self.due_items(TO_REAP, now, limit).await
    }

    async fn items_to_watch(&mut self, now: Timestamp, limit: u32) -> StoreResult<Vec<ProtectedItem>> {
        self.due_items(TO_WATCH, now, limit).await
    }

    async fn update_item(&mut self, item: &ProtectedItem) -> StoreResult<()> {
        self.item_query(UPDATE, item).update(|| format!("item {}", item.id)).await
    }

    async fn delete_item(&mut self, id: ItemId, at: Timestamp) -> StoreResult<bool> {
        self.query("UPDATE backup_sets SET state = 'Aborted', closed_at = $2 WHERE item_id = $1 AND state IN ('Open', 'Committed')")
            .bind(id.0)
            .bind(micros(at))
            .execute()
            .await?;
        Ok(self.query("DELETE FROM items WHERE id = $1").bind(id.0).execute().await? > 0)
    }
}
