//! The port over one of `object_store`'s backends.
//!
//! Always holds: every call ends within [`PATIENCE`]; conditions that may pass (full, read-only, no
//! rights, throttled, slow) are `Unavailable`; a list is sorted whatever the backend gives, and needs
//! memory for one page only.

use async_trait::async_trait;
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use rsvault_domain::ports::{ObjectError, ObjectStore, PutOutcome};
use std::collections::BTreeSet;
use std::future::Future;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

/// How long one call may take. A chunk is 8 MiB: a store that needs longer is as good as away.
const PATIENCE: Duration = Duration::from_secs(60);
/// A list walks its whole prefix, however many pages it is read in.
const LIST_PATIENCE: Duration = Duration::from_secs(300);

/// A backend behind the port.
#[derive(Debug)]
pub(super) struct Adapter<B> {
    backend: B,
    /// Folder that the keys are paths below, if they are.
    root: Option<PathBuf>,
}

impl<B: object_store::ObjectStore> Adapter<B> {
    pub(super) fn new(backend: B, root: Option<PathBuf>) -> Self {
        Self { backend, root }
    }
    /// Makes an object durable that another put has made, perhaps just now or just before a crash:
    /// its bytes were synced before it got its name, but the folders that name it perhaps not.
    async fn settle(&self, key: &str) -> Result<(), ObjectError> {
        let Some(root) = self.root.clone() else { return Ok(()) };
        let object = root.join(key);
        let sync = move || object.ancestors().skip(1).take_while(|folder| folder.starts_with(&root)).try_for_each(crate::folder::sync);
        match tokio::task::spawn_blocking(sync).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(ObjectError::Unavailable(format!("cannot sync the folders of {key}: {error}"))),
            Err(error) => Err(ObjectError::Broken(error.to_string())),
        }
    }
}

#[async_trait]
impl<B: object_store::ObjectStore> ObjectStore for Adapter<B> {
    async fn put_new(&self, key: &str, bytes: Bytes) -> Result<PutOutcome, ObjectError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match bounded(PATIENCE, self.backend.put_opts(&path(key)?, PutPayload::from_bytes(bytes), options)).await? {
            Ok(_) => Ok(PutOutcome::Created),
            Err(Error::AlreadyExists { .. }) => self.settle(key).await.map(|()| PutOutcome::Exists),
            Err(error) => Err(sort(error)),
        }
    }

    async fn get(&self, key: &str) -> Result<Bytes, ObjectError> {
        // `bytes` reads a file in one go; the stream would come in pieces of 8 KiB.
        let path = path(key)?;
        bounded(PATIENCE, async { self.backend.get_opts(&path, GetOptions::default()).await?.bytes().await }).await?.map_err(sort)
    }

    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, ObjectError> {
        bounded(PATIENCE, self.backend.get_range(&path(key)?, range)).await?.map_err(sort)
    }

    async fn size(&self, key: &str) -> Result<Option<u64>, ObjectError> {
        match bounded(PATIENCE, self.backend.head(&path(key)?)).await? {
            Ok(meta) => Ok(Some(meta.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(sort(error)),
        }
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, ObjectError> {
        let prefix = path(prefix)?;
        let smallest = async {
            let mut page = BTreeSet::new();
            let mut all = self.backend.list(Some(&prefix));
            while let Some(meta) = all.try_next().await? {
                let key = String::from(meta.location);
                if after.is_some_and(|after| key.as_str() <= after) {
                    continue;
                }
                page.insert(key);
                if page.len() > limit {
                    page.pop_last();
                }
            }
            Ok(page)
        };
        Ok(bounded(LIST_PATIENCE, smallest).await?.map_err(sort)?.into_iter().collect())
    }

    async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        match bounded(PATIENCE, self.backend.delete(&path(key)?)).await? {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(sort(error)),
        }
    }
}

fn path(key: &str) -> Result<Path, ObjectError> {
    Path::parse(key).map_err(|e| ObjectError::Broken(format!("'{key}' is not an object key: {e}")))
}

async fn bounded<T>(patience: Duration, call: impl Future<Output = Result<T, Error>>) -> Result<Result<T, Error>, ObjectError> {
    tokio::time::timeout(patience, call).await.map_err(|_| ObjectError::Unavailable(format!("no answer within {} s", patience.as_secs())))
}

fn sort(error: Error) -> ObjectError {
    match error {
        Error::NotFound { path, .. } => ObjectError::NotFound(path),
        error if may_pass(&error) => ObjectError::Unavailable(error.to_string()),
        error => ObjectError::Broken(error.to_string()),
    }
}

/// Whether an I/O error that may pass by itself is at the root.
fn may_pass(error: &Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return passing(io.kind());
        }
        source = error.source();
    }
    matches!(error, Error::PermissionDenied { .. } | Error::Unauthenticated { .. })
}
pub(super) fn passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::PermissionDenied
            | ErrorKind::TimedOut
            | ErrorKind::Interrupted
            | ErrorKind::ResourceBusy
            | ErrorKind::StaleNetworkFileHandle
            | ErrorKind::OutOfMemory
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caused_by(kind: ErrorKind) -> ObjectError {
        sort(Error::Generic { store: "test", source: Box::new(std::io::Error::from(kind)) })
    }

    #[test]
    fn a_full_disk_may_recover_and_a_strange_error_is_a_defect() {
        for kind in [ErrorKind::StorageFull, ErrorKind::ReadOnlyFilesystem, ErrorKind::PermissionDenied] {
            assert!(matches!(caused_by(kind), ObjectError::Unavailable(_)), "{kind:?}");
        }
        assert!(matches!(caused_by(ErrorKind::InvalidData), ObjectError::Broken(_)));
    }
}
