//! The object store: immutable, durable objects.

use crate::fault::{Fault, FaultKind};
use async_trait::async_trait;
use bytes::Bytes;

/// A failure of the object store.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// No such object.
    #[error("object not found: {0}")]
    NotFound(String),
    /// Full, throttled, away: may work later.
    #[error("object store unavailable: {0}")]
    Unavailable(String),
    /// Anything else.
    #[error("object store: {0}")]
    Broken(String),
}

impl From<ObjectError> for Fault {
    fn from(error: ObjectError) -> Self {
        match &error {
            ObjectError::Unavailable(_) => Fault::new(
                FaultKind::Unavailable,
                "ObjectStoreUnavailable",
                "The vault's object store cannot take or give data now (full, throttled or away). Retry after a moment.",
            )
            .because(error),
            _ => Fault::internal(error),
        }
    }
}

/// What a create-only put found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// The object is new and durable.
    Created,
    /// An object of this key stands already; it was not touched.
    Exists,
}

/// How long one call of an [`ObjectStore`] may take before it must have failed. The collector waits
/// longer than this before it looks for what a dead attempt has left.
pub const OBJECT_PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Stores immutable objects. Every call but `list` ends within [`OBJECT_PATIENCE`]. An object that `put_new` has answered `Created` for is durable.
#[async_trait]
pub trait ObjectStore: Send + Sync + 'static {
    /// Create-only, durable put.
    async fn put_new(&self, key: &str, bytes: Bytes) -> std::result::Result<PutOutcome, ObjectError>;
    /// Whole object.
    async fn get(&self, key: &str) -> std::result::Result<Bytes, ObjectError>;
    /// Part of an object.
    async fn get_range(&self, key: &str, range: std::ops::Range<u64>) -> std::result::Result<Bytes, ObjectError>;
    /// Size, or None if absent.
    async fn size(&self, key: &str) -> std::result::Result<Option<u64>, ObjectError>;
    /// Keys under a prefix, after `after`, at most `limit`, sorted.
    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> std::result::Result<Vec<String>, ObjectError>;
    /// Deletes; deleting what is not there is fine.
    async fn delete(&self, key: &str) -> std::result::Result<(), ObjectError>;
}
