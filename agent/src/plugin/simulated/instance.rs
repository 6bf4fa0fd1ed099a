//! One instance: its settings, its databases, and who works on them.
//!
//! Always holds: names are compared without case; a database is made aside and put in place by
//! [`Instance::install`] alone, whether the spec or a restore asked for it; one restore at a time
//! per database name and one full backup at a time per database.

use super::catalog::{Catalog, Entry, Files, OpenDatabases, Origin, file_name};
use super::database::Database;
use crate::plugin::WorkloadError;
use rsvault_domain::backup::FileKind;
use rsvault_domain::discovery::{DataDirectory, DatabaseInventory, InstanceInventory};
use rsvault_domain::fault::JobFault;
use rsvault_domain::id::NameKey;
use rsvault_domain::ports::Clock;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the spec says of an instance.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) version: String,
    pub(super) edition: String,
    pub(super) online: bool,
    pub(super) sysadmin: bool,
    /// Pages a second of the background writers.
    pub(super) rates: HashMap<NameKey, u32>,
}

/// An instance.
pub(super) struct Instance {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) clock: Arc<dyn Clock>,
    settings: Mutex<Settings>,
    shelf: Mutex<Shelf>,
    claims: Mutex<HashSet<(Work, NameKey)>>,
}

struct Shelf {
    catalog: Catalog,
    open: OpenDatabases,
}

/// What only one may do to a database at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Work {
    /// A full backup.
    Backup,
    /// A restore or the making of it.
    Restore,
}

/// Gives the database free again when dropped.
pub(super) struct Claim(Arc<Instance>, (Work, NameKey));

impl Drop for Claim {
    fn drop(&mut self) {
        lock(&self.0.claims).remove(&self.1);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Instance {
    /// Opens the instance of a folder, or makes the folder for a new one. Finishes swaps that a
    /// crash cut off and removes what never was finished.
    pub(super) fn open(folder: &Path, name: &str, clock: Arc<dyn Clock>) -> Result<Arc<Self>, WorkloadError> {
        for part in ["Data", "Log"] {
            let path = folder.join(part);
            fs::create_dir_all(&path).map_err(|e| WorkloadError::io(format!("create {}", path.display()), e))?;
        }
        let path = folder.join("catalog.json");
        let mut catalog = if path.exists() { Catalog::read(&path)? } else { Catalog { instance: name.to_owned(), ..Catalog::default() } };
        for entry in &mut catalog.databases {
            entry.settle()?;
        }
        for left in catalog.aside.drain(..) {
            remove(&left);
        }
        catalog.write(&path)?;
        let mut open = OpenDatabases::new();
        for entry in &catalog.databases {
            let database = Database::open(&entry.files.data, &entry.files.log, Arc::clone(&clock))
                .map_err(|e| WorkloadError::io(format!("open database '{}' of {}", entry.name, catalog.instance), e))?;
            open.insert(NameKey::new(&entry.name), Arc::new(database));
        }
        Ok(Arc::new(Self {
            name: catalog.instance.clone(),
            folder: folder.to_owned(),
            clock,
            settings: Mutex::default(),
            shelf: Mutex::new(Shelf { catalog, open }),
            claims: Mutex::default(),
        }))
    }

    pub(super) fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }
    pub(super) fn set(&self, settings: Settings) {
        *lock(&self.settings) = settings;
    }

    /// Default folder of a kind of file.
    pub(super) fn directory(&self, kind: FileKind) -> PathBuf {
        self.folder.join(kind.as_str())
    }
    /// Default files of a database.
    pub(super) fn default_files(&self, database: &str) -> Files {
        let name = file_name(database);
        Files {
            data: self.directory(FileKind::Data).join(format!("{name}.mdf")),
            log: self.directory(FileKind::Log).join(format!("{name}_log.ldf")),
        }
    }
    /// Version as backups record it.
    pub(super) fn engine_version(&self) -> String {
        let settings = lock(&self.settings);
        format!("SQL Server {} ({})", settings.version, settings.edition)
    }

    /// Refuses what needs a connection as the backup account.
    pub(super) fn connect(&self) -> Result<(), WorkloadError> {
        let settings = lock(&self.settings);
        if !settings.online {
            return Err(WorkloadError::fault(
                "UserErrorOpeningSQLConnection",
                format!("Instance '{}' does not accept connections.", self.name),
            ));
        }
        if !settings.sysadmin {
            return Err(WorkloadError::fault("UserErrorSQLNoSysadminMembership", format!("Instance '{}'.", self.name)));
        }
        Ok(())
    }

    /// What discovery sees.
    pub(super) fn inventory(&self) -> InstanceInventory {
        let fault: Option<JobFault> = self.connect().err().map(|e| e.to_job_fault());
        let mut databases = Vec::new();
        if fault.is_none() {
            let shelf = lock(&self.shelf);
            databases.extend(shelf.catalog.databases.iter().map(|entry| DatabaseInventory {
                name: entry.name.clone(),
                recovery_model: entry.recovery_model,
                size: shelf.open.get(&NameKey::new(&entry.name)).map_or(0, |database| database.data_size()),
                read_only: false,
            }));
        }
        let directories = [FileKind::Data, FileKind::Log]
            .map(|kind| DataDirectory { kind, path: format!("{}{MAIN_SEPARATOR}", self.directory(kind).display()) })
            .to_vec();
        InstanceInventory { name: self.name.clone(), version: self.settings().version, directories, databases, fault }
    }

    /// A database and its entry, whatever its state.
    pub(super) fn lookup(&self, database: &str) -> Option<(Entry, Arc<Database>)> {
        let shelf = lock(&self.shelf);
        let entry = shelf.catalog.find(database)?;
        Some((entry.clone(), Arc::clone(shelf.open.get(&NameKey::new(database))?)))
    }
    /// A database that is there and recovered.
    pub(super) fn database(&self, database: &str) -> Result<(Entry, Arc<Database>), WorkloadError> {
        let found = self.lookup(database).ok_or_else(|| {
            WorkloadError::fault("UserErrorSQLPODoesNotExist", format!("Database '{database}' on instance '{}'.", self.name))
        })?;
        if found.0.restoring {
            return Err(WorkloadError::fault(
                "UserErrorGenericSQLUserCorrectableFault",
                format!("Database '{database}' is in the middle of a restore (NORECOVERY); recover it or restore it anew first."),
            ));
        }
        Ok(found)
    }
    /// All entries.
    pub(super) fn entries(&self) -> Vec<Entry> {
        lock(&self.shelf).catalog.databases.clone()
    }
    /// Name of the database that a file belongs to.
    pub(super) fn owner(&self, path: &Path) -> Option<String> {
        lock(&self.shelf).catalog.owner(path).map(|entry| entry.name.clone())
    }

    /// Takes a database for a piece of work; None while another has it.
    pub(super) fn claim(self: &Arc<Self>, work: Work, database: &str) -> Option<Claim> {
        let key = (work, NameKey::new(database));
        lock(&self.claims).insert(key.clone()).then(|| Claim(Arc::clone(self), key))
    }

    /// Changes the catalog, then stores it; a change that cannot be stored is taken back.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Catalog) -> T) -> Result<T, WorkloadError> {
        let mut shelf = lock(&self.shelf);
        self.change_on(&mut shelf, change)
    }
    fn change_on<T>(&self, shelf: &mut Shelf, change: impl FnOnce(&mut Catalog) -> T) -> Result<T, WorkloadError> {
        let mut next = shelf.catalog.clone();
        let out = change(&mut next);
        next.write(&self.folder.join("catalog.json"))?;
        shelf.catalog = next;
        Ok(out)
    }

