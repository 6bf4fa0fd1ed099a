//! Vaults. A deleted vault frees its name but keeps its row while it holds soft-deleted items.

use super::column::{micros, time, time_or_none};
use super::db::{Tx, row};
use super::page::{after_pair, fetch, slice};
use async_trait::async_trait;
use rsvault_domain::id::{NameKey, SubscriptionId, VaultId};
use rsvault_domain::ports::{Page, Slice, StoreError, StoreResult, VaultRows};
use rsvault_domain::vault::{Vault, VaultSettings};
use sqlx::types::Json;
use std::collections::BTreeMap;
use uuid::Uuid;

row! {
    struct VaultRow {
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
            deleted_at: time_or_none(row.deleted_at)?,
        })
    }
}

const INSERT: &str = "INSERT INTO vaults (id, subscription_id, resource_group, name, location, sku, tags, settings, used, etag,
        created_at, updated_at, deleted_at, group_key, name_key)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE vaults SET subscription_id = $2, resource_group = $3, name = $4, location = $5, sku = $6, tags = $7,
        settings = $8, used = $9, etag = $10, created_at = $11, updated_at = $12, deleted_at = $13, group_key = $14, name_key = $15
    WHERE id = $1";

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
            .bind(vault.deleted_at.map(micros))
            .bind(NameKey::new(&vault.resource_group).to_string())
            .bind(NameKey::new(&vault.name).to_string())
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
        let vaults = self
            .query(
                "SELECT * FROM vaults WHERE subscription_id = $1 AND deleted_at IS NULL AND ($2 IS NULL OR group_key = $2)
                   AND (name_key, id) > ($3, $4) ORDER BY name_key, id LIMIT $5",
            )
            .bind(subscription.0)
            .bind(group.map(ToString::to_string))
            .bind(name)
            .bind(id)
            .bind(fetch(page))
            .all::<VaultRow, Vault>()
            .await?;
        Ok(slice(page, vaults, |vault| format!("{}|{}", NameKey::new(&vault.name), vault.id)))
    }

    async fn deleted_vaults(&mut self) -> StoreResult<Vec<Vault>> {
        self.query("SELECT * FROM vaults WHERE deleted_at IS NOT NULL ORDER BY deleted_at, id").all::<VaultRow, _>().await
    }

    async fn remove_vault(&mut self, id: VaultId) -> StoreResult<()> {
        self.query("DELETE FROM vaults WHERE id = $1").bind(id.0).update(|| format!("vault {id}")).await
    }
}
