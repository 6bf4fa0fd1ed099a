//! Database files that are being built: next to their target, known to the catalog, gone unless
//! installed.

use super::catalog::{Entry, Files};
use super::instance::{Instance, remove};
use crate::plugin::WorkloadError;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

/// Files under construction. Dropping it removes them, whatever ended the work, unless they stand
/// for a later step.
pub(super) struct Aside {
    instance: Arc<Instance>,
    pub(super) files: Files,
}

impl Aside {
    /// Reserves names next to `target` and notes them, so that a crash leaves nothing for ever.
    pub(super) fn reserve(instance: &Arc<Instance>, target: &Files) -> Result<Self, WorkloadError> {
        let mark = Uuid::new_v4().simple().to_string();
        for folder in target.iter().filter_map(Path::parent) {
            fs::create_dir_all(folder).map_err(|e| WorkloadError::io(format!("create {}", folder.display()), e))?;
        }
        let files = Files { data: beside(&target.data, &mark), log: beside(&target.log, &mark) };
        instance.change(|catalog| catalog.aside.extend(files.iter().map(Path::to_owned)))?;
        Ok(Self { instance: Arc::clone(instance), files })
    }

    /// The files of a restore that stands.
    pub(super) fn standing(instance: &Arc<Instance>, files: Files) -> Self {
        Self { instance: Arc::clone(instance), files }
    }

    /// Puts the files in place under `entry`.
    pub(super) fn install(self, entry: Entry, overwrite: bool) -> Result<(), WorkloadError> {
        self.instance.install(&self.files, entry, overwrite)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // A swap that was decided owns its files, also when their renaming failed; so does a restore
        // that stands.
        if self.instance.holds(&self.files) {
            return;
        }
        self.files.iter().for_each(remove);
        let forgotten = self.instance.change(|catalog| catalog.aside.retain(|path| !self.files.contains(path)));
        if let Err(error) = forgotten {
            tracing::warn!(%error, "could not take removed files out of the catalog");
        }
    }
}

fn beside(target: &Path, mark: &str) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.building", &mark[..12]));
    target.with_file_name(name)
}
