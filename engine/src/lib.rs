//! The use cases of rsvault: each writes all it needs in one transaction, then rings the doorbell.
//! No HTTP, no SQL; the domain decides, the ports do.
//!
//! Always holds: no transaction is open across a wait for the object store, an agent or the
//! network; every finishing write carries the attempt or generation it was leased with.

pub mod access;
pub mod agents;
pub mod alerts;
pub mod archive;
pub mod background;
pub mod backups;
mod caller;
pub mod chronicle;
pub mod discovery;
pub mod emulator;
pub mod features;
mod groups;
mod guard;
pub mod guards;
pub mod health;
pub mod identity;
pub mod intents;
pub mod jobs;
mod metrics;
pub mod operations;
mod outcome;
pub mod policies;
mod progress;
pub mod protection;
pub mod reconcile;
pub mod regions;
pub mod rehearsal;
pub mod restores;
pub mod secret;
pub mod tasks;
pub mod timeline;
pub mod vaults;

pub use caller::Caller;
pub use guard::{GAP, TOLERANCE, Trust};
pub use metrics::{Metrics, metrics};
pub use progress::Progress;

use rsvault_domain::ports::{Clock, KeyRing, ObjectStore, Store, Wake};
use std::sync::Arc;

/// The ports, and what has no other home: the progress of running transfers and what fired.
pub struct Engine {
    /// Rows.
    pub store: Arc<dyn Store>,
    /// Bytes.
    pub objects: Arc<dyn ObjectStore>,
    /// The second region, if there is one.
    pub secondary: Option<regions::Secondary>,
    /// Keys.
    pub keys: Arc<dyn KeyRing>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Doorbells.
    pub wake: Arc<dyn Wake>,
    /// What fired.
    pub chronicle: chronicle::Chronicle,
    guard: guard::TrustedTime,
    rounds: tokio::sync::Mutex<()>,
    progress: progress::Board,
    pruned: reconcile::LastRun,
}

impl Engine {
    /// Puts the ports together, for one region.
    pub fn new(
        store: Arc<dyn Store>,
        objects: Arc<dyn ObjectStore>,
        keys: Arc<dyn KeyRing>,
        clock: Arc<dyn Clock>,
        wake: Arc<dyn Wake>,
    ) -> Arc<Self> {
        Self::in_regions(store, objects, None, keys, clock, wake)
    }
    /// Puts the ports together, with a second region or without.
    pub fn in_regions(
        store: Arc<dyn Store>,
        objects: Arc<dyn ObjectStore>,
        secondary: Option<regions::Secondary>,
        keys: Arc<dyn KeyRing>,
        clock: Arc<dyn Clock>,
        wake: Arc<dyn Wake>,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            objects,
            secondary,
            keys,
            clock,
            wake,
            chronicle: chronicle::Chronicle::default(),
            guard: guard::TrustedTime::default(),
            rounds: tokio::sync::Mutex::default(),
            progress: progress::Board::default(),
            pruned: reconcile::LastRun::default(),
        })
    }
    /// The turn to run tasks and reconcilers: one round at a time in a process.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.rounds.lock().await
    }
    /// Progress of a running job's transfer, as the agent last reported it. For displays: it is
    /// not stored.
    pub fn progress(&self, job: rsvault_domain::id::JobId) -> Option<Progress> {
        self.progress.of(job)
    }
}
