//! Objects as files below one folder. Every object is synced, with its folder entry, before it counts.
//!
//! A put writes `name#N` beside its target and then gives it the final name. A crash leaves such files
//! behind; they are no objects and are swept when the store is opened.

use super::adapter::{Adapter, passing};
use crate::folder;
use object_store::local::LocalFileSystem;
use rsvault_domain::ports::{ObjectError, ObjectStore};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Staging files younger than this may belong to a put of another process.
const STAGING_LIFE: Duration = Duration::from_secs(600);
/// Tells the file system's own time, and whether it can be written to at all.
const PROBE: &str = "probe#0";

pub(super) fn open(root: &Path) -> Result<Arc<dyn ObjectStore>, ObjectError> {
    if root.as_os_str().is_empty() {
        return Err(ObjectError::Broken("the object store URL names no folder; write 'file:PATH'".into()));
    }
    folder::make(root).and_then(|()| sweep_old(root)).map_err(|error| explain(root, &error))?;
    let backend = LocalFileSystem::new_with_prefix(root).map_err(|error| ObjectError::Broken(error.to_string()))?;
    // Emptied folders go with their last object: a collected set leaves nothing behind.
    let backend = backend.with_fsync(true).with_automatic_cleanup(true);
    Ok(Arc::new(Adapter::new(backend, Some(root.to_owned()))))
}

fn explain(root: &Path, error: &io::Error) -> ObjectError {
    let text = format!("cannot use {}: {error}", root.display());
    if passing(error.kind()) { ObjectError::Unavailable(text) } else { ObjectError::Broken(text) }
}

fn sweep_old(root: &Path) -> io::Result<()> {
    let probe = root.join(PROBE);
    let now = File::create(&probe)?.metadata()?.modified()?;
    std::fs::remove_file(&probe)?;
    let swept = sweep(root, now.checked_sub(STAGING_LIFE).unwrap_or(SystemTime::UNIX_EPOCH))?;
    if swept > 0 {
        tracing::info!(swept, "removed staging files that an earlier run left in the object store");
    }
    Ok(())
}

/// Removes staging files last written before `before`.
fn sweep(folder: &Path, before: SystemTime) -> io::Result<usize> {
    let mut swept = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            swept += sweep(&entry.path(), before)?;
        } else if kind.is_file() && entry.file_name().to_str().is_some_and(is_staging) && entry.metadata()?.modified()? < before {
            std::fs::remove_file(entry.path())?;
            swept += 1;
        }
    }
    Ok(swept)
}

fn is_staging(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_staging_files_are_swept() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("vaults/v/1");
        std::fs::create_dir_all(&deep).unwrap();
        for name in ["00000000", "00000001#1", "00000002#7"] {
            std::fs::write(deep.join(name), b"x").unwrap();
        }
        let written = std::fs::metadata(deep.join("00000001#1")).unwrap().modified().unwrap();
        File::options().write(true).open(deep.join("00000001#1")).unwrap().set_modified(written - 2 * STAGING_LIFE).unwrap();
        sweep_old(dir.path()).unwrap();
        assert!(deep.join("00000000").exists());
        assert!(!deep.join("00000001#1").exists());
        assert!(deep.join("00000002#7").exists(), "another process may be writing it");
        assert!(!dir.path().join(PROBE).exists());
    }
}
