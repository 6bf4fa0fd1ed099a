//! Every method of the store's ports, on SQLite and on PostgreSQL.
//!
//! `RSVAULT_TEST_POSTGRES=postgres://user@host:port/db` names a server on which each test makes a
//! database of its own. Without it the PostgreSQL half fails, unless `RSVAULT_TEST_SQLITE_ONLY=1`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test panics")]
#![allow(clippy::cloned_ref_to_slice_refs, reason = "what is expected reads better as a list")]
#![allow(clippy::disallowed_methods, reason = "a test awaits what it spawns")]

mod archive;
mod bed;
mod features;
mod groups;
mod guards;
mod intents;
mod leases;
mod points;
mod prune;
mod quotas;
mod records;
mod replicas;
mod sample;
mod schema;
mod sets;
mod transactions;
mod upgrade;
mod vaults;
mod watch;

mod glances;

/// Declares each test once for both databases, and for SQLite read in the calling thread.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(crate::bed::Bed::sqlite().await).await; })+
        }
        mod glancing {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(crate::bed::Bed::glancing().await).await; })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { if let Some(bed) = crate::bed::Bed::postgres().await { super::$name(bed).await; } })+
        }
    };
}
pub(crate) use on_both;
