//! Auto-protection intents, and what they know of databases.

use super::column::{id, micros, number, time, word};
use super::db::{Tx, row};
use super::error::unreadable;
use super::page::{after_text, fetch, slice};
use async_trait::async_trait;
use rsvault_domain::id::{ContainerId, IntentId, ItemName, NameKey, PolicyId, VaultId};
use rsvault_domain::intent::{Intent, IntentDatabase, IntentTarget, Standing};
use rsvault_domain::ports::{IntentRows, Page, Slice, StoreError, StoreResult};
use uuid::Uuid;

row! {
    struct IntentRow {
        id: Uuid,
        vault_id: Uuid,
        container_id: Uuid,
        name: String,
        target_kind: String,
        target_name: String,
        policy_id: Uuid,
        created_at: i64,
        updated_at: i64,
    }
}
impl TryFrom<IntentRow> for Intent {
    type Error = StoreError;
    fn try_from(row: IntentRow) -> StoreResult<Self> {
        Ok(Self {
            id: row.id.into(),
            vault_id: row.vault_id.into(),
            container_id: row.container_id.into(),
            name: row.name,
            target: IntentTarget::parse(&row.target_kind, &row.target_name)
                .ok_or_else(|| unreadable("intents.target_kind", row.target_kind))?,
            policy_id: row.policy_id.into(),
            created_at: time(row.created_at)?,
            updated_at: time(row.updated_at)?,
        })
    }
}

row! {
    struct DatabaseRow {
        intent_id: Uuid,
        instance: String,
        database_name: String,
        standing: String,
        job_id: Option<Uuid>,
        failures: i64,
    }
}
impl TryFrom<DatabaseRow> for IntentDatabase {
    type Error = StoreError;
    fn try_from(row: DatabaseRow) -> StoreResult<Self> {
        Ok(Self {
            intent_id: row.intent_id.into(),
            name: ItemName::new(row.instance, row.database_name),
            standing: word("intent_databases.standing", &row.standing, Standing::parse)?,
            job_id: id(row.job_id),
            failures: number("intent_databases.failures", row.failures)?,
        })
    }
}

pub(super) const LIST: &str = "SELECT * FROM intents WHERE vault_id = $1 AND name_key > $2 ORDER BY name_key LIMIT $3";
pub(super) const OF_CONTAINER: &str = "SELECT * FROM intents WHERE container_id = $1 ORDER BY target_kind, target_key";
pub(super) const OF_POLICY: &str = "SELECT COUNT(*) FROM intents WHERE policy_id = $1";
pub(super) const DATABASES: &str = "SELECT * FROM intent_databases WHERE intent_id = $1 ORDER BY name_key";

#[async_trait]
impl IntentRows for Tx {
    async fn put_intent(&mut self, intent: &Intent) -> StoreResult<()> {
        self.query(
            "INSERT INTO intents (id, vault_id, container_id, name_key, name, target_kind, target_key, target_name, policy_id, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (id) DO UPDATE
                SET name_key = excluded.name_key, name = excluded.name, target_kind = excluded.target_kind, target_key = excluded.target_key,
                    target_name = excluded.target_name, policy_id = excluded.policy_id, updated_at = excluded.updated_at",
        )
        .bind(intent.id.0)
        .bind(intent.vault_id.0)
        .bind(intent.container_id.0)
        .bind(NameKey::new(&intent.name).to_string())
        .bind(intent.name.clone())
        .bind(intent.target.kind())
        .bind(intent.target.key().to_string())
        .bind(intent.target.name().to_owned())
        .bind(intent.policy_id.0)
        .bind(micros(intent.created_at))
        .bind(micros(intent.updated_at))
        .execute()
        .await?;
        Ok(())
    }

    async fn intent(&mut self, vault: VaultId, name: &NameKey) -> StoreResult<Option<Intent>> {
        self.query("SELECT * FROM intents WHERE vault_id = $1 AND name_key = $2")
            .bind(vault.0)
            .bind(name.to_string())
            .optional::<IntentRow, _>()
            .await
    }

    async fn intent_by_id(&mut self, id: IntentId) -> StoreResult<Option<Intent>> {
        self.query("SELECT * FROM intents WHERE id = $1").bind(id.0).optional::<IntentRow, _>().await
    }

    async fn intents(&mut self, vault: VaultId, page: &Page) -> StoreResult<Slice<Intent>> {
        let intents = self.query(LIST).bind(vault.0).bind(after_text(page)?).bind(fetch(page)).all::<IntentRow, Intent>().await?;
        Ok(slice(page, intents, |intent| NameKey::new(&intent.name).to_string()))
    }

    async fn intents_of_container(&mut self, container: ContainerId) -> StoreResult<Vec<Intent>> {
        self.query(OF_CONTAINER).bind(container.0).all::<IntentRow, _>().await
    }

    async fn intents_of_policy(&mut self, policy: PolicyId) -> StoreResult<i64> {
        self.query(OF_POLICY).bind(policy.0).value().await
    }

    async fn delete_intent(&mut self, id: IntentId) -> StoreResult<bool> {
        Ok(self.query("DELETE FROM intents WHERE id = $1").bind(id.0).execute().await? > 0)
    }

    async fn put_intent_database(&mut self, database: &IntentDatabase) -> StoreResult<()> {
        self.query(
            "INSERT INTO intent_databases (intent_id, name_key, instance, database_name, standing, job_id, failures)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (intent_id, name_key) DO UPDATE
                SET standing = excluded.standing, job_id = excluded.job_id, failures = excluded.failures",
        )
        .bind(database.intent_id.0)
        .bind(database.name.key().to_string())
        .bind(database.name.instance.clone())
        .bind(database.name.database.clone())
        .bind(database.standing.as_str())
        .bind(database.job_id.map(|id| id.0))
        .bind(i64::from(database.failures))
        .execute()
        .await?;
        Ok(())
    }

    async fn intent_database(&mut self, intent: IntentId, name: &NameKey) -> StoreResult<Option<IntentDatabase>> {
        self.query("SELECT * FROM intent_databases WHERE intent_id = $1 AND name_key = $2")
            .bind(intent.0)
            .bind(name.to_string())
            .optional::<DatabaseRow, _>()
            .await
    }

    async fn intent_databases(&mut self, intent: IntentId) -> StoreResult<Vec<IntentDatabase>> {
        self.query(DATABASES).bind(intent.0).all::<DatabaseRow, _>().await
    }

    async fn delete_intent_database(&mut self, intent: IntentId, name: &NameKey) -> StoreResult<()> {
        self.query("DELETE FROM intent_databases WHERE intent_id = $1 AND name_key = $2")
            .bind(intent.0)
            .bind(name.to_string())
            .execute()
            .await?;
        Ok(())
    }
}
