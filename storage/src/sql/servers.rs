//! Servers, the agents enrolled on them, one-time enrolment tokens, and which vault has seen whom.

use super::column::{digest, micros, time, time_or_none, word};
use super::db::{Tx, row};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::discovery::{AgentRecord, Server, ServerState};
use rsvault_domain::id::{AgentId, NameKey, ServerId, SubscriptionId, VaultId};
use rsvault_domain::ports::{ServerRows, StoreError, StoreResult};
use uuid::Uuid;

row! {
    struct ServerRow { id: Uuid, subscription_id: Uuid, resource_group: String, name: String, location: String, state: String, created_at: i64 }
}
impl TryFrom<ServerRow> for Server {
    type Error = StoreError;
    fn try_from(row: ServerRow) -> StoreResult<Self> {
        let states = [ServerState::Running, ServerState::Stopped];
        Ok(Self {
            id: row.id.into(),
            subscription: row.subscription_id.into(),
            resource_group: row.resource_group,
            name: row.name,
            location: row.location,
            state: word("servers.state", &row.state, |w| states.into_iter().find(|s| s.as_str() == w))?,
            created_at: time(row.created_at)?,
        })
    }
}

row! {
    struct AgentRow {
        id: Uuid,
        server_id: Uuid,
        secret_hash: Vec<u8>,
        enrolled_at: i64,
        last_seen_at: i64,
        version: String,
        schedule_revision: Option<String>,
        schedule_acked_at: Option<i64>,
    }
}
impl TryFrom<AgentRow> for AgentRecord {
    type Error = StoreError;
    fn try_from(row: AgentRow) -> StoreResult<Self> {
        Ok(Self {
            id: row.id.into(),
            server_id: row.server_id.into(),
            secret_hash: digest("agents.secret_hash", row.secret_hash)?,
            enrolled_at: time(row.enrolled_at)?,
            last_seen_at: time(row.last_seen_at)?,
            version: row.version,
            schedule_revision: row.schedule_revision,
            schedule_acked_at: time_or_none(row.schedule_acked_at)?,
        })
    }
}

row! {
    struct TokenRow { server_id: Uuid, expires_at: i64 }
}
impl TryFrom<TokenRow> for (ServerId, Timestamp) {
    type Error = StoreError;
    fn try_from(row: TokenRow) -> StoreResult<Self> {
        Ok((row.server_id.into(), time(row.expires_at)?))
    }
}

#[async_trait]
impl ServerRows for Tx {
    async fn put_server(&mut self, server: &Server) -> StoreResult<Server> {
        self.query(
            "INSERT INTO servers (id, subscription_id, group_key, resource_group, name_key, name, location, state, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (subscription_id, group_key, name_key) DO UPDATE SET location = excluded.location, state = excluded.state
             RETURNING *",
        )
        .bind(server.id.0)
        .bind(server.subscription.0)
        .bind(NameKey::new(&server.resource_group).to_string())
        .bind(server.resource_group.clone())
        .bind(NameKey::new(&server.name).to_string())
        .bind(server.name.clone())
        .bind(server.location.clone())
        .bind(server.state.as_str())
        .bind(micros(server.created_at))
        .one::<ServerRow, _>()
        .await
    }

    async fn server(&mut self, subscription: SubscriptionId, group: &NameKey, name: &NameKey) -> StoreResult<Option<Server>> {
        self.query("SELECT * FROM servers WHERE subscription_id = $1 AND group_key = $2 AND name_key = $3")
            .bind(subscription.0)
            .bind(group.to_string())
            .bind(name.to_string())
            .optional::<ServerRow, _>()
            .await
    }

    async fn server_by_id(&mut self, id: ServerId) -> StoreResult<Option<Server>> {
        self.query("SELECT * FROM servers WHERE id = $1").bind(id.0).optional::<ServerRow, _>().await
    }

    async fn servers(&mut self, subscription: SubscriptionId) -> StoreResult<Vec<Server>> {
        self.query("SELECT * FROM servers WHERE subscription_id = $1 ORDER BY name_key, id")
            .bind(subscription.0)
            .all::<ServerRow, _>()
            .await
    }

