//! What an operator watches, read at once.

use crate::{Engine, Trust};
use rsvault_domain::fault::Result;
use rsvault_domain::ports::{EventKind, Gauges};
use std::collections::BTreeMap;

/// The figures of this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// From the catalogue.
    pub gauges: Gauges,
    /// What fired in this process, by kind.
    pub events: BTreeMap<EventKind, u64>,
    /// How the clock stands to what is expected of it.
    pub trust: Trust,
}

/// Reads them.
pub async fn metrics(engine: &Engine) -> Result<Metrics> {
    let gauges = engine.store.read().await?.gauges(engine.clock.now()).await?;
    Ok(Metrics { gauges, events: engine.chronicle.counts(), trust: engine.trust() })
}
