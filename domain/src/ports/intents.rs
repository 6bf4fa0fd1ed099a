//! Auto-protection intents, and the databases that they know of beside the protected ones.

use super::store::{Page, Slice, StoreResult};
use crate::id::{ContainerId, IntentId, NameKey, PolicyId, VaultId};
use crate::intent::{Intent, IntentDatabase};
use async_trait::async_trait;

/// Intents.
#[async_trait]
pub trait IntentRows: Send {
    /// Inserts, or replaces the one of this id. A name of the vault, and a target of the container, have one
    /// intent each: another's is a defect of the caller.
    async fn put_intent(&mut self, intent: &Intent) -> StoreResult<()>;
    /// By name.
    async fn intent(&mut self, vault: VaultId, name: &NameKey) -> StoreResult<Option<Intent>>;
    /// By id.
    async fn intent_by_id(&mut self, id: IntentId) -> StoreResult<Option<Intent>>;
    /// Of a vault, by name.
    async fn intents(&mut self, vault: VaultId, page: &Page) -> StoreResult<Slice<Intent>>;
    /// Of a container, by target.
    async fn intents_of_container(&mut self, container: ContainerId) -> StoreResult<Vec<Intent>>;
    /// How many protect with this policy.
    async fn intents_of_policy(&mut self, policy: PolicyId) -> StoreResult<i64>;
    /// Deletes it with what it knows of databases; false if there was none.
    async fn delete_intent(&mut self, id: IntentId) -> StoreResult<bool>;
    /// Inserts or replaces what an intent knows of a database.
    async fn put_intent_database(&mut self, database: &IntentDatabase) -> StoreResult<()>;
    /// What an intent knows of a database.
    async fn intent_database(&mut self, intent: IntentId, name: &NameKey) -> StoreResult<Option<IntentDatabase>>;
    /// All that an intent knows of databases, by name.
    async fn intent_databases(&mut self, intent: IntentId) -> StoreResult<Vec<IntentDatabase>>;
    /// Forgets a database.
    async fn delete_intent_database(&mut self, intent: IntentId, name: &NameKey) -> StoreResult<()>;
}
