//! A simulated availability group: databases that several servers share.
//!
//! Always holds: a group has one content of its databases, kept in a folder of its own, so a commit on the
//! primary is on every synchronized replica at once, and a failover changes roles alone; which node takes
//! which backup is asked of `domain::availability`, by each node of itself.

use super::catalog::Origin;
use super::instance::{Instance, Settings, lock};
use super::server::{SimulatedServer, blocking};
use crate::plugin::WorkloadError;
use jiff::Timestamp;
use rsvault_domain::availability::{Group, GroupInventory, Replica, Role};
use rsvault_domain::backup::BackupKind;
use rsvault_domain::fault::codes;
use rsvault_domain::id::NameKey;
use rsvault_domain::ports::Clock;
use rsvault_domain::simulation::GroupSpec;
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};
use uuid::Uuid;

/// A group.
pub struct SimulatedGroup {
    id: Uuid,
    pub(super) name: String,
    /// Holds the databases.
    pub(super) instance: Arc<Instance>,
    state: Mutex<State>,
    /// One change of the whole at a time.
    applying: tokio::sync::Mutex<()>,
}

struct State {
    spec: GroupSpec,
    /// In the order of the spec's replicas.
    members: Vec<Weak<SimulatedServer>>,
}

fn refused(detail: String) -> WorkloadError {
    WorkloadError::fault("UserErrorGenericSQLUserCorrectableFault", detail)
}

