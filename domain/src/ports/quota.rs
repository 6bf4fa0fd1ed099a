//! What a vault holds and how often something was asked of it: what its limits are held against.

use super::StoreResult;
use crate::id::{SubscriptionId, VaultId};
use crate::limits::Quota;
use async_trait::async_trait;

/// What a vault holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Policies.
    pub policies: i64,
    /// Protected items, whatever their state.
    pub items: i64,
    /// Containers, whatever their state.
    pub containers: i64,
}

/// Limits.
#[async_trait]
pub trait QuotaRows: Send {
    /// What a vault holds, counted.
    async fn held(&mut self, vault: VaultId) -> StoreResult<Held>;
    /// How many vaults stand in a region of a subscription; the region is compared without case.
    async fn vaults_in(&mut self, subscription: SubscriptionId, location: &str) -> StoreResult<i64>;
    /// The count of `what` in a vault.
    async fn quota(&mut self, vault: VaultId, what: &str) -> StoreResult<Option<Quota>>;
    /// Inserts or replaces a count.
    async fn put_quota(&mut self, vault: VaultId, what: &str, quota: Quota) -> StoreResult<()>;
}
