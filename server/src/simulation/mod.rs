//! The emulator's simulated servers and their agents, which run in this process and speak HTTP to
//! the vault as any other agent does.
//!
//! Always holds: one folder per server id, so nothing is shared between two servers of one name;
//! a stopped server has no agent; what a server holds outlives the process; the folder belongs to
//! one process at a time.

mod enrol;
mod groups;
mod machine;

use crate::exit::{Failure, Outcome, explain};
use crate::timeline::Agents;
use async_trait::async_trait;
use enrol::Vault;
use groups::Groups;
use jiff::Timestamp;
use machine::Machine;
pub(crate) use machine::save_json;
use rsvault_agent::coordinator::AgentWatch;
use rsvault_agent::plugin::WorkloadError;
use rsvault_agent::plugin::simulated::{At, SimulatedServer};
use rsvault_domain::backup::BackupKind;
use rsvault_domain::discovery::Server;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::ServerId;
use rsvault_domain::ports::{OracleChange, OracleChecksum, OracleMoment, OracleWrite, Simulation};
use rsvault_domain::simulation::{GroupSpec, ServerSpec};
use rsvault_engine::Engine;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// All simulated servers of this process.
pub(crate) struct Fleet {
    dir: PathBuf,
    engine: Arc<Engine>,
    vault: Vault,
    /// A server is changed by one caller at a time; different servers do not wait for each other.
    machines: Mutex<HashMap<ServerId, Arc<tokio::sync::Mutex<Option<Machine>>>>>,
    groups: Groups,
    /// Locked while the fleet lives.
    _lock: std::fs::File,
}

impl Fleet {
    /// Takes the folder. `url` and `ca_pem` say how agents reach this process.
    pub(crate) fn new(dir: &Path, engine: Arc<Engine>, url: String, ca_pem: Option<String>) -> Outcome<Self> {
        let servers = dir.join("servers");
        let refuse = |e: &dyn std::fmt::Display| Failure::run(format!("cannot use the emulator's folder {}: {e}", dir.display()));
        std::fs::create_dir_all(&servers).map_err(|e| refuse(&e))?;
        let lock = std::fs::File::create(dir.join("lock")).map_err(|e| refuse(&e))?;
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| refuse(&"another rsvault uses it. Stop that one, or choose another --data"))?;
        Ok(Self { dir: servers, engine, vault: Vault { url, ca_pem }, machines: Mutex::default(), groups: Groups::new(dir), _lock: lock })
    }

    /// Opens the servers that an earlier process left, as they were.
    pub(crate) async fn reopen(&self) -> Result<()> {
        let mut servers = Vec::new();
        let mut tx = self.engine.store.read().await?;
        for subscription in tx.subscriptions().await? {
            servers.extend(tx.servers(subscription.id).await?);
        }
        drop(tx);
        let mut made = Vec::new();
        for server in servers {
            if let Some(spec) = machine::saved_spec(&self.folder(server.id))? {
                let slot = self.slots().entry(server.id).or_default().clone();
                let opened = Machine::open(&self.folder(server.id), &server.name, &spec, self.engine.clock.clone()).await;
                *slot.lock().await = Some(opened.map_err(|e| fault(&e))?);
                made.push((server, spec));
            }
        }
        self.reopen_groups().await?;
        // Agents come last: what they are asked for is there.
        for (server, spec) in made {
            self.put(&server, &spec).await?;
        }
        Ok(())
    }

    /// Folder of a server.
    pub(crate) fn folder(&self, id: ServerId) -> PathBuf {
        self.dir.join(id.to_string())
    }

    /// Ends all agents and servers, each within `at_most`.
    pub(crate) async fn shutdown(&self, at_most: Duration) {
        let _ = tokio::time::timeout(at_most, self.close_groups()).await;
        let slots: Vec<_> = self.slots().drain().map(|(_, slot)| slot).collect();
        let ends = slots.into_iter().map(|slot| async move {
            let machine = slot.lock().await.take();
            if let Some(machine) = machine
                && tokio::time::timeout(at_most, machine.shutdown()).await.is_err()
            {
                tracing::warn!("a simulated server did not stop in time; its log brings it up to date at the next start");
            }
        });
        futures::future::join_all(ends).await;
    }

    /// The agent of a server, if it runs.
    async fn watch(&self, id: ServerId) -> Option<AgentWatch> {
        self.slot(id)?.lock().await.as_ref()?.watch()
    }
    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<ServerId, Arc<tokio::sync::Mutex<Option<Machine>>>>> {
        self.machines.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn slot(&self, id: ServerId) -> Option<Arc<tokio::sync::Mutex<Option<Machine>>>> {
        self.slots().get(&id).cloned()
    }
    /// The server, to be asked without holding its slot.
    async fn server(&self, id: ServerId) -> Result<Arc<SimulatedServer>> {
        let missing = || {
            Fault::not_found("ServerNotFound", "The server is not a simulated one. Make it with PUT /emulator/servers/{name}.").at("name")
        };
        let slot = self.slot(id).ok_or_else(missing)?;
        let machine = slot.lock().await;
        machine.as_ref().map(|m| m.server.clone()).ok_or_else(missing)
    }
}

