//! Vaults. A deleted vault frees its name but keeps its row while it holds soft-deleted items.

use super::column::{micros, soft_deleted, time};
use super::db::{Tx, row};
use super::page::{after_pair, fetch, slice};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::id::{NameKey, SubscriptionId, VaultId};
use rsvault_domain::ports::{Page, Slice, StoreError, StoreResult, VaultRows};
use rsvault_domain::tenancy::RegionKey;
use rsvault_domain::vault::{Vault, VaultSettings};
use sqlx::types::Json;
use std::collections::BTreeMap;
use uuid::Uuid;

row! {
    pub(super) struct VaultRow {
        id: Uuid,
        subscription_id: Uuid,
        resource_group: String,
        name: String,
        location: String,
        sku: String,
        tags: Json<BTreeMap<String, String>>,
        settings: Json<VaultSettings>,
        used: bool,
        etag: i64,
        created_at: i64,
        updated_at: i64,
        deleted_at: Option<i64>,
        purge_at: Option<i64>,
    }
}
impl TryFrom<VaultRow> for Vault {
    type Error = StoreError;
    fn try_from(row: VaultRow) -> StoreResult<Self> {
        Ok(Self {
            id: row.id.into(),
            subscription: row.subscription_id.into(),
            resource_group: row.resource_group,
            name: row.name,
            location: row.location,
            sku: row.sku,
            tags: row.tags.0,
            settings: row.settings.0,
            used: row.used,
            etag: row.etag,
            created_at: time(row.created_at)?,
            updated_at: time(row.updated_at)?,
            soft_deleted: soft_deleted(row.deleted_at, row.purge_at)?,
        })
    }
}

const INSERT: &str = "INSERT INTO vaults (id, subscription_id, resource_group, name, location, sku, tags, settings, used, etag,
        created_at, updated_at, deleted_at, purge_at, group_key, name_key, location_key, guard_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE vaults SET subscription_id = $2, resource_group = $3, name = $4, location = $5, sku = $6, tags = $7,
        settings = $8, used = $9, etag = $10, created_at = $11, updated_at = $12, deleted_at = $13,
        purge_at = $14, group_key = $15, name_key = $16, location_key = $17, guard_id = $18
    WHERE id = $1";

pub(super) const LIST: &str = "SELECT * FROM vaults WHERE subscription_id = $1 AND deleted_at IS NULL AND (name_key, id) > ($2, $3)
    ORDER BY name_key, id LIMIT $4";
pub(super) const LIST_GROUP: &str = "SELECT * FROM vaults WHERE subscription_id = $1 AND group_key = $4 AND deleted_at IS NULL
    AND name_key > $2 ORDER BY name_key LIMIT $3";
pub(super) const LIST_DELETED: &str = "SELECT * FROM vaults WHERE subscription_id = $1 AND location_key = $2 AND deleted_at IS NOT NULL
    AND (deleted_at, id) > ($3, $4) ORDER BY deleted_at, id LIMIT $5";
pub(super) const LIST_ALL_DELETED: &str = "SELECT * FROM vaults WHERE subscription_id = $1 AND deleted_at IS NOT NULL
    AND (location_key, deleted_at, id) > ($2, $3, $4) ORDER BY location_key, deleted_at, id LIMIT $5";
pub(super) const TO_PURGE: &str = "SELECT * FROM vaults WHERE purge_at IS NOT NULL AND purge_at <= $1 ORDER BY purge_at, id LIMIT $2";

