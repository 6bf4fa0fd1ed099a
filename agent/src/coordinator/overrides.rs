//! What whoever runs the server has overridden: `ExtensionSettingsOverrides.json` in the agent's folder, by the
//! names of Azure's extension (rulebook 1.3).
//!
//! Always holds: it is read anew each time it counts, so no restart is needed; a word that is not known leaves
//! nothing out.

use super::durable::Shelf;
use rsvault_domain::backup::BackupKind;
use serde::Deserialize;

const FILE: &str = "ExtensionSettingsOverrides.json";

/// The settings that are known here; others are the extension's own.
#[derive(Default, Deserialize)]
pub(super) struct Overrides {
    /// Which backups a restore as files leaves out.
    #[serde(rename = "RecoveryPointTypesToBeExcludedForRestoreAsFiles")]
    excluded: Option<String>,
}

impl Overrides {
    /// As they are now.
    pub(super) fn read(shelf: &Shelf) -> Self {
        let read: Self = shelf.load(FILE).unwrap_or_default();
        if read.excluded.as_deref().is_some_and(|word| kinds(word).is_none()) {
            tracing::warn!(
                word = read.excluded,
                "{FILE}: RecoveryPointTypesToBeExcludedForRestoreAsFiles is not known; no file is left out"
            );
        }
        read
    }
    /// Whether a restore as files writes no backup of this kind.
    pub(super) fn leaves_out(&self, kind: BackupKind) -> bool {
        self.excluded.as_deref().and_then(kinds).is_some_and(|kinds| kinds.contains(&kind))
    }
}

/// Incremental backups are of other workloads.
fn kinds(word: &str) -> Option<&'static [BackupKind]> {
    const FULL: &[BackupKind] = &[BackupKind::Full, BackupKind::CopyOnlyFull];
    const BOTH: &[BackupKind] = &[BackupKind::Full, BackupKind::CopyOnlyFull, BackupKind::Differential];
    match word {
        "ExcludeFull" | "ExcludeFullAndIncremental" => Some(FULL),
        "ExcludeFullAndDifferential" | "ExcludeFullAndDifferentialAndIncremental" => Some(BOTH),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_says_which_backups_are_left_out_and_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf(Some(folder.path().to_owned()));
        let left_out = |content: Option<&str>| {
            let file = folder.path().join(FILE);
            match content {
                Some(content) => std::fs::write(file, content).unwrap(),
                None => drop(std::fs::remove_file(file)),
            }
            let now = Overrides::read(&shelf);
            [BackupKind::Full, BackupKind::Differential, BackupKind::Log, BackupKind::CopyOnlyFull].map(|kind| now.leaves_out(kind))
        };
        let word =
            |word: &str| format!(r#"{{"DefaultBackupTasksThreshold": 20, "RecoveryPointTypesToBeExcludedForRestoreAsFiles": "{word}"}}"#);
        assert_eq!(left_out(None), [false; 4]);
        assert_eq!(left_out(Some(&word("ExcludeFull"))), [true, false, false, true]);
        assert_eq!(left_out(Some(&word("ExcludeFullAndIncremental"))), [true, false, false, true]);
        assert_eq!(left_out(Some(&word("ExcludeFullAndDifferential"))), [true, true, false, true]);
        assert_eq!(left_out(Some(&word("ExcludeFullAndDifferentialAndIncremental"))), [true, true, false, true]);
        for bad in [word("ExcludeLog"), "{}".into(), "{".into()] {
            assert_eq!(left_out(Some(&bad)), [false; 4], "{bad}");
        }
    }
}
