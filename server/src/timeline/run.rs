//! One run from now to a target, timer by timer.

use super::Driver;
use futures::future::join_all;
use jiff::Timestamp;
use rsvault_domain::fault::Result;
use rsvault_domain::id::{CommandId, ServerId};
use rsvault_domain::ports::{Advanced, Clock, Event, EventKind};
use rsvault_engine::{Engine, timeline};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Events that an answer lists.
const LISTED: usize = 10_000;
/// Real time that an agent gets to take over a changed schedule.
const SYNC: Duration = Duration::from_secs(10);

/// What a run has seen and done.
#[derive(Default)]
pub(super) struct Run {
    steps: u64,
    next_event: u64,
    counts: BTreeMap<EventKind, u64>,
    fired: Vec<Event>,
    truncated: bool,
    pub(super) unfinished: Vec<String>,
    /// Commands and agents that are waited for no more.
    pub(super) left: HashSet<CommandId>,
    pub(super) left_agents: HashSet<ServerId>,
    /// When dead sets were last looked at.
    pub(super) swept_at: Option<Timestamp>,
}

impl Run {
    /// Takes what was noted since the last look.
    fn collect(&mut self, engine: &Engine) {
        let since = engine.chronicle.since(self.next_event);
        self.next_event = since.next;
        self.truncated |= since.lost > 0;
        for event in since.events {
            *self.counts.entry(event.kind).or_default() += 1;
            if self.fired.len() < LISTED {
                self.fired.push(event);
            } else {
                self.truncated = true;
            }
        }
    }
}

impl Driver {
    /// Runs to `to`, or until `stop` after the step that runs then.
    pub(super) async fn run(&self, to: Timestamp, stop: &CancellationToken) -> Result<Advanced> {
        let _hold = self.clock.hold();
        let from = self.clock.now();
        let mut run = Run { next_event: self.engine.chronicle.since(u64::MAX).next, ..Run::default() };
        self.sync(&mut run).await;
        self.rest(&mut run).await?;
        run.collect(&self.engine);
        while self.clock.now() < to && !stop.is_cancelled() {
            let next = self.next(&run).await?.map_or(to, |next| next.min(to));
            self.clock.move_to(next);
            run.steps += 1;
            self.rest(&mut run).await?;
            run.collect(&self.engine);
        }
        let Run { steps, counts, fired, truncated, unfinished, .. } = run;
        Ok(Advanced { from, to: self.clock.now(), steps, counts, fired, truncated, unfinished })
    }

    /// Agents go by what was configured before the run.
    async fn sync(&self, run: &mut Run) {
        let synced = self.agents.live().await.into_iter().map(|server| async move {
            let late = timeout(SYNC, self.agents.synced(server)).await.is_err();
            late.then(|| format!("The agent of server {server} did not confirm the newest schedule."))
        });
        run.unfinished.extend(join_all(synced).await.into_iter().flatten());
    }

    /// The earliest timer after now, of the vault or of an agent.
    async fn next(&self, run: &Run) -> Result<Option<Timestamp>> {
        let now = self.clock.now();
        let mut next = timeline::next_due(&self.engine).await?.map(|(at, _)| at);
        for server in self.agents.live().await {
            if !run.left_agents.contains(&server)
                && let Some(at) = self.agents.next_due(server).await.filter(|at| *at > now)
            {
                next = Some(next.map_or(at, |next| next.min(at)));
            }
        }
        Ok(next)
    }
}
