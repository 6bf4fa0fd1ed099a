//! Health events: written once, counted by metric and time.

use super::column::{id, micros, time, word};
use super::db::{Tx, row};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::health::{HealthEvent, HealthMetric, HealthStatus};
use rsvault_domain::id::VaultId;
use rsvault_domain::ports::{HealthRows, StoreError, StoreResult};
use uuid::Uuid;

row! {
    struct HealthRow {
        vault_id: Uuid,
        item_id: Uuid,
        job_id: Option<Uuid>,
        metric: String,
        status: String,
        code: Option<String>,
        event_at: i64,
    }
}
impl TryFrom<HealthRow> for HealthEvent {
    type Error = StoreError;
    fn try_from(row: HealthRow) -> StoreResult<Self> {
        Ok(Self {
            vault_id: row.vault_id.into(),
            item_id: row.item_id.into(),
            job_id: id(row.job_id),
            metric: word("health_events.metric", &row.metric, |w| METRICS.into_iter().find(|m| metric_word(*m) == w))?,
            status: word("health_events.status", &row.status, |w| STATUSES.into_iter().find(|s| status_word(*s) == w))?,
            code: row.code,
            at: time(row.event_at)?,
        })
    }
}

const METRICS: [HealthMetric; 2] = [HealthMetric::Backup, HealthMetric::Restore];
fn metric_word(metric: HealthMetric) -> &'static str {
    match metric {
        HealthMetric::Backup => "Backup",
        HealthMetric::Restore => "Restore",
    }
}

const STATUSES: [HealthStatus; 5] = [
    HealthStatus::Healthy,
    HealthStatus::TransientDegraded,
    HealthStatus::PersistentDegraded,
    HealthStatus::TransientUnhealthy,
    HealthStatus::PersistentUnhealthy,
];
fn status_word(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Healthy => "Healthy",
        HealthStatus::TransientDegraded => "TransientDegraded",
        HealthStatus::PersistentDegraded => "PersistentDegraded",
        HealthStatus::TransientUnhealthy => "TransientUnhealthy",
        HealthStatus::PersistentUnhealthy => "PersistentUnhealthy",
    }
}

pub(super) const LIST: &str = "SELECT * FROM health_events WHERE vault_id = $1 AND metric = $2 AND event_at >= $3 AND event_at < $4
    ORDER BY event_at, seq LIMIT $5";

#[async_trait]
impl HealthRows for Tx {
    async fn insert_health_event(&mut self, event: &HealthEvent) -> StoreResult<()> {
        self.query(
            "INSERT INTO health_events (vault_id, item_id, job_id, metric, status, code, event_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(event.vault_id.0)
        .bind(event.item_id.0)
        .bind(event.job_id.map(|j| j.0))
        .bind(metric_word(event.metric))
        .bind(status_word(event.status))
        .bind(event.code.clone())
        .bind(micros(event.at))
        .execute()
        .await?;
        Ok(())
    }

    async fn health_events(
        &mut self,
        vault: VaultId,
        metric: HealthMetric,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> StoreResult<Vec<HealthEvent>> {
        self.query(LIST)
            .bind(vault.0)
            .bind(metric_word(metric))
            .bind(micros(from))
            .bind(micros(to))
            .bind(i64::from(limit))
            .all::<HealthRow, _>()
            .await
    }
}
