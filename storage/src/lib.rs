//! What rsvault remembers: records in SQL ([`SqlStore`]), chunks in an object store ([`objects`]),
//! key-encryption keys in files ([`FileKeyRing`]). Each implements a port of `rsvault_domain`.
//!
//! Always holds: no row type and no backend type leaves this crate; what a port calls durable has
//! been synced; a full, read-only or absent disk or database is `Unavailable`, never a defect.

mod folder;
mod keys;
pub mod objects;
mod sql;

pub use keys::FileKeyRing;
pub use sql::SqlStore;

#[cfg(feature = "testing")]
pub mod testing;