impl SimulatedGroup {
    /// Opens the group of a folder (made if missing) and applies `spec`. `members`: the servers of its replicas,
    /// in their order.
    pub async fn open(
        folder: &Path,
        id: Uuid,
        name: &str,
        spec: &GroupSpec,
        members: &[Arc<SimulatedServer>],
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, WorkloadError> {
        let (folder, owned) = (folder.to_owned(), name.to_owned());
        let instance = blocking(move || {
            std::fs::create_dir_all(&folder).map_err(|e| WorkloadError::io(format!("create {}", folder.display()), e))?;
            let folder = folder.canonicalize().map_err(|e| WorkloadError::io(format!("open {}", folder.display()), e))?;
            Instance::open(&folder, &owned, clock)
        })
        .await?;
        let state = Mutex::new(State { spec: GroupSpec { databases: Vec::new(), ..spec.clone() }, members: Vec::new() });
        let group = Arc::new(Self { id, name: name.to_owned(), instance, state, applying: tokio::sync::Mutex::default() });
        group.apply(spec, members).await?;
        Ok(group)
    }

    /// The cluster's id of it.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What it was made of.
    pub fn spec(&self) -> GroupSpec {
        lock(&self.state).spec.clone()
    }

    /// Makes the group match `spec`: roles, preference, and databases. One that stands on the primary's instance is
    /// moved in with all that it holds; one that is left out stays on that instance.
    pub async fn apply(self: &Arc<Self>, spec: &GroupSpec, members: &[Arc<SimulatedServer>]) -> Result<(), WorkloadError> {
        let _one = self.applying.lock().await;
        let (group, spec, members) = (Arc::clone(self), spec.clone(), members.to_vec());
        blocking(move || {
            let before: Vec<_> = lock(&group.state).members.iter().filter_map(Weak::upgrade).collect();
            group.settle_databases(&spec, &members)?;
            for gone in before.iter().filter(|server| !members.iter().any(|member| Arc::ptr_eq(member, server))) {
                gone.leave(&group.name);
            }
            *lock(&group.state) = State { spec, members: members.iter().map(Arc::downgrade).collect() };
            for member in &members {
                member.join(&group);
            }
            group.retune();
            Ok(())
        })
        .await
    }

    fn settle_databases(&self, spec: &GroupSpec, members: &[Arc<SimulatedServer>]) -> Result<(), WorkloadError> {
        let hosts: Vec<(&Arc<SimulatedServer>, Arc<Instance>)> = members
            .iter()
            .zip(&spec.replicas)
            .map(|(server, replica)| Ok((server, server.instance(&replica.instance)?)))
            .collect::<Result<_, WorkloadError>>()?;
        let primary = spec.primary().and_then(|name| hosts.iter().find(|(server, _)| server.name().eq_ignore_ascii_case(name)));
        let (Some((_, home)), Some((maker, _))) = (primary, hosts.first()) else {
            return Err(refused(format!("Availability group '{}' has no primary replica.", self.name)));
        };
        let wanted: Vec<NameKey> = spec.databases.iter().map(|database| NameKey::new(&database.name)).collect();
        for (server, host) in hosts.iter().filter(|(_, host)| !Arc::ptr_eq(host, home)) {
            if let Some(there) = spec.databases.iter().find(|database| host.lookup(&database.name).is_some()) {
                return Err(refused(format!(
                    "Database '{}' stands by itself on '{}', a secondary replica. Drop it there, then put it into the group.",
                    there.name,
                    server.name()
                )));
            }
        }
        for entry in self.instance.entries().iter().filter(|entry| !wanted.contains(&NameKey::new(&entry.name))) {
            self.instance.hand_over(&entry.name, home, Origin::Restored)?;
        }
        for database in &spec.databases {
            if self.instance.lookup(&database.name).is_none() && home.lookup(&database.name).is_some() {
                home.hand_over(&database.name, &self.instance, Origin::Spec)?;
            }
            maker.provide(&self.instance, database, Origin::Spec)?;
        }
        let of_home = home.settings();
        self.instance.set(Settings {
            version: of_home.version,
            edition: of_home.edition,
            online: true,
            sysadmin: true,
            faults_of: spec.databases.iter().map(|d| (NameKey::new(&d.name), d.faults.clone())).collect(),
            paces: spec.databases.iter().filter_map(|d| Some((NameKey::new(&d.name), maker.pace(&self.instance, d)?))).collect(),
            ..Settings::default()
        });
        Ok(())
    }

    /// Takes the group apart: its databases stay on the primary's instance.
    pub async fn dissolve(self: &Arc<Self>) -> Result<(), WorkloadError> {
        let spec = GroupSpec { databases: Vec::new(), ..self.spec() };
        let members: Vec<_> = lock(&self.state).members.iter().filter_map(Weak::upgrade).collect();
        self.apply(&spec, &members).await?;
        for member in members {
            member.leave(&self.name);
        }
        Ok(())
    }

    /// Starts and stops the writers of its databases: they write while the primary runs.
    pub(super) fn retune(&self) {
        let writes = self.view().replicas.iter().any(|replica| replica.role == Role::Primary && replica.synchronized);
        let settings = self.instance.settings();
        for (name, database) in self.instance.open_databases() {
            if let Err(error) = database.set_pace(settings.paces.get(&name).copied().filter(|_| writes)) {
                tracing::debug!(%error, "a database went while its writer was set");
            }
        }
    }

    /// Lets the writers catch up.
    pub(super) fn look(&self) {
        for database in self.instance.open_databases().into_values() {
            if let Err(error) = database.current().map(|_| ())
                && !matches!(error, WorkloadError::Fault(_))
            {
                tracing::warn!(%error, group = self.name, "a writer could not commit");
            }
        }
    }

    /// Pages that its writers change until `at`.
    pub(super) fn writes_by(&self, at: Timestamp) -> u64 {
        self.instance.open_databases().into_values().map(|database| database.writes_by(at)).fold(0, u64::saturating_add)
    }

    /// Brings its data files up to the log.
    pub async fn shutdown(&self) -> Result<(), WorkloadError> {
        let instance = Arc::clone(&self.instance);
        blocking(move || {
            for database in instance.open_databases().into_values() {
                database.checkpoint()?;
                database.set_pace(None)?;
            }
            Ok(())
        })
        .await
    }

    /// The group as its nodes see it.
    pub(super) fn view(&self) -> Group {
        let (spec, members) = {
            let state = lock(&self.state);
            (state.spec.clone(), state.members.clone())
        };
        let primary = spec.primary().map(NameKey::new);
        let replicas = spec.replicas.iter().zip(&members).map(|(replica, member)| {
            let host = member.upgrade().and_then(|server| server.instance(&replica.instance).ok());
            let settings = host.map(|host| host.settings()).unwrap_or_default();
            Replica {
                host: replica.server.chars().take(15).collect(),
                instance: replica.instance.clone(),
                version: settings.version,
                role: match primary.as_ref() == Some(&NameKey::new(&replica.server)) {
                    _ if spec.resolving => Role::Resolving,
                    true => Role::Primary,
                    false => Role::Secondary,
                },
                synchronized: replica.synchronized && settings.online,
                node: None,
                vm_id: None,
            }
        });
        Group { id: self.id, name: self.name.clone(), preference: spec.backup_preference, replicas: replicas.collect() }
    }

    /// The instance that a server takes part with.
    pub(super) fn host_on(&self, server: &SimulatedServer) -> Option<Arc<Instance>> {
        let instance = lock(&self.state).spec.replica(server.name())?.instance.clone();
        server.instance(&instance).ok()
    }

    fn role_on(&self, server: &SimulatedServer) -> Option<Role> {
        let host: String = server.name().chars().take(15).collect();
        self.view().replica_of_host(&host).map(|replica| replica.role)
    }

    /// Whether a server is the primary.
    pub(super) fn is_primary(&self, server: &SimulatedServer) -> bool {
        self.role_on(server) == Some(Role::Primary)
    }

    /// Where a backup of one of its databases is read on a server; refused if that is not the one to take it.
    pub(super) fn source(&self, server: &SimulatedServer, database: &str, kind: BackupKind) -> Result<Arc<Instance>, WorkloadError> {
        let host = self.host_on(server).ok_or_else(|| refused(format!("The server is no replica of '{}'.", self.name)))?;
        host.connect()?;
        if self.instance.lookup(database).is_none() && self.stands_alone(database) {
            return Err(WorkloadError::fault(codes::MOVED_OUT, format!("Database '{database}' of group '{}'.", self.name)));
        }
        let view = self.view();
        let name: String = server.name().chars().take(15).collect();
        match view.replica_of_host(&name).and_then(|replica| view.refusal(replica, kind)) {
            Some(code) => Err(WorkloadError::fault(code, format!("Server '{}', group '{}'.", server.name(), self.name))),
            None => Ok(Arc::clone(&self.instance)),
        }
    }

    /// Whether a database of this name stands by itself on one of the replicas.
    fn stands_alone(&self, database: &str) -> bool {
        let members: Vec<_> = lock(&self.state).members.iter().filter_map(Weak::upgrade).collect();
        members.iter().filter_map(|server| self.host_on(server)).any(|host| host.lookup(database).is_some())
    }
}

impl SimulatedServer {
    fn join(&self, group: &Arc<SimulatedGroup>) {
        let mut groups = lock(&self.groups);
        groups.retain(|other| other.id != group.id);
        groups.push(Arc::clone(group));
    }
    fn leave(&self, group: &str) {
        lock(&self.groups).retain(|other| NameKey::new(&other.name) != NameKey::new(group));
        lock(&self.left).insert(NameKey::new(group));
    }
    /// The groups that it takes part in.
    pub(super) fn groups(&self) -> Vec<Arc<SimulatedGroup>> {
        lock(&self.groups).clone()
    }
    fn group(&self, name: &str) -> Option<Arc<SimulatedGroup>> {
        self.groups().into_iter().find(|group| NameKey::new(&group.name) == NameKey::new(name))
    }
    /// The group that has a database of this name, where an instance of this server takes part.
    pub(super) fn group_of(&self, instance: &str, database: &str) -> Option<Arc<SimulatedGroup>> {
        let here = |group: &Arc<SimulatedGroup>| group.host_on(self).is_some_and(|host| NameKey::new(&host.name) == NameKey::new(instance));
        self.groups().into_iter().find(|group| here(group) && group.instance.lookup(database).is_some())
    }

