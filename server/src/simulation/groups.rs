//! The simulated availability groups of this process, and the files that say what they were made of.
//!
//! Always holds: one folder per group id; a database that is in a group is in no server's own spec, so that
//! no server makes it anew; a group is open before the agents of its nodes are.

use super::machine::save_json;
use super::{Fleet, fault};
use rsvault_agent::plugin::simulated::SimulatedGroup;
use rsvault_domain::discovery::Server;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{NameKey, ServerId};
use rsvault_domain::simulation::{GroupSpec, ServerSpec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

const FILE: &str = "group.json";

/// What a group was last made with.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    id: Uuid,
    name: String,
    servers: Vec<ServerId>,
    spec: GroupSpec,
}

/// An open group.
#[derive(Clone)]
struct Open {
    name: String,
    group: Arc<SimulatedGroup>,
    servers: Vec<ServerId>,
}

/// All groups.
pub(super) struct Groups {
    dir: PathBuf,
    open: tokio::sync::Mutex<BTreeMap<NameKey, Open>>,
}

impl Groups {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.join("groups"), open: tokio::sync::Mutex::default() }
    }

    fn saved(&self) -> Result<Vec<Saved>> {
        let reading = |e: std::io::Error| Fault::internal(format!("cannot read {}: {e}", self.dir.display()));
        let folders = match std::fs::read_dir(&self.dir) {
            Ok(folders) => folders,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(reading(e)),
        };
        let mut saved = Vec::new();
        for folder in folders {
            let path = folder.map_err(reading)?.path().join(FILE);
            if path.is_file() {
                let text = std::fs::read(&path).map_err(reading)?;
                saved.push(
                    serde_json::from_slice(&text)
                        .map_err(|e| Fault::internal(format!("{} is not an availability group: {e}", path.display())))?,
                );
            }
        }
        Ok(saved)
    }
}

impl Fleet {
    /// Opens the groups that an earlier process left.
    pub(super) async fn reopen_groups(&self) -> Result<()> {
        for saved in self.groups.saved()? {
            self.open_group(saved).await?;
        }
        Ok(())
    }

    async fn open_group(&self, saved: Saved) -> Result<()> {
        let mut open = self.groups.open.lock().await;
        let key = NameKey::new(&saved.name);
        let mut members = Vec::with_capacity(saved.servers.len());
        for server in &saved.servers {
            members.push(self.server(*server).await?);
        }
        let folder = self.groups.dir.join(saved.id.to_string());
        let group = match open.get(&key) {
            Some(stands) => {
                stands.group.apply(&saved.spec, &members).await.map_err(|e| fault(&e))?;
                Arc::clone(&stands.group)
            }
            None => {
                let clock = self.engine.clock.clone();
                let made = SimulatedGroup::open(&folder, saved.id, &saved.name, &saved.spec, &members, clock).await;
                made.map_err(|e| fault(&e))?
            }
        };
        save_json(&folder.join(FILE), &saved)?;
        open.insert(key, Open { name: saved.name, group, servers: saved.servers.clone() });
        drop(open);
        for server in saved.servers {
            self.forget_grouped(server).await?;
        }
        Ok(())
    }

    /// Makes or changes a group.
    pub(super) async fn make_group(&self, name: &str, servers: &[Server], spec: &GroupSpec) -> Result<Uuid> {
        let stands = self.groups.open.lock().await.get(&NameKey::new(name)).cloned();
        let (id, name) = stands.map_or_else(|| (Uuid::new_v4(), name.to_owned()), |open| (open.group.id(), open.name));
        self.open_group(Saved { id, name, servers: servers.iter().map(|server| server.id).collect(), spec: spec.clone() }).await?;
        Ok(id)
    }

    /// All groups by name.
    pub(super) async fn all_groups(&self) -> Vec<(String, GroupSpec)> {
        self.groups.open.lock().await.values().map(|open| (open.name.clone(), open.group.spec())).collect()
    }

    /// Takes a group apart.
    pub(super) async fn drop_group(&self, name: &str) -> Result<bool> {
        let mut open = self.groups.open.lock().await;
        let key = NameKey::new(name);
        let Some(Open { group, .. }) = open.get(&key) else { return Ok(false) };
        group.dissolve().await.map_err(|e| fault(&e))?;
        let folder = self.groups.dir.join(group.id().to_string());
        tokio::fs::remove_dir_all(&folder).await.map_err(|e| Fault::internal(format!("cannot remove {}: {e}", folder.display())))?;
        open.remove(&key);
        Ok(true)
    }

    pub(super) async fn close_groups(&self) {
        for open in self.groups.open.lock().await.values() {
            if let Err(error) = open.group.shutdown().await {
                tracing::warn!(group = open.name, %error, "the availability group did not save its last state; its log has it");
            }
        }
    }

    /// What a server is to have by itself: without what is in a group that it takes part in.
    pub(super) async fn ungrouped(&self, server: ServerId, name: &str, spec: &ServerSpec) -> ServerSpec {
        without(spec, &self.groups_of(server).await, name)
    }

    async fn groups_of(&self, server: ServerId) -> Vec<GroupSpec> {
        let open = self.groups.open.lock().await;
        open.values().filter(|open| open.servers.contains(&server)).map(|open| open.group.spec()).collect()
    }

    /// Takes what has moved into a group out of the server's own spec.
    async fn forget_grouped(&self, server: ServerId) -> Result<()> {
        // Asked before the server is held: who holds the groups may wait for the server.
        let groups = self.groups_of(server).await;
        let Some(slot) = self.slot(server) else { return Ok(()) };
        let mut slot = slot.lock().await;
        let Some(machine) = slot.as_mut() else { return Ok(()) };
        let spec = without(machine.made_of(), &groups, machine.server.name());
        machine.save_spec(&self.folder(server), &spec)
    }
}

/// The spec of the server `name` without the databases of these groups.
fn without(spec: &ServerSpec, groups: &[GroupSpec], name: &str) -> ServerSpec {
    let mut spec = spec.clone();
    for group in groups {
        let Some(replica) = group.replica(name) else { continue };
        for instance in spec.instances.iter_mut().filter(|i| NameKey::new(&i.name) == NameKey::new(&replica.instance)) {
            instance.databases.retain(|d| !group.databases.iter().any(|grouped| NameKey::new(&grouped.name) == NameKey::new(&d.name)));
        }
    }
    spec
}