    async fn delete_server(&mut self, id: ServerId) -> StoreResult<bool> {
        Ok(self.query("DELETE FROM servers WHERE id = $1").bind(id.0).execute().await? > 0)
    }

    async fn insert_agent(&mut self, agent: &AgentRecord) -> StoreResult<()> {
        self.query(
            "INSERT INTO agents (id, server_id, secret_hash, enrolled_at, last_seen_at, version, schedule_revision, schedule_acked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        )
        .bind(agent.id.0)
        .bind(agent.server_id.0)
        .bind(agent.secret_hash.to_vec())
        .bind(micros(agent.enrolled_at))
        .bind(micros(agent.last_seen_at))
        .bind(agent.version.clone())
        .bind(agent.schedule_revision.clone())
        .bind(agent.schedule_acked_at.map(micros))
        .insert(|| format!("agent {}", agent.id))
        .await
    }

    async fn agent(&mut self, id: AgentId) -> StoreResult<Option<AgentRecord>> {
        self.query("SELECT * FROM agents WHERE id = $1").bind(id.0).optional::<AgentRow, _>().await
    }

    async fn agent_of(&mut self, server: ServerId) -> StoreResult<Option<AgentRecord>> {
        self.query("SELECT * FROM agents WHERE server_id = $1 ORDER BY enrolled_at DESC, id DESC LIMIT 1")
            .bind(server.0)
            .optional::<AgentRow, _>()
            .await
    }

    async fn touch_agent(&mut self, id: AgentId, version: &str, at: Timestamp) -> StoreResult<()> {
        self.query("UPDATE agents SET version = $2, last_seen_at = $3 WHERE id = $1")
            .bind(id.0)
            .bind(version.to_owned())
            .bind(micros(at))
            .update(|| format!("agent {id}"))
            .await
    }

    async fn ack_schedule(&mut self, id: AgentId, revision: &str, at: Timestamp) -> StoreResult<()> {
        self.query("UPDATE agents SET schedule_revision = $2, schedule_acked_at = $3 WHERE id = $1")
            .bind(id.0)
            .bind(revision.to_owned())
            .bind(micros(at))
            .update(|| format!("agent {id}"))
            .await
    }

    async fn insert_token(&mut self, hash: [u8; 32], server: ServerId, expires_at: Timestamp) -> StoreResult<()> {
        self.query("INSERT INTO enrolment_tokens (hash, server_id, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(hash.to_vec())
            .bind(server.0)
            .bind(micros(expires_at))
            .insert(|| "enrolment token".into())
            .await
    }

    async fn take_token(&mut self, hash: [u8; 32], now: Timestamp) -> StoreResult<Option<ServerId>> {
        let taken: Option<(ServerId, Timestamp)> = self
            .query("DELETE FROM enrolment_tokens WHERE hash = $1 RETURNING server_id, expires_at")
            .bind(hash.to_vec())
            .optional::<TokenRow, _>()
            .await?;
        Ok(taken.filter(|(_, expires_at)| now < *expires_at).map(|(server, _)| server))
    }

    async fn mark_discovered(&mut self, vault: VaultId, servers: &[ServerId], at: Timestamp) -> StoreResult<()> {
        for server in servers {
            self.query(
                "INSERT INTO discovered_servers (vault_id, server_id, discovered_at) VALUES ($1, $2, $3)
                 ON CONFLICT (vault_id, server_id) DO UPDATE SET discovered_at = excluded.discovered_at",
            )
            .bind(vault.0)
            .bind(server.0)
            .bind(micros(at))
            .execute()
            .await?;
        }
        Ok(())
    }

    async fn discovered(&mut self, vault: VaultId) -> StoreResult<Vec<Server>> {
        self.query(
            "SELECT s.* FROM discovered_servers d JOIN servers s ON s.id = d.server_id
             WHERE d.vault_id = $1
               AND NOT EXISTS (SELECT 1 FROM containers c WHERE c.server_id = s.id AND c.kind = 'server' AND c.registration <> 'SoftDeleted')
             ORDER BY s.name_key, s.id",
        )
        .bind(vault.0)
        .all::<ServerRow, _>()
        .await
    }
}
