//! Pruning of what has ended: oldest first, so much at a time.
//!
//! Always holds: work that has not ended stays. Sets name their command without a reference, so a
//! committed set outlives it; the command of a set that is open or still to be collected stays,
//! because whoever settles the set asks for it.

use super::column::micros;
use super::db::Tx;
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::ports::{Ended, PruneRows, StoreResult};

/// The statement for one kind of record.
pub(super) fn statement(what: Ended) -> &'static str {
    match what {
        Ended::Commands => {
            "DELETE FROM agent_commands WHERE id IN (
                SELECT c.id FROM agent_commands c WHERE c.state = 'Done' AND c.created_at < $1
                  AND NOT EXISTS (SELECT 1 FROM backup_sets s WHERE s.command_id = c.id AND s.state IN ('Open', 'Aborted'))
                ORDER BY c.created_at, c.id LIMIT $2)"
        }
        Ended::Jobs => "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE ended_at < $1 ORDER BY ended_at, id LIMIT $2)",
        Ended::Operations => {
            "DELETE FROM operations WHERE id IN (SELECT id FROM operations WHERE ended_at < $1 ORDER BY ended_at, id LIMIT $2)"
        }
        Ended::HealthEvents => {
            "DELETE FROM health_events WHERE seq IN (
                SELECT seq FROM health_events WHERE event_at < $1 ORDER BY event_at, seq LIMIT $2)"
        }
        Ended::Alerts => "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE fired_at < $1 ORDER BY fired_at, id LIMIT $2)",
    }
}

#[async_trait]
impl PruneRows for Tx {
    async fn prune(&mut self, what: Ended, before: Timestamp, limit: u32) -> StoreResult<u64> {
        self.query(statement(what)).bind(micros(before)).bind(i64::from(limit)).execute().await
    }
}
