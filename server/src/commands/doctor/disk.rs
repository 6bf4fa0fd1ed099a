//! The data folder: rights, a write, free space.

use super::finding::Finding;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Below this a backup soon fails.
const LITTLE: u64 = 1024 * 1024 * 1024;

pub(super) fn check(data: &Path) -> Vec<Finding> {
    vec![rights(data), space(data)]
}

fn rights(data: &Path) -> Finding {
    let name = "data folder";
    let shown = data.display();
    let probe = data.join(format!(".doctor-{}", uuid::Uuid::new_v4()));
    let written = std::fs::write(&probe, b"probe").and_then(|()| std::fs::remove_file(&probe));
    if let Err(error) = written {
        return Finding::wrong(
            name,
            format!("{shown} cannot be written: {error}"),
            "Run as the folder's owner, mend its rights, or free space.",
        );
    }
    match std::fs::metadata(data).map(|m| m.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o022 != 0 => {
            Finding::warn(name, format!("{shown} can be written by others (mode {mode:o})"), format!("Run: chmod 700 {shown}"))
        }
        Ok(_) => Finding::good(name, format!("{shown} can be written")),
        Err(error) => Finding::wrong(name, format!("{shown}: {error}"), "Mend the folder's rights."),
    }
}

fn space(data: &Path) -> Finding {
    let name = "free space";
    match rustix::fs::statvfs(data) {
        Ok(fs) => {
            let free = fs.f_bavail.saturating_mul(fs.f_frsize);
            let found = format!("{} MiB free", free >> 20);
            if free < LITTLE {
                Finding::warn(name, found, "Free space: backups fail when the disk is full.")
            } else {
                Finding::good(name, found)
            }
        }
        Err(error) => Finding::warn(name, format!("unknown: {error}"), ""),
    }
}
