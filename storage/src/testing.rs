//! For tests of other crates.

use rsvault_domain::ports::ObjectStore;
use std::sync::Arc;

/// An object store in memory.
pub fn memory_objects() -> Arc<dyn ObjectStore> {
    crate::objects::in_memory()
}
