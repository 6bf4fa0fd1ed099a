//! Jobs.

use super::column::{id, kind, micros, time, time_or_none, word};
use super::db::{Stmt, Tx, row};
use super::error::unreadable;
use super::page::{after_pair, fetch, slice, time_key};
use async_trait::async_trait;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::fault::JobFault;
use rsvault_domain::id::{ItemId, JobId, VaultId};
use rsvault_domain::job::{Job, JobKind, JobStatus};
use rsvault_domain::ports::{JobFilter, JobRows, Page, Slice, StoreError, StoreResult};
use sqlx::types::Json;
use uuid::Uuid;

row! {
    struct JobRow {
        id: Uuid,
        vault_id: Uuid,
        item_id: Option<Uuid>,
        family: String,
        backup_kind: Option<String>,
        status: String,
        entity_name: String,
        started_at: i64,
        ended_at: Option<i64>,
        user_triggered: bool,
        activity_id: String,
        properties: Json<Vec<(String, String)>>,
        faults: Json<Vec<JobFault>>,
    }
}
impl TryFrom<JobRow> for Job {
    type Error = StoreError;
    fn try_from(row: JobRow) -> StoreResult<Self> {
        let of = row.backup_kind.as_deref().map(|text| kind("jobs.backup_kind", text)).transpose()?;
        Ok(Self {
            id: row.id.into(),
            vault_id: row.vault_id.into(),
            item_id: id(row.item_id),
            kind: job_kind(&row.family, of)?,
            status: word("jobs.status", &row.status, JobStatus::parse)?,
            entity_name: row.entity_name,
            started_at: time(row.started_at)?,
            ended_at: time_or_none(row.ended_at)?,
            user_triggered: row.user_triggered,
            activity_id: row.activity_id,
            properties: row.properties.0,
            faults: row.faults.0,
        })
    }
}

fn job_kind(family: &str, of: Option<BackupKind>) -> StoreResult<JobKind> {
    let plain = [
        JobKind::Register,
        JobKind::UnRegister,
        JobKind::ConfigureBackup,
        JobKind::DisableBackup,
        JobKind::DeleteBackupData,
        JobKind::Undelete,
        JobKind::MoveRecoveryPoint,
    ];
    let with_kind = of
        .into_iter()
        .flat_map(|k| [JobKind::Backup(k), JobKind::Restore(k), JobKind::RestoreWithRehydrate(k), JobKind::CrossRegionRestore(k)]);
    let found =
        if of.is_some() { with_kind.into_iter().find(|k| k.family() == family) } else { plain.into_iter().find(|k| k.family() == family) };
    found.ok_or_else(|| unreadable("jobs.family", family))
}
fn backup_kind(kind: JobKind) -> Option<&'static str> {
    match kind {
        JobKind::Backup(of) | JobKind::Restore(of) | JobKind::RestoreWithRehydrate(of) | JobKind::CrossRegionRestore(of) => {
            Some(of.as_str())
        }
        JobKind::Register
        | JobKind::UnRegister
        | JobKind::ConfigureBackup
        | JobKind::DisableBackup
        | JobKind::DeleteBackupData
        | JobKind::Undelete
        | JobKind::MoveRecoveryPoint => None,
    }
}

const INSERT: &str = "INSERT INTO jobs (id, vault_id, item_id, family, backup_kind, status, entity_name, started_at, ended_at,
        user_triggered, activity_id, properties, faults)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE jobs SET vault_id = $2, item_id = $3, family = $4, backup_kind = $5, status = $6, entity_name = $7,
        started_at = $8, ended_at = $9, user_triggered = $10, activity_id = $11, properties = $12, faults = $13
    WHERE id = $1";

