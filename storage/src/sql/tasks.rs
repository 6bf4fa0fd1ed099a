//! Tasks and their leases.
//!
//! Always holds: a task is due at one moment: its time to run or, while leased, the end of its lease;
//! whoever claims it raises its attempt, and only the holder of that attempt can end it.

use super::column::{micros, time_or_none};
use super::db::{Tx, row};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::id::TaskId;
use rsvault_domain::ports::{StoreError, StoreResult, TaskRows};
use rsvault_domain::work::{Task, TaskKind};
use sqlx::types::Json;
use uuid::Uuid;

row! {
    struct TaskRow { id: Uuid, work: Json<TaskKind>, attempt: i64 }
}
impl TryFrom<TaskRow> for Task {
    type Error = StoreError;
    fn try_from(row: TaskRow) -> StoreResult<Self> {
        Ok(Self { id: row.id.into(), kind: row.work.0, attempt: row.attempt })
    }
}

#[async_trait]
impl TaskRows for Tx {
    async fn enqueue(&mut self, id: TaskId, kind: &TaskKind, run_at: Timestamp) -> StoreResult<()> {
        self.query(
            "INSERT INTO tasks (id, work, due_at, owner, attempt, last_error) VALUES ($1, $2, $3, NULL, 0, NULL) ON CONFLICT DO NOTHING",
        )
        .bind(id.0)
        .bind(Json(kind.clone()))
        .bind(micros(run_at))
        .insert(|| format!("task {id}"))
        .await
    }

    async fn claim_tasks(&mut self, owner: &str, now: Timestamp, lease_until: Timestamp, limit: u32) -> StoreResult<Vec<Task>> {
        let mut claimed = self
            .query(
                "UPDATE tasks SET owner = $1, due_at = $2, attempt = attempt + 1
                 WHERE id IN (SELECT id FROM tasks WHERE due_at <= $3 ORDER BY due_at, id LIMIT $4)
                 RETURNING id, work, attempt",
            )
            .bind(owner.to_owned())
            .bind(micros(lease_until))
            .bind(micros(now))
            .bind(i64::from(limit))
            .all::<TaskRow, Task>()
            .await?;
        // RETURNING gives no order; the same one on both databases is this.
        claimed.sort_by_key(|task| task.id);
        Ok(claimed)
    }

    async fn finish_task(&mut self, id: TaskId, owner: &str, attempt: i64) -> StoreResult<bool> {
        let touched = self
            .query("DELETE FROM tasks WHERE id = $1 AND owner = $2 AND attempt = $3")
            .bind(id.0)
            .bind(owner.to_owned())
            .bind(attempt)
            .execute()
            .await?;
        Ok(touched > 0)
    }

    async fn release_task(&mut self, id: TaskId, owner: &str, attempt: i64, run_at: Timestamp, error: &str) -> StoreResult<bool> {
        let touched = self
            .query("UPDATE tasks SET owner = NULL, due_at = $4, last_error = $5 WHERE id = $1 AND owner = $2 AND attempt = $3")
            .bind(id.0)
            .bind(owner.to_owned())
            .bind(attempt)
            .bind(micros(run_at))
            .bind(error.to_owned())
            .execute()
            .await?;
        Ok(touched > 0)
    }

    async fn next_task_at(&mut self) -> StoreResult<Option<Timestamp>> {
        time_or_none(self.query("SELECT MIN(due_at) FROM tasks").value().await?)
    }
}
