//! Immutable objects: what the scheme of a URL stands for, and the port over any of them.
//!
//! Always holds: an object is made once, whole and durable, or not at all; a new backend is one arm in
//! [`open`] and passes the same conformance suite.

mod adapter;
mod file;

use rsvault_domain::ports::{ObjectError, ObjectStore};
use std::path::Path;
use std::sync::Arc;

/// Opens the object store that `url` names. `file:PATH` is a folder, made if it is not there; staging
/// files that a crash has left in it are swept.
pub fn open(url: &str) -> Result<Arc<dyn ObjectStore>, ObjectError> {
    match url.split_once(':') {
        Some(("file", path)) => file::open(Path::new(path.strip_prefix("//").unwrap_or(path))),
        Some((scheme @ ("s3" | "az" | "azure" | "gs"), _)) => Err(ObjectError::Broken(format!(
            "object stores of scheme '{scheme}:' are not built into this version; they come later. Use 'file:PATH'"
        ))),
        // The URL itself is not shown: it may carry a secret.
        _ => Err(ObjectError::Broken("the object store URL has an unknown scheme; write 'file:PATH' (s3:, az: and gs: come later)".into())),
    }
}

#[cfg(feature = "testing")]
pub(crate) fn in_memory() -> Arc<dyn ObjectStore> {
    Arc::new(adapter::Adapter::new(object_store::memory::InMemory::new(), None))
}
