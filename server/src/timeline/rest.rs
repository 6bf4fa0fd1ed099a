//! Coming to rest: agents have offered their slots and ended their work, the vault has nothing due.

use super::Driver;
use super::run::Run;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::fault::Result;
use rsvault_domain::id::ServerId;
use rsvault_domain::ports::{Bell, Clock};
use rsvault_engine::{reconcile, timeline};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Real time that work of an agent in this process may take without moving.
const PATIENCE: Duration = Duration::from_secs(120);
/// The same for agents elsewhere: they may be gone.
const PATIENCE_ELSEWHERE: Duration = Duration::from_secs(5);
/// Between two looks if no bell rings.
const LOOK: Duration = Duration::from_secs(1);
/// Rounds of agents and vault in turn that one moment may take.
const ROUNDS: usize = 1000;
/// Virtual time between two looks for dead sets.
const SWEEP: SignedDuration = SignedDuration::from_secs(90);

impl Driver {
    /// Returns when nothing more happens at this moment.
    pub(super) async fn rest(&self, run: &mut Run) -> Result<()> {
        let now = self.clock.now();
        for _ in 0..ROUNDS {
            // Agents first: what they have begun ends before the vault looks at its leases.
            self.land(run, now).await?;
            let mut did = timeline::settle(&self.engine, &self.owner).await?;
            if run.swept_at.is_none_or(|at| now.duration_since(at) >= SWEEP) {
                run.swept_at = Some(now);
                reconcile::sets(&self.engine).await?;
                did = true;
            }
            if !did {
                return Ok(());
            }
        }
        run.unfinished.push(format!("At {now} the vault did not come to rest."));
        Ok(())
    }

    /// Waits until the agents have nothing to do, or what they do does not move.
    async fn land(&self, run: &mut Run, at: Timestamp) -> Result<()> {
        let (mut seen, mut since) = (None, Instant::now());
        loop {
            let rung = self.engine.wake.wait(Bell::Operations, LOOK);
            let live = self.agents.live().await;
            let waited_for: Vec<ServerId> = live.iter().copied().filter(|server| !run.left_agents.contains(server)).collect();
            let restless = self.restless(&waited_for, at).await;
            let mut flights = timeline::flights(&self.engine).await?;
            flights.retain(|flight| !run.left.contains(&flight.command));
            if restless.is_empty() && flights.is_empty() {
                return Ok(());
            }
            if seen.as_ref() != Some(&flights) {
                since = Instant::now();
            }
            let idle = since.elapsed();
            for flight in &flights {
                let patience = if live.contains(&flight.server) { PATIENCE } else { PATIENCE_ELSEWHERE };
                if idle >= patience && run.left.insert(flight.command) {
                    run.unfinished.push(format!("At {at}: {}.", flight.what));
                }
            }
            if idle >= PATIENCE {
                for server in &restless {
                    if run.left_agents.insert(*server) {
                        run.unfinished
                            .push(format!("At {at}: the agent of server {server} did not offer what is due, or goes on working."));
                    }
                }
            }
            seen = Some(flights);
            if restless.is_empty() {
                rung.await;
            }
        }
    }

    /// The agents that do not come to rest within a look.
    async fn restless(&self, servers: &[ServerId], at: Timestamp) -> Vec<ServerId> {
        let waits = servers.iter().map(|server| async move {
            let rests = timeout(LOOK, self.agents.settled(*server, at)).await.is_ok();
            (!rests).then_some(*server)
        });
        join_all(waits).await.into_iter().flatten().collect()
    }
}
