//! Tiers of recovery points.

use super::column::{micros, time};
use super::db::{Tx, row};
use super::error::unreadable;
use super::marks::MarkRow;
use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::archive::Tier;
use rsvault_domain::backup::{PointMark, RecoveryPointName};
use rsvault_domain::id::{ItemId, SetId};
use rsvault_domain::ports::{StoreError, StoreResult, TierRows, TieredPoint};
use uuid::Uuid;

const STANDARD: &str = "Standard";
const MOVING: &str = "Moving";
const ARCHIVED: &str = "Archived";
const REHYDRATING: &str = "Rehydrating";
const REHYDRATED: &str = "Rehydrated";

/// The columns of a tier: word, since, until, job.
pub(super) fn columns(tier: &Tier) -> (&'static str, Option<i64>, Option<i64>, Option<Uuid>) {
    match *tier {
        Tier::Standard => (STANDARD, None, None, None),
        Tier::Moving { until, job } => (MOVING, None, Some(micros(until)), Some(job.0)),
        Tier::Archived { since } => (ARCHIVED, Some(micros(since)), None, None),
        Tier::Rehydrating { since, until, job } => (REHYDRATING, Some(micros(since)), Some(micros(until)), Some(job.0)),
        Tier::Rehydrated { since, until } => (REHYDRATED, Some(micros(since)), Some(micros(until)), None),
    }
}

/// The tier that its columns say.
pub(super) fn tier(word: &str, since: Option<i64>, until: Option<i64>, job: Option<Uuid>) -> StoreResult<Tier> {
    Ok(match (word, since, until, job) {
        (STANDARD, ..) => Tier::Standard,
        (MOVING, _, Some(until), Some(job)) => Tier::Moving { until: time(until)?, job: job.into() },
        (ARCHIVED, Some(since), ..) => Tier::Archived { since: time(since)? },
        (REHYDRATING, Some(since), Some(until), Some(job)) => {
            Tier::Rehydrating { since: time(since)?, until: time(until)?, job: job.into() }
        }
        (REHYDRATED, Some(since), Some(until), _) => Tier::Rehydrated { since: time(since)?, until: time(until)? },
        (other, ..) => return Err(unreadable("recovery_points.tier", other)),
    })
}

row! {
    struct TieredRow {
        name: String,
        set_id: Uuid,
        tier: String,
        archived_at: Option<i64>,
        tier_until: Option<i64>,
        tier_job: Option<Uuid>,
    }
}
impl TryFrom<TieredRow> for TieredPoint {
    type Error = StoreError;
    fn try_from(row: TieredRow) -> StoreResult<Self> {
        Ok(Self {
            name: RecoveryPointName(row.name),
            set_id: row.set_id.into(),
            tier: tier(&row.tier, row.archived_at, row.tier_until, row.tier_job)?,
        })
    }
}

pub(super) const TIERED: &str = "SELECT name, set_id, tier, archived_at, tier_until, tier_job FROM recovery_points
     WHERE item_id = $1 AND tier <> 'Standard' ORDER BY name";

/// Each bound is the first entry of an index range; what lies between them are the backups from one full to the next.
pub(super) const FROM: &str =
    "SELECT set_id, name, kind, expires_at, deleted_at, purge_at, on_demand, sealed_bytes, link FROM recovery_points
     WHERE item_id = $1 AND point_at >= $2 AND point_at <= COALESCE(
       (SELECT MIN(point_at) FROM recovery_points WHERE item_id = $1 AND kind = 'Log' AND point_at >
         (SELECT MIN(point_at) FROM recovery_points WHERE item_id = $1 AND kind = 'Full' AND point_at > $2)),
       9223372036854775807)
     ORDER BY point_at, name";

#[async_trait]
impl TierRows for Tx {
    async fn tiered_points(&mut self, item: ItemId) -> StoreResult<Vec<TieredPoint>> {
        self.query(TIERED).bind(item.0).all::<TieredRow, _>().await
    }

    async fn set_tier(&mut self, set: SetId, tier: &Tier) -> StoreResult<bool> {
        let (word, since, until, job) = columns(tier);
        let touched = self
            .query("UPDATE recovery_points SET tier = $2, archived_at = $3, tier_until = $4, tier_job = $5 WHERE set_id = $1")
            .bind(set.0)
            .bind(word)
            .bind(since)
            .bind(until)
            .bind(job)
            .execute()
            .await?;
        Ok(touched > 0)
    }

    async fn marks_from(&mut self, item: ItemId, full: Timestamp) -> StoreResult<Vec<PointMark>> {
        self.query(FROM).bind(item.0).bind(micros(full)).all::<MarkRow, _>().await
    }
}
