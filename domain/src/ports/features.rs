//! Rows of what a vault has beside its backups. Rules for implementers: see [`super`].

use super::store::StoreResult;
use crate::id::{NameKey, OperationId, VaultId};
use crate::outcome::Outcome;
use crate::vault::certificate::VaultCertificate;
use crate::vault::extended::ExtendedInfo;
use crate::vault::pin::SecurityPin;
use crate::vault::usage::VaultCounts;
use async_trait::async_trait;
use jiff::Timestamp;

/// Extended information, certificates, the security PIN, outcomes of operations, counts.
#[async_trait]
pub trait FeatureRows: Send {
    /// Notes that something was registered to a vault.
    async fn mark_registered(&mut self, vault: VaultId) -> StoreResult<()>;
    /// Whether anything ever was registered to a vault.
    async fn ever_registered(&mut self, vault: VaultId) -> StoreResult<bool>;
    /// Inserts or replaces the extended information of a vault.
    async fn put_extended_info(&mut self, vault: VaultId, info: &ExtendedInfo) -> StoreResult<()>;
    /// The extended information of a vault.
    async fn extended_info(&mut self, vault: VaultId) -> StoreResult<Option<ExtendedInfo>>;
    /// Inserts or replaces by (vault, name); the first casing of the name stays.
    async fn put_certificate(&mut self, certificate: &VaultCertificate) -> StoreResult<()>;
    /// By name.
    async fn certificate(&mut self, vault: VaultId, name: &NameKey) -> StoreResult<Option<VaultCertificate>>;
    /// Deletes; false if there was none.
    async fn delete_certificate(&mut self, vault: VaultId, name: &NameKey) -> StoreResult<bool>;
    /// How many certificates a vault has.
    async fn certificate_count(&mut self, vault: VaultId) -> StoreResult<i64>;
    /// Replaces the PIN of a vault.
    async fn put_security_pin(&mut self, vault: VaultId, pin: &SecurityPin) -> StoreResult<()>;
    /// The PIN of a vault, in force or not.
    async fn security_pin(&mut self, vault: VaultId) -> StoreResult<Option<SecurityPin>>;
    /// Keeps what an operation has to tell, as long as the operation is kept.
    async fn put_outcome(&mut self, operation: OperationId, outcome: &Outcome) -> StoreResult<()>;
    /// What an operation has to tell.
    async fn outcome(&mut self, operation: OperationId) -> StoreResult<Option<Outcome>>;
    /// Counts over indexes; failed jobs are counted from `since` on.
    async fn vault_counts(&mut self, vault: VaultId, since: Timestamp) -> StoreResult<VaultCounts>;
}