impl Tx {
    fn vault_query(&mut self, sql: &'static str, vault: &Vault) -> super::db::Stmt<'_> {
        self.query(sql)
            .bind(vault.id.0)
            .bind(vault.subscription.0)
            .bind(vault.resource_group.clone())
            .bind(vault.name.clone())
            .bind(vault.location.clone())
            .bind(vault.sku.clone())
            .bind(Json(vault.tags.clone()))
            .bind(Json(vault.settings.clone()))
            .bind(vault.used)
            .bind(vault.etag)
            .bind(micros(vault.created_at))
            .bind(micros(vault.updated_at))
            .bind(vault.soft_deleted.map(|deleted| micros(deleted.at)))
            .bind(vault.soft_deleted.map(|deleted| micros(deleted.purge_at)))
            .bind(NameKey::new(&vault.resource_group).to_string())
            .bind(NameKey::new(&vault.name).to_string())
            .bind(RegionKey::new(&vault.location).as_str().to_owned())
            .bind(vault.settings.guard.as_ref().map(|link| link.guard.0))
    }
}

#[async_trait]
impl VaultRows for Tx {
    async fn insert_vault(&mut self, vault: &Vault) -> StoreResult<()> {
        self.vault_query(INSERT, vault).insert(|| format!("vault {}", vault.arm_id())).await
    }

    async fn vault(&mut self, subscription: SubscriptionId, group: &NameKey, name: &NameKey) -> StoreResult<Option<Vault>> {
        self.query("SELECT * FROM vaults WHERE subscription_id = $1 AND group_key = $2 AND name_key = $3 AND deleted_at IS NULL")
            .bind(subscription.0)
            .bind(group.to_string())
            .bind(name.to_string())
            .optional::<VaultRow, _>()
            .await
    }

    async fn vault_by_id(&mut self, id: VaultId) -> StoreResult<Option<Vault>> {
        self.query("SELECT * FROM vaults WHERE id = $1").bind(id.0).optional::<VaultRow, _>().await
    }

    async fn update_vault(&mut self, vault: &Vault) -> StoreResult<()> {
        self.vault_query(UPDATE, vault).update(|| format!("vault {}", vault.id)).await
    }

    async fn vaults(&mut self, subscription: SubscriptionId, group: Option<&NameKey>, page: &Page) -> StoreResult<Slice<Vault>> {
        let (name, id) = after_pair(page)?.unwrap_or((String::new(), Uuid::nil()));
        let statement = match group {
            // In a group a name is there once: it is the whole key.
            Some(group) => self.query(LIST_GROUP).bind(subscription.0).bind(name).bind(fetch(page)).bind(group.to_string()),
            None => self.query(LIST).bind(subscription.0).bind(name).bind(id).bind(fetch(page)),
        };
        let vaults = statement.all::<VaultRow, Vault>().await?;
        Ok(slice(page, vaults, |vault| format!("{}|{}", NameKey::new(&vault.name), vault.id)))
    }

    async fn deleted_vaults(
        &mut self,
        subscription: SubscriptionId,
        location: Option<&RegionKey>,
        page: &Page,
    ) -> StoreResult<Slice<Vault>> {
        let (region, tie) = after_pair::<String, String>(page)?.unwrap_or_default();
        let (at, id) = match tie.split_once(' ') {
            Some((at, id)) => (at.parse().map_err(|_| StoreError::BadCursor)?, id.parse().map_err(|_| StoreError::BadCursor)?),
            None => (i64::MIN, Uuid::nil()),
        };
        let statement = match location {
            Some(_) => self.query(LIST_DELETED).bind(subscription.0),
            None => self.query(LIST_ALL_DELETED).bind(subscription.0),
        };
        let region = location.map_or(region, |location| location.as_str().to_owned());
        let vaults = statement.bind(region).bind(at).bind(id).bind(fetch(page)).all::<VaultRow, Vault>().await?;
        Ok(slice(page, vaults, |vault| {
            let at = vault.soft_deleted.map_or(0, |deleted| micros(deleted.at));
            format!("{}|{at} {}", RegionKey::new(&vault.location).as_str(), vault.id)
        }))
    }

    async fn vaults_to_purge(&mut self, now: Timestamp, limit: u32) -> StoreResult<Vec<Vault>> {
        self.query(TO_PURGE).bind(micros(now)).bind(i64::from(limit)).all::<VaultRow, _>().await
    }

    async fn remove_vault(&mut self, id: VaultId) -> StoreResult<()> {
        self.query("DELETE FROM vaults WHERE id = $1").bind(id.0).update(|| format!("vault {id}")).await
    }
}
