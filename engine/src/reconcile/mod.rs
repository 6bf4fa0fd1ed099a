//! Reconcilers: no input, idempotent, on a timer. They end what nobody else will end.

mod leases;
mod purge;
mod sets;

pub use leases::leases;
pub use purge::{Purged, purge};
pub use sets::sets;

use crate::Engine;
use rsvault_domain::fault::Result;

/// One round of all reconcilers.
pub async fn round(engine: &Engine) -> Result<()> {
    leases(engine).await?;
    purge(engine, engine.clock.now()).await?;
    sets(engine).await
}
