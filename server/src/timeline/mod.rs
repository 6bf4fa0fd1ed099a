//! Runs the emulator's time: to the next timer, let everything due come to rest, on.
//!
//! Always holds: one run at a time; the clock stands while the work of a moment is under way; a run
//! that nobody waits for any more ends after its step; no wait lasts long without something moving,
//! and what did not end is named.

mod rest;
mod run;
#[cfg(test)]
mod tests;

use crate::clock::VirtualClock;
use crate::lifecycle::Lifecycle;
use async_trait::async_trait;
use futures::future::BoxFuture;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::id::ServerId;
use rsvault_domain::ports::{Advanced, Clock, ClockChange, ClockReading, Timeline, Until};
use rsvault_engine::Engine;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The farthest that one run goes.
const FARTHEST: SignedDuration = SignedDuration::from_hours(24 * 366 * 10);
/// Most pages that simulated databases change by themselves in one run: minutes of work, a gigabyte of log.
const WRITES: u64 = 10_000_000;
/// Real time between two moves of a scaled clock.
const TICK: Duration = Duration::from_millis(200);
/// How long a change waits for a tick of the scaled clock to end.
const TICK_ENDS: Duration = Duration::from_secs(120);
/// Virtual seconds in a real one, at most.
const SCALE_MAX: f64 = 1_000_000.0;

/// Agents of this process, as the driver sees them.
#[async_trait]
pub(crate) trait Agents: Send + Sync + 'static {
    /// Servers whose agent runs in this process now.
    async fn live(&self) -> Vec<ServerId>;
    /// Pages that the databases of this process change until `to` by themselves.
    async fn writes_by(&self, to: Timestamp) -> u64;
    /// The next slot of an agent's schedule.
    async fn next_due(&self, server: ServerId) -> Option<Timestamp>;
    /// Returns when every slot due by `at` was offered and none of the agent's work runs.
    async fn settled(&self, server: ServerId, at: Timestamp);
    /// Returns when the agent goes by the schedule that the vault has now.
    async fn synced(&self, server: ServerId);
}

/// The driver.
pub(crate) struct Driver {
    me: Weak<Self>,
    engine: Arc<Engine>,
    clock: Arc<VirtualClock>,
    agents: Arc<dyn Agents>,
    life: Lifecycle,
    /// One run at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
    owner: String,
}

impl Driver {
    pub(crate) fn new(engine: Arc<Engine>, clock: Arc<VirtualClock>, agents: Arc<dyn Agents>, life: Lifecycle) -> Arc<Self> {
        let owner = format!("{}/timeline", std::process::id());
        Arc::new_cyclic(|me| Self { me: me.clone(), engine, clock, agents, life, turn: Arc::default(), owner })
    }