#[async_trait]
impl Simulation for Fleet {
    async fn put(&self, server: &Server, spec: &ServerSpec) -> Result<()> {
        spec.validate(&server.name)?;
        let spec = &self.ungrouped(server.id, &server.name, spec).await;
        let slot = self.slots().entry(server.id).or_default().clone();
        let mut slot = slot.lock().await;
        let folder = self.folder(server.id);
        let machine = match slot.take() {
            Some(machine) => {
                machine.server.apply(spec).await.map_err(|e| fault(&e))?;
                slot.insert(machine)
            }
            None => slot.insert(Machine::open(&folder, &server.name, spec, self.engine.clock.clone()).await.map_err(|e| fault(&e))?),
        };
        machine.save_spec(&folder, spec)?;
        machine.power(&self.engine, &self.vault, server, &folder).await
    }

    async fn get(&self, server: ServerId) -> Result<Option<ServerSpec>> {
        let Some(slot) = self.slot(server) else { return Ok(None) };
        let machine = slot.lock().await;
        Ok(machine.as_ref().map(Machine::spec))
    }

    async fn delete(&self, server: ServerId) -> Result<()> {
        let slot = self.slots().remove(&server);
        if let Some(slot) = slot
            && let Some(machine) = slot.lock().await.take()
        {
            machine.shutdown().await;
        }
        let folder = self.folder(server);
        match tokio::fs::remove_dir_all(&folder).await {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Fault::internal(format!("cannot remove {}: {e}", folder.display()))),
            _ => Ok(()),
        }
    }

    async fn write(&self, server: ServerId, instance: &str, database: &str, change: OracleChange) -> Result<OracleWrite> {
        let receipt = self.server(server).await?.write(instance, database, change).await.map_err(|e| fault(&e))?;
        Ok(OracleWrite { lsn: receipt.lsn, committed_at: receipt.committed_at })
    }

    async fn reboot(&self, server: &Server) -> Result<()> {
        let stopped = || Fault::conflict("ServerNotRunning", format!("Server '{}' does not run. Start it with PUT.", server.name));
        let slot = self.slot(server.id).ok_or_else(stopped)?;
        let mut slot = slot.lock().await;
        let machine = slot.as_mut().filter(|machine| machine.runs()).ok_or_else(stopped)?;
        machine.reboot(&self.engine, &self.vault, server, &self.folder(server.id)).await
    }

    async fn foreign_backup(
        &self,
        server: ServerId,
        instance: &str,
        database: &str,
        kind: BackupKind,
        product: Option<String>,
    ) -> Result<OracleWrite> {
        let receipt = self.server(server).await?.foreign_backup(instance, database, kind, product).await.map_err(|e| fault(&e))?;
        Ok(OracleWrite { lsn: receipt.lsn, committed_at: receipt.committed_at })
    }

    async fn checksum(&self, server: ServerId, instance: &str, database: &str, at: OracleMoment) -> Result<OracleChecksum> {
        let at = match at {
            OracleMoment::Latest => None,
            OracleMoment::Lsn(lsn) => Some(At::Lsn(lsn)),
            OracleMoment::Time(time) => Some(At::Time(time)),
        };
        let sum = self.server(server).await?.checksum(instance, database, at).await.map_err(|e| fault(&e))?;
        Ok(OracleChecksum { lsn: sum.lsn, committed_at: sum.committed_at, hash: sum.hash })
    }

    async fn put_group(&self, name: &str, servers: &[Server], spec: &GroupSpec) -> Result<Uuid> {
        spec.validate(name)?;
        self.make_group(name, servers, spec).await
    }

    async fn groups(&self) -> Result<Vec<(String, GroupSpec)>> {
        Ok(self.all_groups().await)
    }

    async fn delete_group(&self, name: &str) -> Result<bool> {
        self.drop_group(name).await
    }
}

