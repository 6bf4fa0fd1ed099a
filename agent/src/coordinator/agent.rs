//! The command loop.

use super::command::work_on;
use super::engines::Engines;
use super::lease::Lease;
use crate::plugin::Workload;
use crate::transport::{HttpVault, Patience, Vault};
use rsvault_domain::id::CommandId;
use rsvault_protocol::messages::{AgentCredential, CommandView, NextCommandBody};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Bounds of an agent.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Commands at once.
    pub commands: usize,
    /// Chunks in flight per command.
    pub window: usize,
    /// Seconds a request for work may be held open by the vault.
    pub wait_seconds: u32,
    /// Time that running work gets to stop at shutdown.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { commands: 20, window: 4, wait_seconds: 20, grace: Duration::from_secs(8) }
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
}

/// An agent; a process may hold several.
pub struct Agent;

/// A running agent. Dropping it stops it at once; `shutdown` lets it clean up.
pub struct AgentHandle {
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
    grace: Duration,
}

impl Agent {
    /// Starts one. Fails only for settings that cannot work; the error is for people.
    pub fn start(settings: AgentSettings) -> Result<AgentHandle, String> {
        let vault = HttpVault::new(&settings.vault_url, settings.ca_pem.as_deref(), &settings.credentials)?;
        Ok(Self::start_on(Arc::new(vault), settings.engines, settings.limits))
    }
    /// Starts one on any vault.
    pub fn start_on(vault: Arc<dyn Vault>, engines: Vec<Arc<dyn Workload>>, limits: Limits) -> AgentHandle {
        let shutdown = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let desk =
            Desk { vault, engines: Engines(engines), limits, shutdown: shutdown.clone(), running: HashMap::new(), work: JoinSet::new() };
        tasks.spawn(desk.run());
        AgentHandle { shutdown, tasks, grace: limits.grace }
    }
}

impl AgentHandle {
    /// Stops asking for work, stops running work, gives it back, within the grace time.
    pub async fn shutdown(mut self) {
        self.shutdown.cancel();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(self.grace, ended).await.is_err() {
            tracing::warn!("running work did not stop in time; the vault takes it back when its lease ends");
        }
        self.tasks.shutdown().await;
    }
}

/// What the loop knows of a command at work.
struct Running {
    generation: i64,
    lease: Lease,
    ended: CancellationToken,
}

struct Desk {
    vault: Arc<dyn Vault>,
    engines: Engines,
    limits: Limits,
    shutdown: CancellationToken,
    running: HashMap<CommandId, Running>,
    work: JoinSet<()>,
}

impl Desk {
    async fn run(mut self) {
        let seats = Arc::new(Semaphore::new(self.limits.commands.max(1)));
        let patience = Patience { first: Duration::from_millis(200), most: Duration::from_secs(5), give_up: Duration::MAX };
        let mut failures = 0;
        loop {
            let seat = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => break,
                seat = Arc::clone(&seats).acquire_owned() => seat,
            };
            let Ok(seat) = seat else { break };
            self.tidy();
            let ask = NextCommandBody {
                wait_seconds: self.limits.wait_seconds,
                agent_version: env!("CARGO_PKG_VERSION").to_owned(),
                running: self.running.keys().copied().collect(),
            };
            let asked = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => break,
                asked = self.vault.next_command(&ask) => asked,
            };
            match asked {
                Ok(next) => {
                    if failures > 0 {
                        tracing::info!("the vault answers again");
                    }
                    failures = 0;
                    if let Some(command) = next {
                        self.take(command, seat).await;
                    }
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 || failures % 20 == 0 {
                        tracing::warn!(%error, failures, "asking for work failed; going on");
                    }
                    tokio::select! {
                        () = self.shutdown.cancelled() => break,
                        () = tokio::time::sleep(patience.wait(failures)) => {}
                    }
                }
            }
        }
        while self.work.join_next().await.is_some() {}
    }
    /// Forgets what has ended.
    fn tidy(&mut self) {
        while self.work.try_join_next().is_some() {}
        self.running.retain(|_, r| !r.ended.is_cancelled());
    }
    async fn take(&mut self, command: CommandView, seat: tokio::sync::OwnedSemaphorePermit) {
        if let Some(older) = self.running.get(&command.id) {
            if older.generation >= command.generation {
                tracing::warn!(command = %command.id, generation = command.generation, "handed out twice; going on with the lease we have");
                return;
            }
            // We lost that lease without noticing. Two generations never work side by side.
            older.lease.lose();
            let ended = older.ended.clone();
            if tokio::time::timeout(super::command::STOP_WITHIN * 2, ended.cancelled()).await.is_err() {
                tracing::error!(command = %command.id, "the older attempt does not end; the command is left to the lease");
                return;
            }
        }
        let (lease, ended) = (Lease::default(), CancellationToken::new());
        self.running.insert(command.id, Running { generation: command.generation, lease: lease.clone(), ended: ended.clone() });
        let work = work_on(Arc::clone(&self.vault), self.engines.clone(), command, self.limits.window, lease, self.shutdown.clone());
        self.work.spawn(async move {
            let _end = (ended.drop_guard(), seat);
            work.await;
        });
    }
}
