//! Files of the TLS folder: written whole, keys for the owner alone.

use super::TlsError;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> TlsError {
    let path = path.display().to_string();
    move |source| TlsError::File { path, source }
}

/// Makes the folder, for the owner to write.
pub(super) fn make_dir(dir: &Path) -> Result<(), TlsError> {
    fs::DirBuilder::new().recursive(true).mode(0o755).create(dir).map_err(at(dir))
}

/// Reads a text file.
pub(super) fn read(path: &Path) -> Result<String, TlsError> {
    fs::read_to_string(path).map_err(at(path))
}

/// Writes a file beside its place and moves it there.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    let staged = path.with_extension("new");
    let put = || {
        // A leftover may have other rights than `mode`: it must not be reused.
        match fs::remove_file(&staged) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&staged)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&staged, path)
    };
    put().map_err(at(path))
}
