//! An agent: its settings, its start and its end.

use super::command::Tools;
use super::commits::Commits;
use super::durable::Shelf;
use super::engines::Engines;
use super::floor::Floor;
use super::marks::Marks;
use super::poll::poll;
use super::schedule::{self, Keeper, Plan};
use super::slots::{self, Runner};
use super::watch::AgentWatch;
use crate::plugin::Workload;
use crate::transport::{HttpVault, Vault};
use jiff::Timestamp;
use rsvault_domain::ports::Clock;
use rsvault_protocol::messages::AgentCredential;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Bounds of an agent.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Backups at once; the rest queue (the service's `DefaultBackupTasksThreshold`).
    pub commands: usize,
    /// Restores and inquiries at once, beside the backups.
    pub others: usize,
    /// Chunks in flight per command.
    pub window: usize,
    /// Seconds a request for work may be held open by the vault.
    pub wait_seconds: u32,
    /// Time that running work gets to stop at shutdown.
    pub grace: Duration,
    /// Whether it takes work at all; false is a hung agent, which only keeps its schedule.
    pub takes_work: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { commands: 20, others: 8, window: 4, wait_seconds: 20, grace: Duration::from_secs(8), takes_work: true }
    }
}

/// What an agent needs. No `Debug`: it carries the secret.
pub struct AgentSettings {
    /// Vault.
    pub vault_url: String,
    /// CA of the vault's certificate; the system's roots if absent.
    pub ca_pem: Option<String>,
    /// From enrolment.
    pub credentials: AgentCredential,
    /// Engines on this server.
    pub engines: Vec<Arc<dyn Workload>>,
    /// Bounds.
    pub limits: Limits,
    /// The clock that slots go by.
    pub clock: Arc<dyn Clock>,
    /// Folder where schedule and slots are kept; None keeps them in memory.
    pub state: Option<PathBuf>,
}

/// An agent; a process may hold several.
pub struct Agent;

/// A running agent. Dropping it stops it at once; `shutdown` lets it clean up.
pub struct AgentHandle {
    shutdown: CancellationToken,
    reboot: CancellationToken,
    tasks: JoinSet<()>,
    floor: Arc<Floor>,
    watch: AgentWatch,
    grace: Duration,
}

impl Agent {
    /// Starts one. Fails only for settings that cannot work; the error is for people.
    pub fn start(settings: AgentSettings) -> Result<AgentHandle, String> {
        let AgentSettings { vault_url, ca_pem, credentials, engines, limits, clock, state } = settings;
        let vault = HttpVault::new(&vault_url, ca_pem.as_deref(), &credentials)?;
        Ok(Self::start_on(Arc::new(vault), engines, limits, clock, state))
    }
    /// Starts one on any vault.
    pub fn start_on(
        vault: Arc<dyn Vault>,
        engines: Vec<Arc<dyn Workload>>,
        limits: Limits,
        clock: Arc<dyn Clock>,
        state: Option<PathBuf>,
    ) -> AgentHandle {
        let shutdown = CancellationToken::new();
        let shelf = Shelf(state);
        let (shown, state) = watch::channel(super::watch::State::default());
        let shown = Arc::new(shown);
        let (ask, asked) = watch::channel(0);
        let plan = Plan { schedule: shelf.load(schedule::FILE).map(Arc::new), seen: 0 };
        let marks = Marks::of(shelf.load(slots::FILE).unwrap_or_default());
        let (plan, planned) = watch::channel(plan);
        let commits = Arc::new(Commits::load(shelf.clone()));
        let reboot = CancellationToken::new();
        let tools = Tools { vault: Arc::clone(&vault), engines: Engines(engines), commits, window: limits.window, reboot: reboot.clone() };
        let floor = Arc::new(Floor::new(tools, limits, shutdown.clone(), Arc::clone(&shown)));
        let keeper = Keeper {
            vault: Arc::clone(&vault),
            shelf: shelf.clone(),
            plan,
            asked,
            wait_seconds: limits.wait_seconds,
            shutdown: shutdown.clone(),
        };
        let runner = Runner {
            vault: Arc::clone(&vault),
            floor: Arc::clone(&floor),
            clock,
            shelf,
            plan: planned,
            state: shown,
            shutdown: shutdown.clone(),
            marks,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(keeper.keep());
        if limits.takes_work {
            tasks.spawn(poll(vault, Arc::clone(&floor), limits.wait_seconds, shutdown.clone()));
            tasks.spawn(runner.run());
        }
        AgentHandle { shutdown, reboot, tasks, floor, watch: AgentWatch { state, asked: Arc::new(ask) }, grace: limits.grace }
    }
}

impl AgentHandle {
    /// Watches the agent, beyond this handle's borrow.
    pub fn watch(&self) -> AgentWatch {
        self.watch.clone()
    }
    /// See [`AgentWatch::next_due`].
    pub fn next_due(&self) -> Option<Timestamp> {
        self.watch.next_due()
    }
    /// See [`AgentWatch::settled`].
    pub async fn settled(&self, at: Timestamp) {
        self.watch.settled(at).await;
    }
    /// See [`AgentWatch::schedule_synced`].
    pub async fn schedule_synced(&self) {
        self.watch.schedule_synced().await;
    }
    /// The machine goes down: running work fails for that, and is not given back.
    pub async fn reboot(self) {
        self.reboot.cancel();
        self.shutdown().await;
    }
    /// Stops asking for work, stops running work, gives it back, within the grace time.
    pub async fn shutdown(mut self) {
        self.shutdown.cancel();
        let ended = async {
            while self.tasks.join_next().await.is_some() {}
            self.floor.ended().await;
        };
        if tokio::time::timeout(self.grace, ended).await.is_err() {
            tracing::warn!("running work did not stop in time; the vault takes it back when its lease ends");
        }
        self.tasks.shutdown().await;
    }
}
