//! Exports of jobs, and how often a backup was asked for.

use super::column::{micros, time};
use super::db::{Tx, row};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::id::{ItemId, OperationId};
use rsvault_domain::ports::{ExportRows, JobExport, JobFilter, StoreError, StoreResult};
use sqlx::types::Json;
use uuid::Uuid;

row! {
    struct ExportRow {
        operation_id: Uuid,
        vault_id: Uuid,
        filter: Json<JobFilter>,
        secret: String,
        expires_at: i64,
    }
}
impl TryFrom<ExportRow> for JobExport {
    type Error = StoreError;
    fn try_from(row: ExportRow) -> StoreResult<Self> {
        Ok(Self {
            operation: row.operation_id.into(),
            vault_id: row.vault_id.into(),
            filter: row.filter.0,
            secret: row.secret,
            expires_at: time(row.expires_at)?,
        })
    }
}

row! {
    struct CountRow { jobs: i64 }
}
impl TryFrom<CountRow> for i64 {
    type Error = StoreError;
    fn try_from(row: CountRow) -> StoreResult<Self> {
        Ok(row.jobs)
    }
}

pub(super) const ASKED_FOR: &str = "SELECT COUNT(*) AS jobs FROM jobs
     WHERE item_id = $1 AND family = 'Backup' AND started_at >= $2 AND backup_kind = $3 AND user_triggered";

#[async_trait]
impl ExportRows for Tx {
    async fn insert_export(&mut self, export: &JobExport) -> StoreResult<()> {
        self.query(
            "INSERT INTO job_exports (operation_id, vault_id, filter, secret, expires_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(export.operation.0)
        .bind(export.vault_id.0)
        .bind(Json(export.filter.clone()))
        .bind(export.secret.clone())
        .bind(micros(export.expires_at))
        .insert(|| format!("export {}", export.operation))
        .await
    }

    async fn export(&mut self, operation: OperationId) -> StoreResult<Option<JobExport>> {
        self.query("SELECT operation_id, vault_id, filter, secret, expires_at FROM job_exports WHERE operation_id = $1")
            .bind(operation.0)
            .optional::<ExportRow, _>()
            .await
    }

    async fn backups_asked_for(&mut self, item: ItemId, kind: BackupKind, since: Timestamp) -> StoreResult<i64> {
        self.query(ASKED_FOR).bind(item.0).bind(micros(since)).bind(kind.as_str()).one::<CountRow, _>().await
    }
}
