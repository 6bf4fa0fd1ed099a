//! Key files: made once, whole and durable, for the owner only.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Makes a folder for its owner only.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

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
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    make_folder(folder)?;
    let staged = folder.join(format!("{}.new", Uuid::new_v4()));
    let made = stage(&staged, bytes).and_then(|()| match std::fs::hard_link(&staged, path) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(e),
        // A link never replaces; a rename would, and the loser's key would be the one that stays.
        _ => Ok(()),
    });
    std::fs::remove_file(&staged).or_else(|e| if made.is_err() { Ok(()) } else { Err(e) })?;
    made?;
    sync_folder(folder)?;
    folder.parent().map_or(Ok(()), sync_folder)
}

/// Removes a folder and all in it; what is not there is removed already.
pub(super) fn remove_folder(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    folder.parent().map_or(Ok(()), sync_folder)
}

fn stage(staged: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(staged)?;
    file.write_all(bytes)?;
    file.sync_all()
}
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
