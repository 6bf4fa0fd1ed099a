//! Forgets what has ended long ago, so that a vault that runs for years does not grow with its age:
//! commands after two days, jobs and operations after 180 days (rulebook 6.4: our rule), alerts 180
//! days after they fired, health events after 93 (as Azure Monitor keeps metrics).
//!
//! Always holds: work that has not ended is never touched; a clock that jumps forgets nothing early; recovery points and sets are not records of the
//! past and have retention of their own.

use crate::Engine;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::ports::Ended;
use std::sync::atomic::{AtomicI64, Ordering};

const BETWEEN: SignedDuration = SignedDuration::from_hours(6);
const BATCH: u32 = 1000;

/// When it ran last: of this process, so that every start begins with a look.
#[derive(Debug)]
pub(crate) struct LastRun(AtomicI64);

impl Default for LastRun {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

/// Deletes what is old, if the last look is some hours ago.
pub async fn prune(engine: &Engine) -> Result<()> {
    let now = engine.trusted_now();
    let last = engine.pruned.0.load(Ordering::Relaxed);
    if last != i64::MIN && now.as_second() - last < BETWEEN.as_secs() {
        return Ok(());
    }
    for (what, days) in
        [(Ended::Commands, 2), (Ended::HealthEvents, 93), (Ended::Jobs, 180), (Ended::Operations, 180), (Ended::Alerts, 180)]
    {
        let before = days_before(now, days)?;
        loop {
            let mut tx = engine.store.begin().await?;
            let gone = tx.prune(what, before, BATCH).await?;
            tx.commit().await?;
            if gone < u64::from(BATCH) {
                break;
            }
        }
    }
    engine.pruned.0.store(now.as_second(), Ordering::Relaxed);
    Ok(())
}

fn days_before(now: Timestamp, days: i64) -> Result<Timestamp> {
    now.checked_sub(SignedDuration::from_hours(24 * days)).map_err(Fault::internal)
}