    /// Puts files that were built aside in the place of `entry`. The stored catalog is the point of
    /// no return: before it nothing has changed, after it a crash is finished on opening.
    pub(super) fn install(&self, aside: &Files, mut entry: Entry, overwrite: bool) -> Result<(), WorkloadError> {
        let mut shelf = lock(&self.shelf);
        let old = shelf.catalog.find(&entry.name).cloned();
        if let Some(old) = &old {
            if !overwrite {
                return Err(WorkloadError::fault(
                    "UserErrorCannotRestoreExistingDBWithoutForceOverwrite",
                    format!("Database '{}'.", old.name),
                ));
            }
            if entry.origin == Origin::Restored {
                entry.origin = old.origin;
            }
            entry.name.clone_from(&old.name);
        }
        for path in entry.files.iter() {
            if shelf.catalog.owner(path).is_some_and(|owner| NameKey::new(&owner.name) != NameKey::new(&entry.name)) {
                return Err(WorkloadError::fault(
                    "UserErrorDatabaseFileCollision",
                    format!("{} belongs to another database.", path.display()),
                ));
            }
        }
        let key = NameKey::new(&entry.name);
        let decided = Entry { pending: Some(aside.clone()), ..entry.clone() };
        self.change_on(&mut shelf, |catalog| {
            catalog.remove(&entry.name);
            catalog.databases.push(decided);
            catalog.aside.retain(|path| !aside.contains(path));
        })?;
        if let Some(database) = shelf.open.remove(&key) {
            database.close();
        }
        self.change_on(&mut shelf, |catalog| catalog.find_mut(&entry.name).map_or(Ok(()), Entry::settle))??;
        for path in old.iter().flat_map(|old| old.files.iter()).filter(|path| !entry.files.contains(path)) {
            remove(path);
        }
        let database = Database::open(&entry.files.data, &entry.files.log, Arc::clone(&self.clock))
            .map_err(|e| WorkloadError::io(format!("open database '{}'", entry.name), e))?;
        shelf.open.insert(key, Arc::new(database));
        Ok(())
    }

    /// Drops a database and its files.
    pub(super) fn drop_database(&self, name: &str) -> Result<(), WorkloadError> {
        let mut shelf = lock(&self.shelf);
        let Some(entry) = self.change_on(&mut shelf, |catalog| catalog.remove(name))? else { return Ok(()) };
        if let Some(database) = shelf.open.remove(&NameKey::new(name)) {
            database.close();
        }
        entry.files.iter().for_each(remove);
        Ok(())
    }

    /// All open databases.
    pub(super) fn open_databases(&self) -> OpenDatabases {
        lock(&self.shelf).open.clone()
    }
}

/// Removes a file that nobody needs any more; if that fails, a later opening or overwrite does it.
pub(super) fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "could not remove a file");
    }
}
