//! Tiers of recovery points.

use super::StoreResult;
use crate::archive::Tier;
use crate::backup::{PointMark, RecoveryPointName};
use crate::id::{ItemId, SetId};
use async_trait::async_trait;
use jiff::Timestamp;

/// A point that is not, or no longer only, in the standard tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TieredPoint {
    /// Name.
    pub name: RecoveryPointName,
    /// Set whose bytes it is.
    pub set_id: SetId,
    /// Where it counts as being.
    pub tier: Tier,
}

/// Tiers.
#[async_trait]
pub trait TierRows: Send {
    /// The points of an item that are not simply in the standard tier, by name.
    async fn tiered_points(&mut self, item: ItemId) -> StoreResult<Vec<TieredPoint>>;
    /// Writes the tier of the point of a set; false if there is none.
    async fn set_tier(&mut self, set: SetId, tier: &Tier) -> StoreResult<bool>;
    /// The marks of the points of the moment `full`, a full's, and of what follows, oldest first, up to the first
    /// log that ended after the next full: nothing later can need the full.
    async fn marks_from(&mut self, item: ItemId, full: Timestamp) -> StoreResult<Vec<PointMark>>;
}
