//! One instance: its settings, its databases, and who works on them.
//!
//! Always holds: names are compared without case; a database is made aside and put in place by
//! [`Instance::install`] alone, whether the spec or a restore asked for it; one restore at a time
//! per database name and one backup of a kind at a time per database.

use super::catalog::{Catalog, Entry, Files, OpenDatabases, Origin, Past, Standing, file_name};
use super::database::{Database, micros, next_moment};
use super::oracle::Bygone;
use super::writer::Pace;
use crate::plugin::WorkloadError;
use rsvault_domain::backup::FileKind;
use rsvault_domain::discovery::{DataDirectory, DatabaseInventory, InstanceInventory};
use rsvault_domain::fault::JobFault;
use rsvault_domain::id::NameKey;
use rsvault_domain::ports::Clock;
use rsvault_domain::simulation::{DatabaseFaults, InstanceFaults};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// What the spec says of an instance.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) version: String,
    pub(super) edition: String,
    pub(super) online: bool,
    pub(super) sysadmin: bool,
    pub(super) certificates: Vec<String>,
    pub(super) faults: InstanceFaults,
    /// What is wrong with its databases.
    pub(super) faults_of: HashMap<NameKey, DatabaseFaults>,
    /// What the writers of its databases do.
    pub(super) paces: HashMap<NameKey, Pace>,
}

/// An instance.
pub(super) struct Instance {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) clock: Arc<dyn Clock>,
    settings: Mutex<Settings>,
    pub(super) shelf: Mutex<Shelf>,
    claims: Mutex<HashSet<(Work, NameKey)>>,
    /// Logs of overwritten databases that the oracle has asked for.
    bygone: Mutex<HashMap<PathBuf, Arc<Bygone>>>,
    /// Restores whose files are as their last whole step left them: nothing was begun on them since.
    pub(super) untouched: Mutex<HashSet<Uuid>>,
}

pub(super) struct Shelf {
    catalog: Catalog,
    pub(super) open: OpenDatabases,
}

/// What only one may do to a database at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Work {
    /// A full backup.
    Full,
    /// A copy-only full backup.
    CopyOnly,
    /// A differential backup.
    Differential,
    /// A log backup.
    Log,
    /// A restore or the making of it.
    Restore,
}

/// Gives the database free again when dropped.
pub(super) struct Claim(Arc<Instance>, (Work, NameKey));