    /// Moves a scaled clock until the house ends.
    pub(crate) async fn tick(self: Arc<Self>) {
        let end = self.life.soft();
        let mut moved = Instant::now();
        loop {
            let changed = self.clock.changed();
            if !self.clock.is_driven() {
                tokio::select! {
                    () = end.cancelled() => return,
                    () = changed => {
                        moved = Instant::now();
                        continue;
                    }
                }
            }
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(TICK) => {}
            }
            let _turn = self.turn.lock().await;
            let reading = self.clock.reading();
            if !self.clock.is_driven() {
                continue;
            }
            // What the last tick took counts, or the clock would lag; what work of agents took does not.
            let by = SignedDuration::from_secs_f64(moved.elapsed().min(2 * TICK).as_secs_f64() * reading.scale);
            moved = Instant::now();
            let to = reading.now.saturating_add(by).unwrap_or(Timestamp::MAX);
            if let Err(fault) = self.run(to, &end).await {
                tracing::error!(error = %fault, detail = fault.internal_detail(), "the scaled clock could not be moved");
            }
        }
    }

    /// Does `work` in a task of the house, so that a step ends in order whoever goes away meanwhile.
    async fn in_turn<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(Arc<Self>, CancellationToken) -> BoxFuture<'static, Result<T>>,
    {
        let turn = self.take_turn().await?;
        let me = self.me.upgrade().ok_or_else(ending)?;
        let stop = self.life.soft().child_token();
        let (tell, told) = tokio::sync::oneshot::channel();
        let work = work(me, stop.clone());
        self.life.spawn(async move {
            let answer = work.await;
            drop(turn);
            let _ = tell.send(answer);
        });
        let _stop = stop.drop_guard();
        told.await.map_err(|_| ending())?
    }

    async fn take_turn(&self) -> Result<OwnedMutexGuard<()>> {
        let turn = self.turn.clone();
        match turn.clone().try_lock_owned() {
            Ok(turn) => Ok(turn),
            // A tick is short; another run is not.
            Err(_) if self.clock.is_driven() => tokio::time::timeout(TICK_ENDS, turn.lock_owned()).await.map_err(|_| busy()),
            Err(_) => Err(busy()),
        }
    }

    /// Whether the clock may go to `to`.
    async fn check(&self, to: Timestamp, field: &'static str) -> Result<()> {
        let now = self.clock.now();
        if to < now {
            let message = format!(
                "'{field}' leads to {to}, but the clock shows {now}: time does not go back. Give a later time, or start with another data folder."
            );
            return Err(Fault::invalid("TimeDoesNotGoBack", message).at(field));
        }
        if to.duration_since(now) > FARTHEST {
            return Err(too_far(field));
        }
        let pages = self.agents.writes_by(to).await;
        if pages > WRITES {
            let message = format!(
                "'{field}' leads to {to}: by then the simulated databases would change {pages} pages; one run takes {WRITES} at most. \
                 Go in smaller steps, or let them write less (writeRate, writeIntervalSeconds)."
            );
            return Err(Fault::invalid("TooManyWrites", message).at(field));
        }
        Ok(())
    }
}

#[async_trait]
impl Timeline for Driver {
    fn read(&self) -> ClockReading {
        self.clock.reading()
    }

    async fn change(&self, change: ClockChange) -> Result<ClockReading> {
        if let Some(scale) = change.scale.filter(|scale| !(scale.is_finite() && *scale > 0.0 && *scale <= SCALE_MAX)) {
            let message = format!(
                "'scale' is {scale}: it must be above 0 and at most {SCALE_MAX}. 1 is real time; to stop the clock send 'frozen': true."
            );
            return Err(Fault::invalid("InvalidScale", message).at("scale"));
        }
        self.in_turn(move |driver, stop| {
            Box::pin(async move {
                // Held to the last change: 'now' with 'frozen' stands at 'now' exactly.
                let _hold = driver.clock.hold();
                if let Some(now) = change.now {
                    driver.check(now, "now").await?;
                    driver.run(now, &stop).await?;
                }
                let reading = driver.clock.reading();
                driver.clock.set(change.frozen.unwrap_or(reading.frozen), change.scale.unwrap_or(reading.scale));
                Ok(driver.clock.reading())
            })
        })
        .await
    }

    async fn advance(&self, until: Until) -> Result<Advanced> {
        self.in_turn(move |driver, stop| {
            Box::pin(async move {
                let _hold = driver.clock.hold();
                let (to, field) = match until {
                    Until::To(to) => (to, "to"),
                    Until::By(span) => {
                        let now = driver.clock.now().to_zoned(TimeZone::UTC);
                        (now.checked_add(span).map_err(|_| too_far("by"))?.timestamp(), "by")
                    }
                };
                driver.check(to, field).await?;
                driver.run(to, &stop).await
            })
        })
        .await
    }
}

fn too_far(field: &'static str) -> Fault {
    Fault::invalid("TimeTooFar", format!("'{field}' leads more than ten years ahead. Go in smaller steps.")).at(field)
}
fn busy() -> Fault {
    Fault::conflict("ClockIsMoving", "The clock is being moved already. Wait until that call has answered, or end it, then try again.")
}
fn ending() -> Fault {
    Fault::new(FaultKind::Unavailable, "ServerEnding", "The server is ending. Try again when it is back.")
}
