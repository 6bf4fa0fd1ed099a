//! Policies. Written again under its name, a policy keeps its id, its first casing and its birthday:
//! items point at the id.

use super::column::{micros, time};
use super::db::{Tx, row};
use super::page::{after_pair, fetch, slice, time_key};
use async_trait::async_trait;
use rsvault_domain::id::{NameKey, PolicyId, VaultId};
use rsvault_domain::policy::{Policy, PolicySpec};
use rsvault_domain::ports::{Page, PolicyRows, Slice, StoreError, StoreResult};
use sqlx::types::Json;
use uuid::Uuid;

row! {
    struct PolicyRow {
        id: Uuid,
        vault_id: Uuid,
        name: String,
        spec: Json<PolicySpec>,
        system: bool,
        created_at: i64,
        updated_at: i64,
        etag: i64,
    }
}
impl TryFrom<PolicyRow> for Policy {
    type Error = StoreError;
    fn try_from(row: PolicyRow) -> StoreResult<Self> {
        Ok(Self {
            id: row.id.into(),
            vault_id: row.vault_id.into(),
            name: row.name,
            spec: row.spec.0,
            system: row.system,
            created_at: time(row.created_at)?,
            updated_at: time(row.updated_at)?,
            etag: row.etag,
        })
    }
}

pub(super) const LIST: &str =
    "SELECT * FROM policies WHERE vault_id = $1 AND (created_at, name_key) > ($2, $3) ORDER BY created_at, name_key LIMIT $4";
pub(super) const USE: &str = "SELECT COUNT(*) FROM items WHERE policy_id = $1";

#[async_trait]
impl PolicyRows for Tx {
    async fn put_policy(&mut self, policy: &Policy) -> StoreResult<()> {
        self.query(
            "INSERT INTO policies (id, vault_id, name_key, name, spec, system, created_at, updated_at, etag)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (vault_id, name_key) DO UPDATE
                SET spec = excluded.spec, system = excluded.system, updated_at = excluded.updated_at, etag = excluded.etag",
        )
        .bind(policy.id.0)
        .bind(policy.vault_id.0)
        .bind(NameKey::new(&policy.name).to_string())
        .bind(policy.name.clone())
        .bind(Json(policy.spec.clone()))
        .bind(policy.system)
        .bind(micros(policy.created_at))
        .bind(micros(policy.updated_at))
        .bind(policy.etag)
        .execute()
        .await?;
        Ok(())
    }

    async fn policy(&mut self, vault: VaultId, name: &NameKey) -> StoreResult<Option<Policy>> {
        self.query("SELECT * FROM policies WHERE vault_id = $1 AND name_key = $2")
            .bind(vault.0)
            .bind(name.to_string())
            .optional::<PolicyRow, _>()
            .await
    }

    async fn policy_by_id(&mut self, id: PolicyId) -> StoreResult<Option<Policy>> {
        self.query("SELECT * FROM policies WHERE id = $1").bind(id.0).optional::<PolicyRow, _>().await
    }

    async fn policies(&mut self, vault: VaultId, page: &Page) -> StoreResult<Slice<Policy>> {
        let (at, name) = after_pair(page)?.unwrap_or((i64::MIN, String::new()));
        let policies = self.query(LIST).bind(vault.0).bind(at).bind(name).bind(fetch(page)).all::<PolicyRow, Policy>().await?;
        Ok(slice(page, policies, |policy| time_key(policy.created_at, NameKey::new(&policy.name))))
    }

    async fn policy_use(&mut self, id: PolicyId) -> StoreResult<i64> {
        self.query(USE).bind(id.0).value().await
    }

    async fn delete_policy(&mut self, id: PolicyId) -> StoreResult<bool> {
        Ok(self.query("DELETE FROM policies WHERE id = $1").bind(id.0).execute().await? > 0)
    }
}
