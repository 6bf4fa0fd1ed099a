//! What an instance remembers of its databases (`catalog.json`): what `sys.databases` and
//! `sys.master_files` are to SQL Server.
//!
//! Always holds: the file changes by rename, so it is whole after any crash; an entry with `pending`
//! files belongs to a swap that was decided and is finished on opening; files listed in `aside`
//! belong to work that did not end and are removed on opening; those of a restore that stands between
//! two of its steps wait for a while ([`KEEP`]).

use super::pages::State;
use crate::plugin::WorkloadError;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::backup::{Lsn, RecoveryModel};
use rsvault_domain::id::{NameKey, SetId};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Where a database came from; the spec drops only what the spec made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Origin {
    /// master, model, msdb.
    System,
    /// Listed in the spec.
    Spec,
    /// Made by a restore.
    Restored,
}

/// The two files of a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Files {
    pub(super) data: PathBuf,
    pub(super) log: PathBuf,
}

impl Files {
    pub(super) fn contains(&self, path: &Path) -> bool {
        self.data == path || self.log == path
    }
    pub(super) fn iter(&self) -> impl Iterator<Item = &Path> {
        [self.data.as_path(), self.log.as_path()].into_iter()
    }
}

/// How long a restore that nobody goes on with is kept.
pub(super) const KEEP: SignedDuration = SignedDuration::from_hours(24);

/// What a name held before a restore overwrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Past {
    /// Its log, kept for the oracle.
    pub(super) log: PathBuf,
    /// From when on it was what the name held.
    pub(super) since: Timestamp,
}

/// What a restore has built so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Built {
    pub(super) pages: u32,
    pub(super) recovery_model: RecoveryModel,
    pub(super) recovery_fork: Uuid,
    pub(super) read_only: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) certificate: Option<String>,
    pub(super) logical_data: String,
    pub(super) logical_log: String,
    /// Checkpoint of the full: the base that a differential must name.
    pub(super) checkpoint_lsn: Lsn,
    /// The state that is reached.
    pub(super) lsn: Lsn,
    pub(super) committed_at: Timestamp,
    pub(super) state: State,
}

/// A restore between two of its steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Standing {
    /// The command that asked for it.
    pub(super) id: Uuid,
    pub(super) database: String,
    /// Sets that are in it.
    pub(super) sets: Vec<SetId>,
    pub(super) files: Files,
    pub(super) built: Built,
    pub(super) touched_at: Timestamp,
}

impl Standing {
    /// Whether it has waited too long to be gone on with.
    pub(super) fn is_stale(&self, now: Timestamp) -> bool {
        now.duration_since(self.touched_at) > KEEP
    }
}

/// One database.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) recovery_model: RecoveryModel,
    pub(super) files: Files,
    /// Logical file names; a restored database keeps those of its source.
    pub(super) logical_data: String,
    pub(super) logical_log: String,
    /// Left in NORECOVERY by a restore.
    pub(super) restoring: bool,
    #[serde(default)]
    pub(super) read_only: bool,
    /// Thumbprint of the certificate that it is encrypted with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) certificate: Option<String>,
    /// The restore that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) restored_by: Option<Uuid>,
    /// From when on it is what the name holds.
    #[serde(default)]
    pub(super) since: Timestamp,
    /// What the name held before, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) past: Vec<Past>,
    /// Files that are to be renamed to `files`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pending: Option<Files>,
}

impl Entry {
    /// Finishes a swap: renames what is still under its aside name.
    pub(super) fn settle(&mut self) -> Result<(), WorkloadError> {
        let Some(pending) = &self.pending else { return Ok(()) };
        for (from, to) in pending.iter().zip(self.files.iter()) {
            match fs::rename(from, to) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(WorkloadError::io(format!("move {} into place", to.display()), error));
                }
                _ => {}
            }
        }
        self.pending = None;
        Ok(())
    }
}

/// All databases of an instance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Catalog {
    /// Name of the instance.
    pub(super) instance: String,
    pub(super) databases: Vec<Entry>,
    /// Unfinished files to remove on opening.
    #[serde(default)]
    pub(super) aside: Vec<PathBuf>,
    /// Restores that may be gone on with.
    #[serde(default)]
    pub(super) restores: Vec<Standing>,
}

impl Catalog {
    /// Reads the catalog of an instance folder.
    pub(super) fn read(path: &Path) -> Result<Self, WorkloadError> {
        let text = fs::read(path).map_err(|e| WorkloadError::io(format!("read {}", path.display()), e))?;
        serde_json::from_slice(&text).map_err(|e| WorkloadError::io(format!("read {}", path.display()), e.into()))
    }

    /// Writes the catalog, all or nothing.
    pub(super) fn write(&self, path: &Path) -> Result<(), WorkloadError> {
        let context = || format!("write {}", path.display());
        let store = || -> std::io::Result<()> {
            let aside = path.with_extension("json.new");
            let mut file = fs::File::create(&aside)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.sync_all()?;
            fs::rename(&aside, path)
        };
        store().map_err(|e| WorkloadError::io(context(), e))
    }

    /// Takes out restores.
    pub(super) fn take_restores(&mut self, which: impl Fn(&Standing) -> bool) -> Vec<Standing> {
        let (gone, kept) = std::mem::take(&mut self.restores).into_iter().partition(which);
        self.restores = kept;
        gone
    }

    /// The entry of a database, compared without case.
    pub(super) fn find(&self, name: &str) -> Option<&Entry> {
        let key = NameKey::new(name);
        self.databases.iter().find(|entry| NameKey::new(&entry.name) == key)
    }
    /// The same, to change.
    pub(super) fn find_mut(&mut self, name: &str) -> Option<&mut Entry> {
        let key = NameKey::new(name);
        self.databases.iter_mut().find(|entry| NameKey::new(&entry.name) == key)
    }
    /// Takes an entry out.
    pub(super) fn remove(&mut self, name: &str) -> Option<Entry> {
        let key = NameKey::new(name);
        let at = self.databases.iter().position(|entry| NameKey::new(&entry.name) == key)?;
        Some(self.databases.remove(at))
    }
    /// The database that a file belongs to.
    pub(super) fn owner(&self, path: &Path) -> Option<&Entry> {
        self.databases.iter().find(|entry| entry.files.contains(path))
    }
}

/// Open databases by folded name.
pub(super) type OpenDatabases = HashMap<NameKey, std::sync::Arc<super::database::Database>>;

/// Longest file name made of a name; leaves room for endings below the usual 255 bytes.
const LONGEST: usize = 160;

/// A file name for a database or instance name: letters, digits and `-_$` stay, the rest is escaped;
/// a long one is cut and told apart by its hash.
pub(super) fn file_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_alphanumeric() || "-_$ ".contains(c) || (c == '.' && !out.is_empty()) {
            out.push(c);
        } else {
            out.push_str(&format!("%{:02X}", c as u32));
        }
    }
    if out.len() > LONGEST {
        out.truncate(out.floor_char_boundary(LONGEST));
        out.push_str(&format!("~{}", &blake3::hash(name.as_bytes()).to_hex()[..16]));
    }
    out
}
