//! Resource Guards, and the deletions that were unlocked.

use super::StoreResult;
use crate::guard::{Critical, ResourceGuard, Unlock};
use crate::id::{GuardId, ItemId, NameKey, PrincipalId, SubscriptionId, VaultId};
use crate::vault::Vault;
use async_trait::async_trait;
use jiff::Timestamp;

/// Resource Guards.
#[async_trait]
pub trait GuardRows: Send {
    /// Inserts, or writes the whole record over the one with this id.
    async fn put_guard(&mut self, guard: &ResourceGuard) -> StoreResult<()>;
    /// By ARM identity.
    async fn guard(&mut self, subscription: SubscriptionId, group: &NameKey, name: &NameKey) -> StoreResult<Option<ResourceGuard>>;
    /// By id.
    async fn guard_by_id(&mut self, id: GuardId) -> StoreResult<Option<ResourceGuard>>;
    /// Of a group, by name.
    async fn guards(&mut self, subscription: SubscriptionId, group: &NameKey) -> StoreResult<Vec<ResourceGuard>>;
    /// Deletes; false if there was none.
    async fn delete_guard(&mut self, id: GuardId) -> StoreResult<bool>;
    /// Vaults, live or deleted, that are linked to a guard, at most `limit`.
    async fn guarded_vaults(&mut self, guard: GuardId, limit: u32) -> StoreResult<Vec<Vault>>;
    /// Inserts, or replaces one of the same vault, principal, operation and item. What expired by `now` in the vault goes.
    async fn put_unlock(&mut self, unlock: &Unlock, now: Timestamp) -> StoreResult<()>;
    /// Whether a principal holds an unlock that has not expired by `now`.
    async fn unlocked(
        &mut self,
        vault: VaultId,
        principal: PrincipalId,
        critical: Critical,
        item: Option<ItemId>,
        now: Timestamp,
    ) -> StoreResult<bool>;
    /// Takes every unlock of a vault away.
    async fn forget_unlocks(&mut self, vault: VaultId) -> StoreResult<()>;
}
