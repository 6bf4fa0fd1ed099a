//! What an operator watches, counted.

use super::column::micros;
use super::db::{Tx, row};
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::ports::{GaugeRows, Gauges, StoreError, StoreResult};

row! {
    struct GaugesRow {
        open_commands: i64,
        due_tasks: i64,
        points: i64,
        active_alerts: i64,
        missed: i64,
    }
}
impl TryFrom<GaugesRow> for Gauges {
    type Error = StoreError;
    fn try_from(row: GaugesRow) -> StoreResult<Self> {
        let GaugesRow { open_commands, due_tasks, points, active_alerts, missed } = row;
        Ok(Self { open_commands, due_tasks, points, active_alerts, missed })
    }
}

/// Counts go over indexes; that of the points is the only one that grows with the vault.
const GAUGES: &str = "SELECT
     (SELECT COUNT(*) FROM agent_commands WHERE state <> 'Done') AS open_commands,
     (SELECT COUNT(*) FROM tasks WHERE due_at <= $1) AS due_tasks,
     (SELECT COUNT(*) FROM recovery_points) AS points,
     (SELECT COUNT(*) FROM alerts WHERE resolved_at IS NULL) AS active_alerts,
     (SELECT COUNT(*) FROM alerts WHERE resolved_at IS NULL AND kind = 'BackupMissed') AS missed";

#[async_trait]
impl GaugeRows for Tx {
    async fn gauges(&mut self, now: Timestamp) -> StoreResult<Gauges> {
        self.query(GAUGES).bind(micros(now)).one::<GaugesRow, _>().await
    }
}
