//! Exports of jobs, and how often a backup was asked for.

use super::store::{JobFilter, StoreResult};
use crate::backup::BackupKind;
use crate::id::{ItemId, OperationId, VaultId};
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt;

/// An export of jobs: what was asked for, and the secret of the URL that gives it out.
#[derive(Clone, PartialEq, Eq)]
pub struct JobExport {
    /// The operation that made it; it goes when that is forgotten.
    pub operation: OperationId,
    /// Vault.
    pub vault_id: VaultId,
    /// Which jobs.
    pub filter: JobFilter,
    /// Nobody reads it without this.
    pub secret: String,
    /// Until when its URL is good.
    pub expires_at: Timestamp,
}

impl fmt::Debug for JobExport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobExport").field("operation", &self.operation).field("filter", &self.filter).finish_non_exhaustive()
    }
}

/// Exports, and counts of jobs.
#[async_trait]
pub trait ExportRows: Send {
    /// Inserts.
    async fn insert_export(&mut self, export: &JobExport) -> StoreResult<()>;
    /// The export that an operation made.
    async fn export(&mut self, operation: OperationId) -> StoreResult<Option<JobExport>>;
    /// How many jobs of backups of `kind` users started for an item from `since` on.
    async fn backups_asked_for(&mut self, item: ItemId, kind: BackupKind, since: Timestamp) -> StoreResult<i64>;
}
