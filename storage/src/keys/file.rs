//! Key files: made once, whole and durable, for the owner only.

use crate::folder;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The text of a file, if it is there.
pub(super) fn read(path: &Path) -> io::Result<Option<Zeroizing<String>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let size = usize::try_from(file.metadata()?.len()).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(size + 1));
    file.read_to_string(&mut text)?;
    Ok(Some(text))
}

/// Makes `path`, unless it stands already: of several makers the first wins, and all find its file.
pub(super) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let home = path.parent().ok_or(ErrorKind::InvalidInput)?;
    folder::make(home)?;
    let staged = home.join(format!("{}.new", Uuid::new_v4()));
    let made = stage(&staged, bytes).and_then(|()| match std::fs::hard_link(&staged, path) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(e),
        // A link never replaces; a rename would, and the loser's key would be the one that stays.
        _ => Ok(()),
    });
    std::fs::remove_file(&staged).or_else(|e| if made.is_err() { Ok(()) } else { Err(e) })?;
    made?;
    folder::sync(home)
}

/// Removes a folder and all in it; what is not there is removed already.
pub(super) fn remove_folder(home: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(home) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    home.parent().map_or(Ok(()), folder::sync)
}

fn stage(staged: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(staged)?;
    file.write_all(bytes)?;
    file.sync_all()
}
