//! What stands in for the ports that would carry a change out of the store.

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use rsvault_domain::backup::WrappedKey;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::VaultId;
use rsvault_domain::ports::{Bell, Clock, KeyRing, ObjectError, ObjectStore, PutOutcome, Recipient, Wake};
use std::ops::Range;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Objects that can be read and not changed.
pub(super) struct Sealed(pub(super) Arc<dyn ObjectStore>);

fn sealed() -> ObjectError {
    ObjectError::Unavailable("a rehearsal changes no object".into())
}

#[async_trait]
impl ObjectStore for Sealed {
    async fn put_new(&self, _: &str, _: Bytes) -> Result<PutOutcome, ObjectError> {
        Err(sealed())
    }
    async fn get(&self, key: &str) -> Result<Bytes, ObjectError> {
        self.0.get(key).await
    }
    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, ObjectError> {
        self.0.get_range(key, range).await
    }
    async fn size(&self, key: &str) -> Result<Option<u64>, ObjectError> {
        self.0.size(key).await
    }
    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, ObjectError> {
        self.0.list(prefix, after, limit).await
    }
    async fn delete(&self, _: &str) -> Result<(), ObjectError> {
        Err(sealed())
    }
}

/// No keys are made, read or destroyed.
pub(super) struct NoKeys;

#[async_trait]
impl KeyRing for NoKeys {
    async fn recipient(&self, _: VaultId) -> Result<Recipient> {
        Err(Fault::internal("a rehearsal makes no key"))
    }
    async fn unwrap_key(&self, _: VaultId, _: &WrappedKey) -> Result<Zeroizing<Vec<u8>>> {
        Err(Fault::internal("a rehearsal reads no key"))
    }
    async fn forget(&self, _: VaultId) -> Result<()> {
        Ok(())
    }
}

/// A moment.
pub(super) struct StandsStill(pub(super) Timestamp);

#[async_trait]
impl Clock for StandsStill {
    fn now(&self) -> Timestamp {
        self.0
    }
    async fn until(&self, _: Timestamp) {}
}

/// Nobody is woken.
pub(super) struct Silence;

#[async_trait]
impl Wake for Silence {
    fn ring(&self, _: Bell) {}
    async fn wait(&self, _: Bell, _: std::time::Duration) {}
}