/// Each filter has a statement and an index of its own: among a million jobs the few that are wanted are
/// found without a look at the others. SQLite keeps no statistics here and would take the first index
/// that gives the order, so it is told which.
macro_rules! list {
    ($index:literal, $wanted:literal) => {
        concat!(
            "SELECT * FROM jobs ",
            $index,
            " WHERE vault_id = $1 AND started_at >= $2 AND (started_at, id) < ($3, $4) ",
            $wanted,
            " ORDER BY started_at DESC, id DESC LIMIT $5"
        )
    };
}
/// As PostgreSQL and as SQLite take it.
type Either = (&'static str, &'static str);
pub(super) const LIST: Either = (list!("", ""), list!("", ""));
pub(super) const LIST_STATUS: Either = (list!("", "AND status = $6"), list!("INDEXED BY jobs_usage", "AND status = $6"));
pub(super) const LIST_FAMILY: Either = (list!("", "AND family = $6"), list!("INDEXED BY jobs_family", "AND family = $6"));
pub(super) const LIST_BOTH: Either =
    (list!("", "AND status = $6 AND family = $7"), list!("INDEXED BY jobs_family_status", "AND status = $6 AND family = $7"));

impl Tx {
    fn job_query(&mut self, sql: &'static str, job: &Job) -> Stmt<'_> {
        self.query(sql)
            .bind(job.id.0)
            .bind(job.vault_id.0)
            .bind(job.item_id.map(|i| i.0))
            .bind(job.kind.family())
            .bind(backup_kind(job.kind))
            .bind(job.status.as_str())
            .bind(job.entity_name.clone())
            .bind(micros(job.started_at))
            .bind(job.ended_at.map(micros))
            .bind(job.user_triggered)
            .bind(job.activity_id.clone())
            .bind(Json(job.properties.clone()))
            .bind(Json(job.faults.clone()))
    }
}

#[async_trait]
impl JobRows for Tx {
    async fn insert_job(&mut self, job: &Job) -> StoreResult<()> {
        self.job_query(INSERT, job).insert(|| format!("job {}", job.id)).await
    }

    async fn job(&mut self, vault: VaultId, id: JobId) -> StoreResult<Option<Job>> {
        self.query("SELECT * FROM jobs WHERE id = $1 AND vault_id = $2").bind(id.0).bind(vault.0).optional::<JobRow, _>().await
    }

    async fn jobs(&mut self, vault: VaultId, filter: &JobFilter, page: &Page) -> StoreResult<Slice<Job>> {
        let end = (filter.to.map_or(i64::MAX, micros), Uuid::max());
        let (at, id) = after_pair(page)?.map_or(end, |after| after.min(end));
        let from = filter.from.map_or(i64::MIN, micros);
        if let Some(wanted) = filter.id {
            let fits = |job: &Job| {
                filter.status.is_none_or(|status| job.status == status)
                    && filter.family.as_deref().is_none_or(|family| job.kind.family() == family)
                    && micros(job.started_at) >= from
                    && (micros(job.started_at), job.id.0) < (at, id)
            };
            let found = self.job(vault, wanted).await?.filter(fits);
            return Ok(Slice { items: found.into_iter().collect(), next: None });
        }
        let status = filter.status.map(JobStatus::as_str);
        let (postgres, sqlite) = match (status, &filter.family) {
            (None, None) => LIST,
            (Some(_), None) => LIST_STATUS,
            (None, Some(_)) => LIST_FAMILY,
            (Some(_), Some(_)) => LIST_BOTH,
        };
        let mut statement = self.query_of(postgres, sqlite).bind(vault.0).bind(from).bind(at).bind(id).bind(fetch(page));
        if let Some(status) = status {
            statement = statement.bind(status);
        }
        if let Some(family) = filter.family.clone() {
            statement = statement.bind(family);
        }
        let jobs = statement.all::<JobRow, Job>().await?;
        Ok(slice(page, jobs, |job| time_key(job.started_at, job.id)))
    }

    async fn running_jobs(&mut self, item: ItemId) -> StoreResult<Vec<Job>> {
        self.query("SELECT * FROM jobs WHERE item_id = $1 AND status IN ('InProgress', 'Cancelling') ORDER BY started_at, id")
            .bind(item.0)
            .all::<JobRow, _>()
            .await
    }

    async fn update_job(&mut self, job: &Job) -> StoreResult<()> {
        self.job_query(UPDATE, job).update(|| format!("job {}", job.id)).await
    }
}
