//! A simulated server: instances in folders under one root, made to match a spec.
//!
//! Always holds: what the folder has is what the server has, so opening it again finds every
//! database as the last commit left it; the spec adds and drops only what the spec made, restored
//! databases stay; every background task is the server's and ends with [`SimulatedServer::shutdown`].

use super::aside::Aside;
use super::backup;
use super::catalog::{Entry, Origin, file_name};
use super::database::{Database, WriteReceipt};
use super::group::SimulatedGroup;
use super::instance::{Instance, Settings, Work, lock};
use super::oracle::{At, Checksum};
use super::pages::{PAGES_PER_MIB, seed_of};
use super::writer::{self, Pace};
use crate::plugin::WorkloadError;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::backup::{BackupKind, RecoveryModel};
use rsvault_domain::discovery::{InstanceInventory, ServerState};
use rsvault_domain::id::NameKey;
use rsvault_domain::ports::{Clock, OracleChange};
use rsvault_domain::simulation::{DatabaseFaults, DatabaseSpec, InstanceSpec, SYSTEM_DATABASES, ServerFaults, ServerSpec};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const VERSION: &str = "16.0.4165.4";
const EDITION: &str = "Developer Edition (64-bit)";

/// A simulated server.
pub struct SimulatedServer {
    name: String,
    root: PathBuf,
    clock: Arc<dyn Clock>,
    instances: Mutex<BTreeMap<NameKey, Arc<Instance>>>,
    faults: Mutex<ServerFaults>,
    /// Availability groups that it takes part in.
    pub(super) groups: Mutex<Vec<Arc<SimulatedGroup>>>,
    /// Groups that it has left.
    pub(super) left: Mutex<HashSet<NameKey>>,
    /// One change of the whole at a time.
    applying: tokio::sync::Mutex<()>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl SimulatedServer {
    /// Opens the server of a folder (made if missing) and applies `spec`.
    pub async fn open(root: &Path, name: &str, spec: &ServerSpec, clock: Arc<dyn Clock>) -> Result<Arc<Self>, WorkloadError> {
        let (root, opened_with) = (root.to_owned(), Arc::clone(&clock));
        let (root, instances) = blocking(move || {
            std::fs::create_dir_all(&root).map_err(|e| WorkloadError::io(format!("create {}", root.display()), e))?;
            // Paths in the inventory are absolute, wherever the process was started.
            let root = root.canonicalize().map_err(|e| WorkloadError::io(format!("open {}", root.display()), e))?;
            let instances = open_instances(&root, &opened_with)?;
            Ok((root, instances))
        })
        .await?;
        let server = Arc::new(Self {
            name: name.to_owned(),
            root,
            clock,
            instances: Mutex::new(instances),
            faults: Mutex::default(),
            groups: Mutex::default(),
            left: Mutex::default(),
            applying: tokio::sync::Mutex::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        server.apply(spec).await?;
        server.tasks.spawn(writer::run(Arc::downgrade(&server), server.stop.clone()));
        Ok(server)
    }

    /// Name of the server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes the server match `spec`. Databases that exist keep their pages and size; those that the
    /// spec made and no longer lists are dropped, as are whole instances.
    pub async fn apply(self: &Arc<Self>, spec: &ServerSpec) -> Result<(), WorkloadError> {
        let _one = self.applying.lock().await;
        let (server, spec) = (Arc::clone(self), spec.clone());
        *lock(&self.faults) = spec.faults.clone();
        blocking(move || {
            let gone: Vec<_> = {
                let mut instances = lock(&server.instances);
                let wanted: Vec<NameKey> = spec.instances.iter().map(|i| NameKey::new(&i.name)).collect();
                let gone: Vec<NameKey> = instances.keys().filter(|key| !wanted.contains(key)).cloned().collect();
                gone.iter().filter_map(|key| instances.remove(key)).collect()
            };
            for instance in gone {
                for entry in instance.entries() {
                    instance.drop_database(&entry.name)?;
                }
                std::fs::remove_dir_all(&instance.folder)
                    .map_err(|e| WorkloadError::io(format!("remove {}", instance.folder.display()), e))?;
            }
            for wanted in &spec.instances {
                server.apply_instance(wanted, spec.state)?;
            }
            server.retune();
            Ok(())
        })
        .await
    }

    fn apply_instance(&self, spec: &InstanceSpec, state: ServerState) -> Result<(), WorkloadError> {
        let key = NameKey::new(&spec.name);
        let known = lock(&self.instances).get(&key).cloned();
        let instance = match known {
            Some(instance) => instance,
            None => {
                let instance = Instance::open(&self.root.join(file_name(&spec.name)), &spec.name, Arc::clone(&self.clock))?;
                lock(&self.instances).insert(key, Arc::clone(&instance));
                instance
            }
        };
        let wanted: Vec<NameKey> = spec.databases.iter().map(|d| NameKey::new(&d.name)).collect();
        for entry in instance.entries() {
            if entry.origin == Origin::Spec && !wanted.contains(&NameKey::new(&entry.name)) {
                instance.drop_database(&entry.name)?;
            }
        }
        for name in SYSTEM_DATABASES {
            let model = if name == "model" { RecoveryModel::Full } else { RecoveryModel::Simple };
            let spec = DatabaseSpec {
                name: name.to_owned(),
                recovery_model: model,
                size_mib: 1,
                write_rate: 0,
                write_interval_seconds: 1,
                read_only: false,
                certificate: None,
                faults: DatabaseFaults::default(),
            };
            self.provide(&instance, &spec, Origin::System)?;
        }
        for database in &spec.databases {
            // One that is in an availability group stays there.
            if self.group_of(&instance.name, &database.name).is_none() {
                self.provide(&instance, database, Origin::Spec)?;
            }
        }
        instance.set(Settings {
            version: spec.version.clone().unwrap_or_else(|| VERSION.to_owned()),
            edition: spec.edition.clone().unwrap_or_else(|| EDITION.to_owned()),
            online: spec.online && state == ServerState::Running,
            sysadmin: spec.sysadmin,
            certificates: spec.certificates.clone(),
            faults: spec.faults.clone(),
            faults_of: spec.databases.iter().map(|d| (NameKey::new(&d.name), d.faults.clone())).collect(),
            paces: spec.databases.iter().filter_map(|d| Some((NameKey::new(&d.name), self.pace(&instance, d)?))).collect(),
        });
        Ok(())
    }

    /// What the writer of a database does; None for none.
    pub(super) fn pace(&self, instance: &Instance, spec: &DatabaseSpec) -> Option<Pace> {
        (spec.write_rate > 0 && !spec.read_only).then(|| Pace {
            pages: spec.write_rate,
            every: SignedDuration::from_secs(spec.write_interval_seconds.max(1).into()),
            seed: self.seed(instance, &spec.name),
        })
    }
    fn seed(&self, instance: &Instance, database: &str) -> u64 {
        seed_of(&format!("{}/{}/{database}", self.name, instance.name))
    }

    /// Makes a database if it is missing; else only its recovery model and whether it is read-only
    /// follow the spec.
    pub(super) fn provide(&self, instance: &Arc<Instance>, spec: &DatabaseSpec, origin: Origin) -> Result<(), WorkloadError> {
        let (name, model, read_only) = (spec.name.as_str(), spec.recovery_model, spec.read_only);
        if let Some((entry, database)) = instance.lookup(name) {
            if (entry.origin, entry.recovery_model, entry.read_only, &entry.certificate) == (origin, model, read_only, &spec.certificate) {
                return Ok(());
            }
            if entry.recovery_model != model {
                // First: a crash in between leaves a chain broken rather than one that has a hole.
                database.change_model(entry.recovery_model, model)?;
            }
            return instance.change(|catalog| {
                if let Some(entry) = catalog.find_mut(name) {
                    entry.origin = origin;
                    entry.recovery_model = model;
                    entry.read_only = read_only;
                    entry.certificate.clone_from(&spec.certificate);
                }
            });
        }
        let _claim = instance
            .claim(Work::Restore, name)
            .ok_or_else(|| WorkloadError::fault("UserErrorRestoreOperationInProgress", format!("Database '{name}'.")))?;
        let files = instance.default_files(name);
        if let Some(owner) = files.iter().find_map(|path| instance.owner(path)) {
            return Err(WorkloadError::fault(
                "UserErrorDatabaseFileCollision",
                format!("The files of '{name}' belong to database '{owner}'."),
            ));
        }
        let aside = Aside::reserve(instance, &files)?;
        let seed = self.seed(instance, name);
        Database::create(&aside.files.data, &aside.files.log, spec.size_mib * PAGES_PER_MIB, seed, self.clock.now())
            .map_err(|e| WorkloadError::io(format!("create database '{name}'"), e))?;
        let entry = Entry {
            name: name.to_owned(),
            origin,
            recovery_model: model,
            files,
            logical_data: name.to_owned(),
            logical_log: format!("{name}_log"),
            restoring: false,
            read_only,
            certificate: spec.certificate.clone(),
            restored_by: None,
            since: self.clock.now(),
            past: vec![],
            pending: None,
        };
        aside.install(entry, false)
    }

    /// Starts and stops writers so that they match the settings. Cheap; called after everything that
    /// opens a database.
    fn retune(&self) {
        for instance in self.instances() {
            let settings = instance.settings();
            for (name, database) in instance.open_databases() {
                let writes = settings.online && !self.stop.is_cancelled() && instance.database(name.as_str()).is_ok();
                let pace = settings.paces.get(&name).copied().filter(|_| writes);
                if let Err(error) = database.set_pace(pace) {
                    tracing::debug!(%error, "a database went while its writer was set");
                }
            }
        }
        self.groups().iter().for_each(|group| group.retune());
    }
    /// The same, off the async threads.
    pub(super) async fn retuned(self: &Arc<Self>) -> Result<(), WorkloadError> {
        let server = Arc::clone(self);
        blocking(move || {
            server.retune();
            Ok(())
        })
        .await
    }

    fn instances(&self) -> Vec<Arc<Instance>> {
        lock(&self.instances).values().cloned().collect()
    }

    /// Pages that the writers change until `at`: a clock that jumps there has them all to write.
    pub fn writes_by(&self, at: Timestamp) -> u64 {
        let databases = self.instances().into_iter().flat_map(|instance| instance.open_databases().into_values());
        let own = databases.map(|database| database.writes_by(at)).fold(0, u64::saturating_add);
        // A group is counted once: where it is the primary.
        let groups = self.groups().into_iter().filter(|group| group.is_primary(self)).map(|group| group.writes_by(at));
        groups.fold(own, u64::saturating_add)
    }

    /// Lets the writers catch up and removes restores that nobody went on with.
    pub(super) fn look(&self) {
        self.groups().iter().filter(|group| group.is_primary(self)).for_each(|group| group.look());
        for instance in self.instances() {
            for database in instance.open_databases().into_values() {
                if let Err(error) = database.current().map(|_| ())
                    && !matches!(error, WorkloadError::Fault(_))
                {
                    tracing::warn!(%error, instance = instance.name, "a writer could not commit");
                }
            }
            if let Err(error) = instance.tidy() {
                tracing::warn!(%error, instance = instance.name, "a restore that nobody goes on with could not be removed");
            }
        }
    }

    /// The instance of that name, whether it accepts connections or not.
    pub(super) fn instance(&self, name: &str) -> Result<Arc<Instance>, WorkloadError> {
        lock(&self.instances).get(&NameKey::new(name)).cloned().ok_or_else(|| {
            WorkloadError::fault("UserErrorOpeningSQLConnection", format!("There is no instance '{name}' on server '{}'.", self.name))
        })
    }

    /// Instance (folded) and name of the database that a file belongs to.
    pub(super) fn owner(&self, path: &Path) -> Option<(NameKey, String)> {
        let own = lock(&self.instances).iter().find_map(|(key, instance)| Some((key.clone(), instance.owner(path)?)));
        own.or_else(|| self.groups().iter().find_map(|group| Some((NameKey::new(&group.name), group.instance.owner(path)?))))
    }

    /// What is wrong with the server.
    pub(super) fn faults(&self) -> ServerFaults {
        lock(&self.faults).clone()
    }

    /// What discovery sees.
    pub fn inventory(&self) -> Vec<InstanceInventory> {
        lock(&self.instances).values().map(|instance| instance.inventory()).collect()
    }

    /// Commits a change of a database; which pages and what they hold then follows from its seed.
    pub async fn write(&self, instance: &str, database: &str, change: OracleChange) -> Result<WriteReceipt, WorkloadError> {
        let holder = self.holder_of(instance, database)?;
        self.may_write(&holder)?;
        let (entry, database) = holder.database(database)?;
        if entry.read_only {
            return Err(WorkloadError::fault(
                "UserErrorGenericSQLUserCorrectableFault",
                format!("Database '{}' is read-only.", entry.name),
            ));
        }
        let bulk = change.bulk && entry.recovery_model == RecoveryModel::BulkLogged;
        blocking(move || database.write(OracleChange { bulk, ..change })).await
    }

    /// Another product takes a backup of `kind`, whose bytes nobody here sees: a log takes the log away
    /// from the next log backup, a full becomes the base of differentials. A product that gives its name is
    /// known as the one that broke the chain. Answers where it ended.
    pub async fn foreign_backup(
        &self,
        instance: &str,
        database: &str,
        kind: BackupKind,
        product: Option<String>,
    ) -> Result<WriteReceipt, WorkloadError> {
        let instance = self.holder_of(instance, database)?;
        instance.connect()?;
        let (entry, database) = instance.database(database)?;
        backup::refuse_kind(&entry, kind)?;
        blocking(move || database.foreign(kind, entry.recovery_model, product)).await
    }

    /// The oracle: the hash of all pages at an LSN or a time, known from the history of changes; with
    /// no `at`, read from the data file as it is now.
    pub async fn checksum(&self, instance: &str, database: &str, at: Option<At>) -> Result<Checksum, WorkloadError> {
        let (instance, database) = (self.holder_of(instance, database)?, database.to_owned());
        blocking(move || instance.checksum(&database, at)).await
    }

    /// Recovers a database that a restore left in NORECOVERY.
    pub async fn recover(self: &Arc<Self>, instance: &str, database: &str) -> Result<(), WorkloadError> {
        let (instance, name) = (self.instance(instance)?, database.to_owned());
        blocking(move || {
            let (entry, database) =
                instance.lookup(&name).ok_or_else(|| WorkloadError::fault("UserErrorSQLPODoesNotExist", format!("Database '{name}'.")))?;
            if entry.restoring {
                database.update_boot(|boot| boot.recovery_fork = uuid::Uuid::new_v4())?;
                instance.change(|catalog| catalog.find_mut(&name).map(|entry| entry.restoring = false))?;
            }
            Ok(())
        })
        .await?;
        self.retuned().await
    }

    /// Ends all background work and brings the data files up to the log. The server can be opened
    /// again from its folder.
    pub async fn shutdown(&self) -> Result<(), WorkloadError> {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        let instances = self.instances();
        blocking(move || {
            for database in instances.iter().flat_map(|instance| instance.open_databases().into_values()) {
                database.checkpoint()?;
                database.set_pace(None)?;
            }
            Ok(())
        })
        .await
    }
}

impl Drop for SimulatedServer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn open_instances(root: &Path, clock: &Arc<dyn Clock>) -> Result<BTreeMap<NameKey, Arc<Instance>>, WorkloadError> {
    let context = |e| WorkloadError::io(format!("read {}", root.display()), e);
    let mut instances = BTreeMap::new();
    for folder in std::fs::read_dir(root).map_err(context)? {
        let path = folder.map_err(context)?.path();
        if path.join("catalog.json").is_file() {
            let instance = Instance::open(&path, "", Arc::clone(clock))?;
            instances.insert(NameKey::new(&instance.name), instance);
        }
    }
    Ok(instances)
}

/// Runs file work off the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorkloadError> + Send + 'static,
) -> Result<T, WorkloadError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| WorkloadError::io("file work", std::io::Error::other(e)))?
}