#[async_trait]
impl Agents for Fleet {
    async fn live(&self) -> Vec<ServerId> {
        let slots: Vec<_> = self.slots().iter().map(|(id, slot)| (*id, slot.clone())).collect();
        let mut live = Vec::new();
        for (id, slot) in slots {
            if slot.lock().await.as_ref().is_some_and(|machine| machine.watch().is_some()) {
                live.push(id);
            }
        }
        live
    }
    async fn writes_by(&self, to: Timestamp) -> u64 {
        let slots: Vec<_> = self.slots().values().cloned().collect();
        let mut pages = 0_u64;
        for slot in slots {
            let server = slot.lock().await.as_ref().map(|machine| machine.server.clone());
            // Behind file work of the databases: off the async threads.
            let counted = tokio::task::spawn_blocking(move || server.map_or(0, |server| server.writes_by(to))).await;
            pages = pages.saturating_add(counted.unwrap_or(0));
        }
        pages
    }
    async fn next_due(&self, server: ServerId) -> Option<Timestamp> {
        self.watch(server).await?.next_due()
    }
    async fn settled(&self, server: ServerId, at: Timestamp) {
        if let Some(watch) = self.watch(server).await {
            watch.settled(at).await;
        }
    }
    async fn synced(&self, server: ServerId) {
        if let Some(watch) = self.watch(server).await {
            watch.schedule_synced().await;
        }
    }
}

/// What a caller of the emulator surface sees of a simulator's error.
fn fault(error: &WorkloadError) -> Fault {
    match error {
        WorkloadError::Fault(job) if job.code == "UserErrorSQLPODoesNotExist" => Fault::not_found(job.code.clone(), job.message.clone()),
        WorkloadError::Fault(job) => Fault::invalid(job.code.clone(), job.message.clone()),
        WorkloadError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => Fault::new(
            rsvault_domain::FaultKind::Unavailable,
            "EmulatorDiskFull",
            "The disk of the emulator's data folder is full. Free space and try again.",
        )
        .because(error),
        other => Fault::internal(other),
    }
}

/// Starts the fleet's work after the listener is up: earlier servers, then the seed's.
pub(crate) async fn start(fleet: &Fleet, seed: &crate::seed::Seed) -> Outcome<()> {
    fleet.reopen().await.map_err(|f| Failure::run(format!("cannot reopen the simulated servers: {}", explain(&f))))?;
    crate::seed::apply_servers(seed, fleet, &fleet.engine)
        .await
        .map_err(|f| Failure::run(format!("cannot apply the seed: {}", explain(&f))))?;
    crate::seed::apply_groups(seed, fleet, &fleet.engine).await.map_err(|f| Failure::run(format!("cannot apply the seed: {}", explain(&f))))
}
