//! Where things are: the clone, the cache folder outside it, the build outputs, the folder of this run.

use std::path::{Path, PathBuf};

/// Environment variable that every process of a run carries: the run's mark, and after a `/` its stage. Who has it after its stage is a leftover.
pub(crate) const MARK: &str = "RSVAULT_TEST_RUN";

/// The folders of one run.
pub(crate) struct Workspace {
    /// The clone.
    pub(crate) root: PathBuf,
    /// Survives runs: virtual environments, build outputs.
    pub(crate) cache: PathBuf,
    /// Build outputs.
    pub(crate) target: PathBuf,
    /// Temporary, removed at the end by the guard; in memory where there is room, see [`quick`].
    pub(crate) scratch: PathBuf,
    /// Value of [`MARK`].
    pub(crate) mark: String,
}

impl Workspace {
    /// Finds the folders and makes those that are missing.
    pub(crate) fn open() -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no workspace")?.to_owned();
        let cache = match (folder("RSVAULT_CACHE"), folder("XDG_CACHE_HOME"), folder("HOME")) {
            (Some(own), ..) => own,
            (_, Some(xdg), _) => xdg.join("rsvault"),
            (.., Some(home)) => home.join(".cache/rsvault"),
            _ => return Err("no HOME: set RSVAULT_CACHE to a folder for tools and build outputs".into()),
        };
        let target = folder("CARGO_TARGET_DIR").unwrap_or_else(|| cache.join("target"));
        let mark = format!(
            "{}-{}",
            std::process::id(),
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_micros())
        );
        let scratch = folder("TMPDIR").unwrap_or_else(quick).join(format!("rsvault-test-{mark}"));
        for made in [&cache, &scratch] {
            std::fs::create_dir_all(made).map_err(|e| format!("cannot make {}: {e}", made.display()))?;
        }
        Ok(Self { root, cache, target, scratch, mark })
    }
}

/// Memory that looks like a disk.
const MEMORY: &str = "/dev/shm";
/// Free kilobytes there that a run wants: it keeps whole databases and their backups.
const ROOM: u64 = 6 * 1024 * 1024;

/// The folder for temporary files unless `TMPDIR` says otherwise. The vault syncs whatever it acknowledges: on a disk the
/// tests mostly wait for that, and killed processes lose nothing either way.
fn quick() -> PathBuf {
    let free = std::process::Command::new("df").args(["-P", "-k", "-t", "tmpfs", MEMORY]).output();
    match free.ok().and_then(|told| room(&String::from_utf8_lossy(&told.stdout))) {
        Some(free) if free >= ROOM => MEMORY.into(),
        _ => std::env::temp_dir(),
    }
}

/// Free kilobytes, read from what `df -P -k` says.
fn room(told: &str) -> Option<u64> {
    told.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

fn folder(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|v| !v.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_in_memory_is_read_from_df_and_none_where_there_is_no_such_place() {
        let told = "Filesystem     1024-blocks  Used Available Capacity Mounted on\ntmpfs             24656900  5528  24651372       1% /dev/shm\n";
        assert_eq!(room(told), Some(24_651_372));
        assert_eq!(room(""), None);
    }
}
