//! Where a restore goes, and what may be there already.
//!
//! The data directory is the target path of the mapping whose logical name is `cluster` (or `data`);
//! without a mapping it is `{restore_root}/{database}`. Beside it lie, while a restore runs, the
//! directory that is being built and, for a moment, the one it replaces.

use super::{CLUSTER, PostgresSettings};
use crate::plugin::WorkloadError;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::restore::{RestorePlan, RestoreTarget};
use std::io;
use std::path::{Component, Path, PathBuf};

/// The paths of one restore.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The data directory to make.
    pub(super) directory: PathBuf,
    /// Where it is built.
    pub(super) staging: PathBuf,
    /// Where a replaced one waits for the swap to succeed.
    pub(super) replaced: PathBuf,
    /// Whether what exists may be replaced.
    pub(super) overwrite: bool,
}

impl Target {
    /// The target of `plan`, or why this engine cannot run the plan.
    pub(super) fn of(plan: &RestorePlan, settings: &PostgresSettings) -> Result<Self, WorkloadError> {
        let RestoreTarget::Database { instance, database, overwrite, files, recover } = &plan.target else {
            return Err(refused("Restore as files is not supported for PostgreSQL: restore to a data directory."));
        };
        if !instance.eq_ignore_ascii_case(&settings.instance()) {
            return Err(refused(&format!("The instance '{instance}' is not on this server; it is '{}'.", settings.instance())));
        }
        let full = |k| matches!(k, BackupKind::Full | BackupKind::CopyOnlyFull);
        if plan.steps.len() != 1 || !plan.steps.iter().all(|s| full(s.kind)) || plan.stop_at.is_some() {
            return Err(refused("A PostgreSQL restore is one full backup: choose a full recovery point, not a point in time."));
        }
        if !recover {
            return Err(refused("NORECOVERY is not supported for PostgreSQL: the restored cluster recovers when it starts. Leave it out."));
        }
        let mapped = files.iter().find(|f| f.logical_name.eq_ignore_ascii_case(CLUSTER) || f.logical_name.eq_ignore_ascii_case("data"));
        let directory = match mapped {
            Some(file) => PathBuf::from(&file.target_path),
            None if files.is_empty() => settings.restore_root.join(plain_name(database)?),
            None => {
                return Err(refused(&format!("The file mapping has no logical name '{CLUSTER}': map it to the data directory to make.")));
            }
        };
        let plain = directory.components().all(|c| matches!(c, Component::RootDir | Component::Normal(_)));
        let (Some(parent), Some(name), true) = (directory.parent(), directory.file_name(), directory.is_absolute() && plain) else {
            return Err(refused(&format!("'{}' is not an absolute path without '..'.", directory.display())));
        };
        let sibling = |suffix: &str| parent.join(format!(".{}.rsvault-{suffix}", name.to_string_lossy()));
        Ok(Self { staging: sibling("restore"), replaced: sibling("replaced"), overwrite: *overwrite, directory: directory.clone() })
    }

    /// Refuses a target that holds something which may not be replaced, or that a server uses.
    pub(super) fn check_free(&self) -> Result<(), WorkloadError> {
        let shown = self.directory.display();
        let looking = |e| WorkloadError::io(format!("looking at '{shown}'"), e);
        for above in self.directory.ancestors().skip(1) {
            if above.join("PG_VERSION").try_exists().map_err(looking)? {
                return Err(refused(&format!(
                    "'{shown}' lies inside the data directory '{}': choose a target outside of it.",
                    above.display()
                )));
            }
        }
        let mut entries = match std::fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(looking(e)),
        };
        if entries.next().is_none() {
            return Ok(());
        }
        if !self.overwrite {
            return Err(WorkloadError::fault("UserErrorCannotRestoreExistingDBWithoutForceOverwrite", format!("'{shown}' is not empty.")));
        }
        if self.directory.join("postmaster.pid").try_exists().map_err(looking)? {
            return Err(refused(&format!("A server runs from '{shown}' (postmaster.pid is there): stop it, then try again.")));
        }
        Ok(())
    }

    /// Removes what an unfinished restore left; a directory that was moved away comes back.
    pub(super) fn clean_up(&self) -> Result<(), WorkloadError> {
        remove(&self.staging)?;
        if self.directory.exists() || !self.replaced.exists() {
            return remove(&self.replaced);
        }
        std::fs::rename(&self.replaced, &self.directory)
            .map_err(|e| WorkloadError::io(format!("bringing back '{}'", self.directory.display()), e))
    }

    /// Puts the finished directory in place; what was there is gone only after that.
    pub(super) fn swap_in(&self) -> Result<(), WorkloadError> {
        self.check_free()?;
        let context = |e| WorkloadError::io(format!("putting '{}' in place", self.directory.display()), e);
        if self.directory.exists() {
            std::fs::rename(&self.directory, &self.replaced).map_err(context)?;
        }
        if let Err(e) = std::fs::rename(&self.staging, &self.directory) {
            if self.replaced.exists() {
                std::fs::rename(&self.replaced, &self.directory).map_err(context)?;
            }
            return Err(context(e));
        }
        if let Some(parent) = self.directory.parent() {
            std::fs::File::open(parent).and_then(|d| d.sync_all()).map_err(context)?;
        }
        remove(&self.replaced)
    }
}

fn remove(directory: &Path) -> Result<(), WorkloadError> {
    match std::fs::remove_dir_all(directory) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(WorkloadError::io(format!("removing '{}'", directory.display()), e)),
        _ => Ok(()),
    }
}

fn plain_name(name: &str) -> Result<&str, WorkloadError> {
    let mut components = Path::new(name).components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(only)), None) if only == name && !name.starts_with('.') => Ok(name),
        _ => Err(refused(&format!("'{name}' cannot name a data directory: no '/', no leading '.'."))),
    }
}

fn refused(why: &str) -> WorkloadError {
    WorkloadError::fault("UserErrorGenericSQLUserCorrectableFault", why)
}
