//! Operations. The key of the request that started one is unique: a repeat is the same operation.

use super::column::{id, micros, time, time_or_none, word};
use super::db::{Stmt, Tx, row};
use super::error::unreadable;
use async_trait::async_trait;
use rsvault_domain::id::OperationId;
use rsvault_domain::operation::{Operation, OperationStatus, Subject};
use rsvault_domain::ports::{OperationRows, StoreError, StoreResult};
use uuid::Uuid;

row! {
    struct OperationRow {
        id: Uuid,
        vault_id: Uuid,
        vault_key: String,
        subject: String,
        subject_id: Option<Uuid>,
        status: String,
        job_id: Option<Uuid>,
        error_code: Option<String>,
        error_message: Option<String>,
        started_at: i64,
        ended_at: Option<i64>,
        request_key: Option<String>,
    }
}
impl TryFrom<OperationRow> for Operation {
    type Error = StoreError;
    fn try_from(row: OperationRow) -> StoreResult<Self> {
        let subject = match (row.subject.as_str(), row.subject_id) {
            ("Nothing", None) => Subject::Nothing,
            ("Vault", None) => Subject::Vault,
            ("Validation", None) => Subject::Validation,
            ("Export", None) => Subject::Export,
            ("Container", Some(id)) => Subject::Container(id.into()),
            ("Item", Some(id)) => Subject::Item(id.into()),
            ("Policy", Some(id)) => Subject::Policy(id.into()),
            (other, _) => return Err(unreadable("operations.subject", other)),
        };
        Ok(Self {
            id: row.id.into(),
            vault_id: row.vault_id.into(),
            vault_key: row.vault_key,
            subject,
            status: word("operations.status", &row.status, OperationStatus::parse)?,
            job_id: id(row.job_id),
            error: row.error_code.zip(row.error_message),
            started_at: time(row.started_at)?,
            ended_at: time_or_none(row.ended_at)?,
            request_key: row.request_key,
        })
    }
}

const INSERT: &str = "INSERT INTO operations (id, vault_id, vault_key, subject, subject_id, status, job_id, error_code, error_message,
        started_at, ended_at, request_key)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE operations SET vault_id = $2, vault_key = $3, subject = $4, subject_id = $5, status = $6, job_id = $7,
        error_code = $8, error_message = $9, started_at = $10, ended_at = $11, request_key = $12
    WHERE id = $1";

impl Tx {
    fn operation_query(&mut self, sql: &'static str, operation: &Operation) -> Stmt<'_> {
        let (subject, subject_id) = match operation.subject {
            Subject::Nothing => ("Nothing", None),
            Subject::Vault => ("Vault", None),
            Subject::Validation => ("Validation", None),
            Subject::Export => ("Export", None),
            Subject::Container(id) => ("Container", Some(id.0)),
            Subject::Item(id) => ("Item", Some(id.0)),
            Subject::Policy(id) => ("Policy", Some(id.0)),
        };
        let (code, message) = operation.error.clone().unzip();
        self.query(sql)
            .bind(operation.id.0)
            .bind(operation.vault_id.0)
            .bind(operation.vault_key.clone())
            .bind(subject)
            .bind(subject_id)
            .bind(operation.status.as_str())
            .bind(operation.job_id.map(|j| j.0))
            .bind(code)
            .bind(message)
            .bind(micros(operation.started_at))
            .bind(operation.ended_at.map(micros))
            .bind(operation.request_key.clone())
    }
}

#[async_trait]
impl OperationRows for Tx {
    async fn insert_operation(&mut self, operation: &Operation) -> StoreResult<()> {
        self.operation_query(INSERT, operation).insert(|| format!("operation {} or its request", operation.id)).await
    }

    async fn operation(&mut self, id: OperationId) -> StoreResult<Option<Operation>> {
        self.query("SELECT * FROM operations WHERE id = $1").bind(id.0).optional::<OperationRow, _>().await
    }

    async fn operation_by_request(&mut self, request_key: &str) -> StoreResult<Option<Operation>> {
        self.query("SELECT * FROM operations WHERE request_key = $1").bind(request_key.to_owned()).optional::<OperationRow, _>().await
    }

    async fn update_operation(&mut self, operation: &Operation) -> StoreResult<()> {
        self.operation_query(UPDATE, operation).update(|| format!("operation {}", operation.id)).await
    }
}
