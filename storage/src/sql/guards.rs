//! Resource Guards, and the deletions that were unlocked in a vault.

use super::column::{micros, time};
use super::db::{Tx, row};
use super::vaults::VaultRow;
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::guard::{Critical, ResourceGuard, Unlock};
use rsvault_domain::id::{GuardId, ItemId, NameKey, PrincipalId, SubscriptionId, VaultId};
use rsvault_domain::ports::{GuardRows, StoreError, StoreResult};
use rsvault_domain::vault::Vault;
use sqlx::types::Json;
use std::collections::BTreeMap;
use uuid::Uuid;

row! {
    struct GuardRow {
        id: Uuid,
        subscription_id: Uuid,
        resource_group: String,
        name: String,
        location: String,
        tags: Json<BTreeMap<String, String>>,
        excluded: Json<Vec<Critical>>,
        created_at: i64,
        updated_at: i64,
    }
}
impl TryFrom<GuardRow> for ResourceGuard {
    type Error = StoreError;
    fn try_from(row: GuardRow) -> StoreResult<Self> {
        Ok(Self {
            id: row.id.into(),
            subscription: row.subscription_id.into(),
            resource_group: row.resource_group,
            name: row.name,
            location: row.location,
            tags: row.tags.0,
            excluded: row.excluded.0,
            created_at: time(row.created_at)?,
            updated_at: time(row.updated_at)?,
        })
    }
}

row! {
    struct Count { held: i64 }
}
impl TryFrom<Count> for bool {
    type Error = StoreError;
    fn try_from(row: Count) -> StoreResult<Self> {
        Ok(row.held > 0)
    }
}

pub(super) const GUARDED: &str = "SELECT * FROM vaults WHERE guard_id = $1 ORDER BY id LIMIT $2";

/// The word of an operation.
fn word(critical: Critical) -> String {
    format!("{critical:?}")
}

#[async_trait]
impl GuardRows for Tx {
    async fn put_guard(&mut self, guard: &ResourceGuard) -> StoreResult<()> {
        self.query(
            "INSERT INTO resource_guards (id, subscription_id, resource_group, name, location, tags, excluded, created_at, updated_at,
                 group_key, name_key)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (id) DO UPDATE SET tags = excluded.tags, excluded = excluded.excluded, updated_at = excluded.updated_at",
        )
        .bind(guard.id.0)
        .bind(guard.subscription.0)
        .bind(guard.resource_group.clone())
        .bind(guard.name.clone())
        .bind(guard.location.clone())
        .bind(Json(guard.tags.clone()))
        .bind(Json(guard.excluded.clone()))
        .bind(micros(guard.created_at))
        .bind(micros(guard.updated_at))
        .bind(NameKey::new(&guard.resource_group).to_string())
        .bind(NameKey::new(&guard.name).to_string())
        .execute()
        .await?;
        Ok(())
    }

    async fn guard(&mut self, subscription: SubscriptionId, group: &NameKey, name: &NameKey) -> StoreResult<Option<ResourceGuard>> {
        self.query("SELECT * FROM resource_guards WHERE subscription_id = $1 AND group_key = $2 AND name_key = $3")
            .bind(subscription.0)
            .bind(group.to_string())
            .bind(name.to_string())
            .optional::<GuardRow, _>()
            .await
    }

    async fn guard_by_id(&mut self, id: GuardId) -> StoreResult<Option<ResourceGuard>> {
        self.query("SELECT * FROM resource_guards WHERE id = $1").bind(id.0).optional::<GuardRow, _>().await
    }

    async fn guards(&mut self, subscription: SubscriptionId, group: &NameKey) -> StoreResult<Vec<ResourceGuard>> {
        self.query("SELECT * FROM resource_guards WHERE subscription_id = $1 AND group_key = $2 ORDER BY name_key")
            .bind(subscription.0)
            .bind(group.to_string())
            .all::<GuardRow, _>()
            .await
    }

    async fn delete_guard(&mut self, id: GuardId) -> StoreResult<bool> {
        Ok(self.query("DELETE FROM resource_guards WHERE id = $1").bind(id.0).execute().await? > 0)
    }

    async fn guarded_vaults(&mut self, guard: GuardId, limit: u32) -> StoreResult<Vec<Vault>> {
        self.query(GUARDED).bind(guard.0).bind(i64::from(limit)).all::<VaultRow, _>().await
    }

    async fn put_unlock(&mut self, unlock: &Unlock, now: Timestamp) -> StoreResult<()> {
        self.query("DELETE FROM guard_unlocks WHERE vault_id = $1 AND expires_at <= $2")
            .bind(unlock.vault.0)
            .bind(micros(now))
            .execute()
            .await?;
        self.query(
            "INSERT INTO guard_unlocks (vault_id, principal_id, critical, target, expires_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (vault_id, principal_id, critical, target) DO UPDATE SET expires_at = excluded.expires_at",
        )
        .bind(unlock.vault.0)
        .bind(unlock.principal.0)
        .bind(word(unlock.critical))
        .bind(unlock.item.map_or(unlock.vault.0, |item| item.0))
        .bind(micros(unlock.expires_at))
        .execute()
        .await?;
        Ok(())
    }

    async fn unlocked(
        &mut self,
        vault: VaultId,
        principal: PrincipalId,
        critical: Critical,
        item: Option<ItemId>,
        now: Timestamp,
    ) -> StoreResult<bool> {
        self.query(
            "SELECT COUNT(*) AS held FROM guard_unlocks
             WHERE vault_id = $1 AND principal_id = $2 AND critical = $3 AND target = $4 AND expires_at > $5",
        )
        .bind(vault.0)
        .bind(principal.0)
        .bind(word(critical))
        .bind(item.map_or(vault.0, |item| item.0))
        .bind(micros(now))
        .one::<Count, _>()
        .await
    }

    async fn forget_unlocks(&mut self, vault: VaultId) -> StoreResult<()> {
        self.query("DELETE FROM guard_unlocks WHERE vault_id = $1").bind(vault.0).execute().await?;
        Ok(())
    }
}
