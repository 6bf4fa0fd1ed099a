//! Alerts. One is active until it is resolved.

use super::column::{id, micros, time, time_or_none, word};
use super::db::{Stmt, Tx, row};
use super::page::{after_pair, fetch, slice, time_key};
use async_trait::async_trait;
use rsvault_domain::alert::{Alert, AlertKind};
use rsvault_domain::id::VaultId;
use rsvault_domain::ports::{About, AlertRows, Page, Slice, StoreError, StoreResult};
use uuid::Uuid;

row! {
    struct AlertRow {
        id: Uuid,
        vault_id: Uuid,
        item_id: Option<Uuid>,
        subject: String,
        kind: String,
        code: Option<String>,
        message: String,
        job_id: Option<Uuid>,
        fired_at: i64,
        resolved_at: Option<i64>,
    }
}
impl TryFrom<AlertRow> for Alert {
    type Error = StoreError;
    fn try_from(row: AlertRow) -> StoreResult<Self> {
        Ok(Self {
            id: row.id,
            vault_id: row.vault_id.into(),
            item_id: id(row.item_id),
            subject: row.subject,
            kind: word("alerts.kind", &row.kind, |w| AlertKind::ALL.into_iter().find(|k| k.as_str() == w))?,
            code: row.code,
            text: row.message,
            job_id: id(row.job_id),
            fired_at: time(row.fired_at)?,
            resolved_at: time_or_none(row.resolved_at)?,
        })
    }
}

const INSERT: &str = "INSERT INTO alerts (id, vault_id, item_id, subject, kind, code, message, job_id, fired_at, resolved_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE alerts SET vault_id = $2, item_id = $3, subject = $4, kind = $5, code = $6, message = $7, job_id = $8,
        fired_at = $9, resolved_at = $10
    WHERE id = $1";
pub(super) const LIST: &str =
    "SELECT * FROM alerts WHERE vault_id = $1 AND (fired_at, id) < ($2, $3) ORDER BY fired_at DESC, id DESC LIMIT $4";
pub(super) const LIST_ACTIVE: &str = "SELECT * FROM alerts WHERE vault_id = $1 AND (fired_at, id) < ($2, $3) AND resolved_at IS NULL
    ORDER BY fired_at DESC, id DESC LIMIT $4";
pub(super) const OF_ITEM: &str = "SELECT * FROM alerts WHERE vault_id = $1 AND kind = $2 AND item_id = $3 AND resolved_at IS NULL
    ORDER BY fired_at DESC, id DESC LIMIT 1";
pub(super) const OF_SUBJECT: &str = "SELECT * FROM alerts WHERE vault_id = $1 AND kind = $2 AND item_id IS NULL AND subject = $3
        AND resolved_at IS NULL
    ORDER BY fired_at DESC, id DESC LIMIT 1";

impl Tx {
    fn alert_query(&mut self, sql: &'static str, alert: &Alert) -> Stmt<'_> {
        self.query(sql)
            .bind(alert.id)
            .bind(alert.vault_id.0)
            .bind(alert.item_id.map(|i| i.0))
            .bind(alert.subject.clone())
            .bind(alert.kind.as_str())
            .bind(alert.code.clone())
            .bind(alert.text.clone())
            .bind(alert.job_id.map(|j| j.0))
            .bind(micros(alert.fired_at))
            .bind(alert.resolved_at.map(micros))
    }
}

#[async_trait]
impl AlertRows for Tx {
    async fn insert_alert(&mut self, alert: &Alert) -> StoreResult<()> {
        self.alert_query(INSERT, alert).insert(|| format!("alert {}", alert.id)).await
    }

    async fn alert(&mut self, vault: VaultId, id: Uuid) -> StoreResult<Option<Alert>> {
        self.query("SELECT * FROM alerts WHERE id = $1 AND vault_id = $2").bind(id).bind(vault.0).optional::<AlertRow, _>().await
    }

    async fn alerts(&mut self, vault: VaultId, active: bool, page: &Page) -> StoreResult<Slice<Alert>> {
        let (at, id) = after_pair(page)?.unwrap_or((i64::MAX, Uuid::max()));
        let alerts = self
            .query(if active { LIST_ACTIVE } else { LIST })
            .bind(vault.0)
            .bind(at)
            .bind(id)
            .bind(fetch(page))
            .all::<AlertRow, Alert>()
            .await?;
        Ok(slice(page, alerts, |alert| time_key(alert.fired_at, alert.id)))
    }

    async fn active_alert(&mut self, vault: VaultId, about: About<'_>, kind: AlertKind) -> StoreResult<Option<Alert>> {
        let statement = match about {
            About::Item(item) => self.query(OF_ITEM).bind(vault.0).bind(kind.as_str()).bind(item.0),
            About::Subject(subject) => self.query(OF_SUBJECT).bind(vault.0).bind(kind.as_str()).bind(subject.to_owned()),
        };
        statement.optional::<AlertRow, _>().await
    }

    async fn update_alert(&mut self, alert: &Alert) -> StoreResult<()> {
        self.alert_query(UPDATE, alert).update(|| format!("alert {}", alert.id)).await
    }
}
