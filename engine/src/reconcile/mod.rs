//! Reconcilers: no input, idempotent, on a timer. They end what nobody else will end.

pub(crate) mod discover;
mod leases;
mod prune;
mod purge;
pub(crate) mod retention;
mod sets;
pub(crate) mod watch;

pub use discover::discover;
pub use leases::leases;
pub(crate) use prune::LastRun;
pub use prune::prune;
pub use purge::{Purged, purge};
pub use retention::retention;
pub(crate) use sets::GRACE;
pub use sets::sets;

use crate::Engine;
use rsvault_domain::fault::Result;

/// One round of all reconcilers. One that fails does not keep the others from their work; the first
/// failure is the answer.
pub async fn round(engine: &Engine) -> Result<()> {
    let leases = leases(engine).await;
    let purge = purge(engine, engine.trusted_now()).await;
    let retention = retention(engine).await;
    let sets = sets(engine).await;
    let discover = discover(engine).await;
    let watch = watch::watch(engine).await;
    leases.and(purge.map(drop)).and(retention).and(sets).and(discover).and(watch).and(prune(engine).await)
}