impl Claim {
    pub(super) fn instance(&self) -> &Arc<Instance> {
        &self.0
    }
}

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
        let now = clock.now();
        for stale in catalog.take_restores(|r| r.is_stale(now) || !r.files.data.exists()) {
            stale.files.iter().for_each(remove);
        }
        catalog.write(&path)?;
        let mut open = OpenDatabases::new();
        for entry in &catalog.databases {
            let database = Database::open(&entry.files.data, &entry.files.log, entry.since, Arc::clone(&clock))
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
            bygone: Mutex::default(),
            untouched: Mutex::default(),
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
                read_only: entry.read_only,
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
        // Of databases that are being restored only what the catalog says can be seen.
        if found.0.restoring {
            return Err(WorkloadError::fault(
                "UserErrorGenericSQLUserCorrectableFault",
                format!("Database '{database}' is in the middle of a restore (NORECOVERY); recover it or restore it anew first."),
            ));
        }
        Ok(found)
    }
    /// Whether files that were built aside belong to a swap or to a restore that stands.
    pub(super) fn holds(&self, files: &Files) -> bool {
        let catalog = &lock(&self.shelf).catalog;
        catalog.databases.iter().any(|entry| entry.pending.as_ref() == Some(files)) || catalog.restores.iter().any(|r| r.files == *files)
    }
    /// The restore `id`, if it stands between two steps.
    pub(super) fn standing(&self, id: Uuid) -> Option<Standing> {
        lock(&self.shelf).catalog.restores.iter().find(|r| r.id == id).cloned()
    }
    /// Notes how far a restore has come. Older ones of the same database are given up.
    pub(super) fn stand(&self, standing: Standing) -> Result<(), WorkloadError> {
        let (id, files) = (standing.id, standing.files.clone());
        let key = NameKey::new(&standing.database);
        let gone = self.change(|catalog| {
            catalog.aside.retain(|path| !files.contains(path));
            let gone = catalog.take_restores(|r| r.id == id || NameKey::new(&r.database) == key);
            catalog.restores.push(standing);
            gone
        })?;
        gone.iter().filter(|r| r.files != files).flat_map(|r| r.files.iter()).for_each(remove);
        lock(&self.untouched).insert(id);
        Ok(())
    }
    /// Removes what a restore left aside.
    pub(super) fn abandon(&self, id: Uuid) -> Result<(), WorkloadError> {
        if self.standing(id).is_some() {
            let gone = self.change(|catalog| catalog.take_restores(|r| r.id == id))?;
            gone.iter().flat_map(|r| r.files.iter()).for_each(remove);
        }
        lock(&self.untouched).remove(&id);
        Ok(())
    }
    /// Removes restores that nobody went on with.
    pub(super) fn tidy(self: &Arc<Self>) -> Result<(), WorkloadError> {
        let now = self.clock.now();
        let stale: Vec<Standing> = lock(&self.shelf).catalog.restores.iter().filter(|r| r.is_stale(now)).cloned().collect();
        for restore in stale {
            // One that is at work right now is not stale.
            if let Some(_claim) = self.claim(Work::Restore, &restore.database) {
                self.abandon(restore.id)?;
            }
        }
        Ok(())
    }
    /// The log of an overwritten database.
    pub(super) fn bygone(&self, past: &Past) -> Result<Arc<Bygone>, WorkloadError> {
        let mut known = lock(&self.bygone);
        if let Some(bygone) = known.get(&past.log) {
            return Ok(Arc::clone(bygone));
        }
        let opened = Bygone::open(past).map_err(|e| WorkloadError::io(format!("read {}", past.log.display()), e))?;
        let opened = Arc::new(opened);
        known.insert(past.log.clone(), Arc::clone(&opened));
        Ok(opened)
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

    /// Whether a piece of work is under way.
    pub(super) fn claimed(&self, work: Work, database: &str) -> bool {
        lock(&self.claims).contains(&(work, NameKey::new(database)))
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
        entry.since = micros(self.clock.now());
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
        let replaced = shelf.open.get(&key).cloned();
        // From here until the swap is decided nothing more is committed to what is replaced.
        let mut held = replaced.as_ref().map(|database| database.current()).transpose()?;
        if let (Some(old), Some((core, _))) = (&old, &held) {
            entry.since = entry.since.max(next_moment(core.last.committed_at));
            entry.past = self.keep_log(old)?;
        }
        let decided = Entry { pending: Some(aside.clone()), ..entry.clone() };
        let restored_by = entry.restored_by;
        self.change_on(&mut shelf, |catalog| {
            catalog.remove(&entry.name);
            catalog.databases.push(decided);
            catalog.aside.retain(|path| !aside.contains(path));
            catalog.restores.retain(|r| Some(r.id) != restored_by);
        })?;
        if let Some((core, _)) = &mut held {
            core.closed = true;
        }
        drop(held);
        shelf.open.remove(&key);
        self.change_on(&mut shelf, |catalog| catalog.find_mut(&entry.name).map_or(Ok(()), Entry::settle))??;
        for path in old.iter().flat_map(|old| old.files.iter()).filter(|path| !entry.files.contains(path)) {
            remove(path);
        }
        let database = Database::open(&entry.files.data, &entry.files.log, entry.since, Arc::clone(&self.clock))
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
        for past in &entry.past {
            lock(&self.bygone).remove(&past.log);
            remove(&past.log);
        }
        Ok(())
    }

    /// Keeps the log of a database that is about to be replaced, for the oracle.
    fn keep_log(&self, old: &Entry) -> Result<Vec<Past>, WorkloadError> {
        let folder = self.folder.join("History");
        let log = folder.join(format!("{}.{}.ldf", file_name(&old.name), old.past.len() + 1));
        let keep = || -> std::io::Result<()> {
            fs::create_dir_all(&folder)?;
            // One that is there already is of a replacement that did not come about.
            remove(&log);
            match fs::hard_link(&old.files.log, &log) {
                // Another file system, or one without links.
                Err(_) => fs::copy(&old.files.log, &log).map(|_| ()),
                linked => linked,
            }
        };
        keep().map_err(|e| WorkloadError::io(format!("keep the log of database '{}'", old.name), e))?;
        let mut past = old.past.clone();
        past.push(Past { log, since: old.since });
        Ok(past)
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
