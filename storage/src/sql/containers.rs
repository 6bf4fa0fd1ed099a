//! Protection containers: servers registered to vaults.

use super::column::{micros, time, time_or_none, word};
use super::db::{Stmt, Tx, row};
use super::page::{after_text, fetch, slice};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::discovery::{Container, Inventory, Registration};
use rsvault_domain::id::{ContainerId, ContainerKind, ContainerName, NameKey, ServerId, VaultId};
use rsvault_domain::ports::{ContainerRows, Page, Slice, StoreError, StoreResult};
use sqlx::types::Json;
use uuid::Uuid;

row! {
    struct ContainerRow {
        id: Uuid,
        vault_id: Uuid,
        server_id: Uuid,
        kind: String,
        resource_group: String,
        server_name: String,
        source_resource_id: String,
        registration: String,
        healthy: bool,
        inventory: Json<Inventory>,
        discover_at: Option<i64>,
        updated_at: i64,
    }
}
impl TryFrom<ContainerRow> for Container {
    type Error = StoreError;
    fn try_from(row: ContainerRow) -> StoreResult<Self> {
        Ok(Self {
            id: row.id.into(),
            vault_id: row.vault_id.into(),
            server_id: row.server_id.into(),
            name: ContainerName {
                kind: word("containers.kind", &row.kind, ContainerKind::parse)?,
                resource_group: row.resource_group,
                server: row.server_name,
            },
            source_resource_id: row.source_resource_id,
            registration: word("containers.registration", &row.registration, Registration::parse)?,
            healthy: row.healthy,
            inventory: row.inventory.0,
            discover_at: time_or_none(row.discover_at)?,
            updated_at: time(row.updated_at)?,
        })
    }
}

const INSERT: &str = "INSERT INTO containers (id, vault_id, server_id, name_key, resource_group, server_name, source_resource_id,
        registration, healthy, inventory, updated_at, discover_at, kind)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE containers SET vault_id = $2, server_id = $3, name_key = $4, resource_group = $5, server_name = $6,
        source_resource_id = $7, registration = $8, healthy = $9, inventory = $10, updated_at = $11, discover_at = $12, kind = $13
    WHERE id = $1";
pub(super) const TO_DISCOVER: &str =
    "SELECT * FROM containers WHERE registration = 'Registered' AND discover_at <= $1 ORDER BY discover_at, id LIMIT $2";

pub(super) const LIST: &str = "SELECT * FROM containers WHERE vault_id = $1 AND name_key > $2 ORDER BY name_key LIMIT $3";
/// Those of one state.
pub(super) const LIST_IN: &str =
    "SELECT * FROM containers WHERE vault_id = $1 AND registration = $4 AND name_key > $2 ORDER BY name_key LIMIT $3";

impl Tx {
    fn container_query(&mut self, sql: &'static str, container: &Container) -> Stmt<'_> {
        self.query(sql)
            .bind(container.id.0)
            .bind(container.vault_id.0)
            .bind(container.server_id.0)
            .bind(container.name.key().to_string())
            .bind(container.name.resource_group.clone())
            .bind(container.name.server.clone())
            .bind(container.source_resource_id.clone())
            .bind(container.registration.as_str())
            .bind(container.healthy)
            .bind(Json(container.inventory.clone()))
            .bind(micros(container.updated_at))
            .bind(container.discover_at.map(micros))
            .bind(container.name.kind.as_str())
    }
}

#[async_trait]
impl ContainerRows for Tx {
    async fn insert_container(&mut self, container: &Container) -> StoreResult<()> {
        self.container_query(INSERT, container).insert(|| format!("container {}", container.name)).await
    }

    async fn container(&mut self, vault: VaultId, name: &NameKey) -> StoreResult<Option<Container>> {
        self.query("SELECT * FROM containers WHERE vault_id = $1 AND name_key = $2")
            .bind(vault.0)
            .bind(name.to_string())
            .optional::<ContainerRow, _>()
            .await
    }

    async fn container_by_id(&mut self, id: ContainerId) -> StoreResult<Option<Container>> {
        self.query("SELECT * FROM containers WHERE id = $1").bind(id.0).optional::<ContainerRow, _>().await
    }

    async fn container_of_server(&mut self, server: ServerId) -> StoreResult<Option<Container>> {
        self.query(
            "SELECT * FROM containers WHERE server_id = $1 AND kind = 'server' AND registration <> 'SoftDeleted' ORDER BY id LIMIT 1",
        )
        .bind(server.0)
        .optional::<ContainerRow, _>()
        .await
    }

    async fn containers(&mut self, vault: VaultId, page: &Page) -> StoreResult<Slice<Container>> {
        let containers = self.query(LIST).bind(vault.0).bind(after_text(page)?).bind(fetch(page)).all::<ContainerRow, Container>().await?;
        Ok(slice(page, containers, |container| container.name.key().to_string()))
    }

    async fn containers_in(&mut self, vault: VaultId, registration: Registration, page: &Page) -> StoreResult<Slice<Container>> {
        let found = self.query(LIST_IN).bind(vault.0).bind(after_text(page)?).bind(fetch(page)).bind(registration.as_str());
        let containers = found.all::<ContainerRow, Container>().await?;
        Ok(slice(page, containers, |container| container.name.key().to_string()))
    }

    async fn update_container(&mut self, container: &Container) -> StoreResult<()> {
        self.container_query(UPDATE, container).update(|| format!("container {}", container.id)).await
    }

    async fn containers_to_discover(&mut self, now: Timestamp, limit: u32) -> StoreResult<Vec<Container>> {
        self.query(TO_DISCOVER).bind(micros(now)).bind(i64::from(limit)).all::<ContainerRow, _>().await
    }

    async fn delete_container(&mut self, id: ContainerId) -> StoreResult<bool> {
        Ok(self.query("DELETE FROM containers WHERE id = $1").bind(id.0).execute().await? > 0)
    }
}
