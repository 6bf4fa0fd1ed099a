//! Reconcilers: no input, idempotent, on a timer. They end what nobody else will end.

mod leases;
mod purge;
mod sets;

pub use leases::leases;
pub use purge::{Purged, purge};
pub(crate) use sets::GRACE;
pub use sets::sets;

use crate::Engine;
use rsvault_domain::fault::Result;

/// One round of all reconcilers. One that fails does not keep the others from their work; the first
/// failure is the answer.
pub async fn round(engine: &Engine) -> Result<()> {
    let leases = leases(engine).await;
    let purge = purge(engine, engine.clock.now()).await;
    let sets = sets(engine).await;
    leases.and(purge.map(drop)).and(sets)
}
