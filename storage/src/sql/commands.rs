//! Agent commands and their leases.
//!
//! Always holds: each lease raises the generation; only the holder of the newest can renew it.

use super::column::{id, micros, time, time_or_none, word};
use super::db::{Stmt, Tx, row};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::id::{CommandId, JobId, ServerId};
use rsvault_domain::ports::{CommandRows, StoreError, StoreResult};
use rsvault_domain::work::{AgentCommand, CommandState, CommandWork};
use sqlx::types::Json;
use uuid::Uuid;

row! {
    struct CommandRow {
        id: Uuid,
        server_id: Uuid,
        vault_id: Uuid,
        item_id: Option<Uuid>,
        work: Json<CommandWork>,
        state: String,
        generation: i64,
        lease_expires_at: Option<i64>,
        cancel_requested: bool,
        job_id: Option<Uuid>,
        operation_id: Option<Uuid>,
        created_at: i64,
        deadline_at: i64,
    }
}
impl TryFrom<CommandRow> for AgentCommand {
    type Error = StoreError;
    fn try_from(row: CommandRow) -> StoreResult<Self> {
        Ok(Self {
            id: row.id.into(),
            server_id: row.server_id.into(),
            vault_id: row.vault_id.into(),
            item_id: id(row.item_id),
            work: row.work.0,
            state: word("agent_commands.state", &row.state, CommandState::parse)?,
            generation: row.generation,
            lease_expires_at: time_or_none(row.lease_expires_at)?,
            cancel_requested: row.cancel_requested,
            job_id: id(row.job_id),
            operation_id: id(row.operation_id),
            created_at: time(row.created_at)?,
            deadline_at: time(row.deadline_at)?,
        })
    }
}

const INSERT: &str = "INSERT INTO agent_commands (id, server_id, vault_id, item_id, work, state, generation, lease_expires_at,
        cancel_requested, job_id, operation_id, created_at, deadline_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE agent_commands SET server_id = $2, vault_id = $3, item_id = $4, work = $5, state = $6, generation = $7,
        lease_expires_at = $8, cancel_requested = $9, job_id = $10, operation_id = $11, created_at = $12, deadline_at = $13
    WHERE id = $1";

impl Tx {
    fn command_query(&mut self, sql: &'static str, command: &AgentCommand) -> Stmt<'_> {
        self.query(sql)
            .bind(command.id.0)
            .bind(command.server_id.0)
            .bind(command.vault_id.0)
            .bind(command.item_id.map(|i| i.0))
            .bind(Json(command.work.clone()))
            .bind(command.state.as_str())
            .bind(command.generation)
            .bind(command.lease_expires_at.map(micros))
            .bind(command.cancel_requested)
            .bind(command.job_id.map(|j| j.0))
            .bind(command.operation_id.map(|o| o.0))
            .bind(micros(command.created_at))
            .bind(micros(command.deadline_at))
    }
}

#[async_trait]
impl CommandRows for Tx {
    async fn insert_command(&mut self, command: &AgentCommand) -> StoreResult<()> {
        self.command_query(INSERT, command).insert(|| format!("command {}", command.id)).await
    }

    async fn command(&mut self, id: CommandId) -> StoreResult<Option<AgentCommand>> {
        self.query("SELECT * FROM agent_commands WHERE id = $1").bind(id.0).optional::<CommandRow, _>().await
    }

    async fn claim_command(&mut self, server: ServerId, lease_until: Timestamp) -> StoreResult<Option<AgentCommand>> {
        self.query(
            "UPDATE agent_commands SET state = 'Leased', generation = generation + 1, lease_expires_at = $2
             WHERE id = (SELECT id FROM agent_commands WHERE server_id = $1 AND state <> 'Done' AND state = 'Queued'
                         ORDER BY created_at, id LIMIT 1)
             RETURNING *",
        )
        .bind(server.0)
        .bind(micros(lease_until))
        .optional::<CommandRow, _>()
        .await
    }

    async fn renew_command(&mut self, id: CommandId, generation: i64, lease_until: Timestamp) -> StoreResult<bool> {
        let touched = self
            .query("UPDATE agent_commands SET lease_expires_at = $3 WHERE id = $1 AND generation = $2 AND state = 'Leased'")
            .bind(id.0)
            .bind(generation)
            .bind(micros(lease_until))
            .execute()
            .await?;
        Ok(touched > 0)
    }

    async fn update_command(&mut self, command: &AgentCommand) -> StoreResult<()> {
        self.command_query(UPDATE, command).update(|| format!("command {}", command.id)).await
    }

    async fn overdue_commands(&mut self, now: Timestamp, limit: u32) -> StoreResult<Vec<AgentCommand>> {
        self.query(
            "SELECT * FROM agent_commands
             WHERE (state = 'Queued' AND deadline_at <= $1) OR (state = 'Leased' AND lease_expires_at <= $1)
             ORDER BY created_at, id LIMIT $2",
        )
        .bind(micros(now))
        .bind(i64::from(limit))
        .all::<CommandRow, _>()
        .await
    }

    async fn open_commands(&mut self, server: ServerId) -> StoreResult<Vec<AgentCommand>> {
        self.query("SELECT * FROM agent_commands WHERE server_id = $1 AND state <> 'Done' ORDER BY created_at, id")
            .bind(server.0)
            .all::<CommandRow, _>()
            .await
    }

    async fn command_of_job(&mut self, job: JobId) -> StoreResult<Option<AgentCommand>> {
        self.query("SELECT * FROM agent_commands WHERE job_id = $1 AND state <> 'Done' ORDER BY created_at, id LIMIT 1")
            .bind(job.0)
            .optional::<CommandRow, _>()
            .await
    }
}