    /// What discovery sees of its groups, and why it sees less than there is.
    pub fn group_inventory(&self) -> (Vec<GroupInventory>, Option<WorkloadError>) {
        let (mut seen, mut blind) = (Vec::new(), None);
        for group in self.groups() {
            let Some(host) = group.host_on(self).filter(|host| host.connect().is_ok()) else { continue };
            if host.settings().faults.no_view_server_state {
                blind = Some(WorkloadError::fault(codes::NO_VIEW_SERVER_STATE, format!("Instance '{}'.", host.name)));
                continue;
            }
            seen.push(GroupInventory { group: group.view(), databases: group.instance.inventory().databases });
        }
        (seen, blind)
    }

    /// The instance or group of that name.
    pub(super) fn holder(&self, name: &str) -> Result<Arc<Instance>, WorkloadError> {
        match self.group(name) {
            Some(group) => Ok(Arc::clone(&group.instance)),
            None => self.instance(name),
        }
    }

    /// Where a database is, under its instance or under its group.
    pub(super) fn holder_of(&self, instance: &str, database: &str) -> Result<Arc<Instance>, WorkloadError> {
        match self.group_of(instance, database) {
            Some(group) => Ok(Arc::clone(&group.instance)),
            None => self.holder(instance),
        }
    }

    /// Refuses a write to a secondary replica.
    pub(super) fn may_write(&self, holder: &Arc<Instance>) -> Result<(), WorkloadError> {
        let group = self.groups().into_iter().find(|group| Arc::ptr_eq(&group.instance, holder));
        match group {
            Some(group) if !group.is_primary(self) => {
                Err(refused(format!("Server '{}' is not the primary replica of availability group '{}'.", self.name(), group.name)))
            }
            _ => Ok(()),
        }
    }

    /// Where a backup is read; refused if the database has moved into or out of a group, or if another
    /// node is to take it.
    pub(super) fn source(&self, instance: &str, database: &str, kind: BackupKind) -> Result<Arc<Instance>, WorkloadError> {
        if let Some(group) = self.group(instance) {
            return group.source(self, database, kind);
        }
        if lock(&self.left).contains(&NameKey::new(instance)) {
            return Err(WorkloadError::fault(codes::MOVED_OUT, format!("There is no availability group '{instance}' any more.")));
        }
        let own = self.instance(instance)?;
        match self.group_of(instance, database).filter(|_| own.lookup(database).is_none()) {
            Some(group) => Err(WorkloadError::fault(codes::MOVED_IN, format!("Database '{database}' is in group '{}'.", group.name))),
            None => Ok(own),
        }
    }
}
