//! A simulated server: instances in folders under one root, made to match a spec.
//!
//! Always holds: what the folder has is what the server has, so opening it again finds every
//! database as the last commit left it; the spec adds and drops only what the spec made, restored
//! databases stay; every background task is the server's and ends with [`SimulatedServer::shutdown`].

use super::aside::Aside;
use super::catalog::{Entry, Origin, file_name};
use super::database::{Database, WriteReceipt};
use super::instance::{Instance, Settings, Work, lock};
use super::oracle::{At, Checksum};
use super::pages::{PAGES_PER_MIB, seed_of};
use super::writer;
use crate::plugin::WorkloadError;
use rsvault_domain::backup::{BackupKind, RecoveryModel};
use rsvault_domain::discovery::{InstanceInventory, ServerState};
use rsvault_domain::id::NameKey;
use rsvault_domain::ports::{Clock, OracleChange};
use rsvault_domain::simulation::{InstanceSpec, SYSTEM_DATABASES, ServerSpec};
use std::collections::BTreeMap;
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
            applying: tokio::sync::Mutex::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        server.apply(spec).await?;
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
            Ok(())
        })
        .await?;
        self.retune();
        Ok(())
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
            self.provide(&instance, name, Origin::System, model, 1)?;
        }
        for database in &spec.databases {
            self.provide(&instance, &database.name, Origin::Spec, database.recovery_model, database.size_mib)?;
        }
        instance.set(Settings {
            version: spec.version.clone().unwrap_or_else(|| VERSION.to_owned()),
            edition: spec.edition.clone().unwrap_or_else(|| EDITION.to_owned()),
            online: spec.online && state == ServerState::Running,
            sysadmin: spec.sysadmin,
            rates: spec.databases.iter().map(|d| (NameKey::new(&d.name), d.write_rate)).collect(),
        });
        Ok(())
    }

    /// Makes a database if it is missing; else only its recovery model follows the spec.
    fn provide(
        &self,
        instance: &Arc<Instance>,
        name: &str,
        origin: Origin,
        model: RecoveryModel,
        size_mib: u32,
    ) -> Result<(), WorkloadError> {
        if let Some(entry) = instance.entries().into_iter().find(|e| NameKey::new(&e.name) == NameKey::new(name)) {
            if entry.origin == origin && entry.recovery_model == model {
                return Ok(());
            }
            return instance.change(|catalog| {
                if let Some(entry) = catalog.find_mut(name) {
                    entry.origin = origin;
                    entry.recovery_model = model;
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
        let seed = seed_of(&format!("{}/{}/{name}", self.name, instance.name));
        Database::create(&aside.files.data, &aside.files.log, size_mib * PAGES_PER_MIB, seed, self.clock.now())
            .map_err(|e| WorkloadError::io(format!("create database '{name}'"), e))?;
        let entry = Entry {
            name: name.to_owned(),
            origin,
            recovery_model: model,
            files,
            logical_data: name.to_owned(),
            logical_log: format!("{name}_log"),
            restoring: false,
            pending: None,
        };
        aside.install(entry, false)
    }

    /// Starts and stops background writers so that they match the settings. Cheap; called after
    /// everything that opens a database.
    pub(super) fn retune(&self) {
        let instances: Vec<_> = lock(&self.instances).values().cloned().collect();
        for instance in instances {
            let settings = instance.settings();
            for (name, database) in instance.open_databases() {
                let recovered = instance.database(name.as_str()).is_ok();
                let rate = if settings.online && recovered { settings.rates.get(&name).copied().unwrap_or(0) } else { 0 };
                writer::set_rate(&self.tasks, &self.stop, &database, rate);
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
        lock(&self.instances).iter().find_map(|(key, instance)| Some((key.clone(), instance.owner(path)?)))
    }

    /// What discovery sees.
    pub fn inventory(&self) -> Vec<InstanceInventory> {
        lock(&self.instances).values().map(|instance| instance.inventory()).collect()
    }

    /// Commits a change of up to `pages` pages of a database; which ones and what they hold then
    /// follows from `seed`.
    pub async fn write(&self, instance: &str, database: &str, change: OracleChange) -> Result<WriteReceipt, WorkloadError> {
        let (_, database) = self.instance(instance)?.database(database)?;
        blocking(move || database.write(change.pages, change.seed)).await
    }

    /// A backup by another product.
    pub async fn foreign_backup(&self, instance: &str, database: &str, _kind: BackupKind) -> Result<WriteReceipt, WorkloadError> {
        let (_, database) = self.instance(instance)?.database(database)?;
        blocking(move || database.mark(false).map(|m| m.receipt)).await
    }

    /// The oracle: the hash of all pages at an LSN or a time, known from the history of changes; with
    /// no `at`, read from the data file as it is now.
    pub async fn checksum(&self, instance: &str, database: &str, at: Option<At>) -> Result<Checksum, WorkloadError> {
        let (_, database) = self.instance(instance)?.database(database)?;
        blocking(move || database.checksum(at)).await
    }

    /// Recovers a database that a restore left in NORECOVERY.
    pub async fn recover(&self, instance: &str, database: &str) -> Result<(), WorkloadError> {
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
        self.retune();
        Ok(())
    }

    /// Ends all background work and brings the data files up to the log. The server can be opened
    /// again from its folder.
    pub async fn shutdown(&self) -> Result<(), WorkloadError> {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        let instances: Vec<_> = lock(&self.instances).values().cloned().collect();
        blocking(move || {
            for database in instances.iter().flat_map(|instance| instance.open_databases().into_values()) {
                database.checkpoint().map_err(|e| WorkloadError::io("checkpoint", e))?;
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
