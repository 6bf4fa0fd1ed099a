//! Files of the state folder, each there whole or not at all, for their owner alone.
//!
//! Always holds: whoever is killed at any point leaves the old content or the new.

use serde::{Serialize, de::DeserializeOwned};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Whether a write survives the machine's end, or only the process's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// On the disk when the call returns.
    Durably,
    /// Worth having, no loss if gone.
    Loosely,
}

/// Writes `name` in `folder`, mode 0600, by way of `{name}.new`.
pub(super) fn write(folder: &Path, name: &str, content: &[u8], keep: Keep) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let aside = folder.join(format!("{name}.new"));
    match fs::remove_file(&aside) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(content)?;
    if keep == Keep::Durably {
        file.sync_all()?;
    }
    fs::rename(&aside, folder.join(name))?;
    if keep == Keep::Durably { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The JSON files of a state folder; without a folder nothing is kept.
#[derive(Clone, Debug)]
pub(super) struct Shelf(pub(super) Option<PathBuf>);

impl Shelf {
    /// Reads a file. One that cannot be read is as good as none: the vault knows it all.
    pub(super) fn load<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let path = self.0.as_deref()?.join(name);
        let read = fs::read(&path).and_then(|text| Ok(serde_json::from_slice(&text)?));
        match read {
            Ok(content) => Some(content),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "a file of the agent's state cannot be read; going on without it");
                None
            }
        }
    }
    /// Writes a file.
    pub(super) async fn save(&self, name: &'static str, content: &impl Serialize, keep: Keep) -> io::Result<()> {
        let Some(folder) = self.0.clone() else { return Ok(()) };
        let text = serde_json::to_vec(content)?;
        tokio::task::spawn_blocking(move || write(&folder, name, &text, keep)).await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[tokio::test]
    async fn a_write_that_was_cut_short_leaves_the_old_content() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf(Some(folder.path().join("state")));
        assert_eq!(shelf.load::<u32>("n.json"), None);
        shelf.save("n.json", &1, Keep::Durably).await.unwrap();
        // Killed while it wrote the next.
        fs::write(folder.path().join("state/n.json.new"), b"{\"half").unwrap();
        assert_eq!(shelf.load::<u32>("n.json"), Some(1));
        shelf.save("n.json", &2, Keep::Loosely).await.unwrap();
        assert_eq!(shelf.load::<u32>("n.json"), Some(2));
        assert_eq!(fs::metadata(folder.path().join("state/n.json")).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path().join("state")).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_read_counts_as_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("n.json"), b"").unwrap();
        assert_eq!(Shelf(Some(folder.path().into())).load::<u32>("n.json"), None);
        Shelf(None).save("n.json", &1, Keep::Durably).await.unwrap();
        assert_eq!(Shelf(None).load::<u32>("n.json"), None);
    }
}
