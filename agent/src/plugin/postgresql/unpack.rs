//! Unpacks a base backup's tar stream into a new directory.
//!
//! Always holds: nothing is written outside the directory: only plain files and directories with
//! relative paths are taken, anything else ends the restore; files are 0600, directories 0700, and
//! all of them are on disk (fsync) when this returns.

use super::owner::Owner;
use crate::plugin::WorkloadError;
use bytes::Bytes;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use tokio::sync::mpsc::Receiver;

/// A piece of the stream, or its authenticated end.
pub(super) enum Piece {
    /// Bytes.
    Data(Bytes),
    /// The stream is complete.
    End,
}

/// The stream as a blocking reader. A sender that goes away before the end is an error, so a cut
/// stream can never pass for a short one.
pub(super) struct Pieces {
    receiver: Receiver<Piece>,
    current: Bytes,
    ended: bool,
}

impl Pieces {
    /// Reads what `receiver` gets.
    pub(super) fn new(receiver: Receiver<Piece>) -> Self {
        Self { receiver, current: Bytes::new(), ended: false }
    }
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.ended {
            match self.receiver.blocking_recv() {
                Some(Piece::Data(bytes)) => self.current = bytes,
                Some(Piece::End) => self.ended = true,
                None => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the stream was given up")),
            }
        }
        let n = self.current.len().min(into.len());
        into[..n].copy_from_slice(&self.current.split_to(n));
        Ok(n)
    }
}

/// Unpacks `stream` to its end into `directory`, which must not exist.
pub(super) fn unpack(mut stream: impl Read, directory: &Path, owner: Owner) -> Result<(), WorkloadError> {
    let mut directories = vec![make_directory(directory, owner)?];
    {
        let mut archive = tar::Archive::new(&mut stream);
        for entry in archive.entries().map_err(unreadable)? {
            let mut entry = entry.map_err(unreadable)?;
            let path = inside(&entry.path().map_err(unreadable)?)?;
            if path.as_os_str().is_empty() {
                continue;
            }
            let target = directory.join(&path);
            match entry.header().entry_type() {
                tar::EntryType::Directory => directories.push(make_directory(&target, owner)?),
                tar::EntryType::Regular => write_file(&mut entry, &target, owner)?,
                other => return Err(hostile(&path, &format!("is neither a file nor a directory ({other:?})"))),
            }
        }
    }
    // Behind the archive's end there is padding; the stream's own end must have been seen too.
    io::copy(&mut stream, &mut io::sink()).map_err(unreadable)?;
    if !directory.join("PG_VERSION").is_file() {
        return Err(WorkloadError::fault("WorkloadRestoreFailed", "The stream holds no PostgreSQL data directory (no PG_VERSION)."));
    }
    directories.iter().rev().try_for_each(|d| File::open(d).and_then(|d| d.sync_all()).map_err(|e| writing(d, e)))
}

/// The path, if it stays inside.
fn inside(path: &Path) -> Result<PathBuf, WorkloadError> {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            _ => return Err(hostile(path, "leads out of the data directory")),
        }
    }
    Ok(clean)
}

fn make_directory(path: &Path, owner: Owner) -> Result<PathBuf, WorkloadError> {
    DirBuilder::new().mode(0o700).create(path).map_err(|e| writing(path, e))?;
    owner.give(path)?;
    Ok(path.to_owned())
}

fn write_file(from: &mut impl Read, path: &Path, owner: Owner) -> Result<(), WorkloadError> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|e| writing(path, e))?;
    let mut buffer = vec![0u8; 128 * 1024];
    loop {
        let n = from.read(&mut buffer).map_err(unreadable)?;
        if n == 0 {
            break;
        }
        io::Write::write_all(&mut file, &buffer[..n]).map_err(|e| writing(path, e))?;
    }
    owner.give(path)?;
    file.sync_all().map_err(|e| writing(path, e))
}

fn writing(path: &Path, e: io::Error) -> WorkloadError {
    WorkloadError::io(format!("writing '{}'", path.display()), e)
}
#[allow(clippy::needless_pass_by_value, reason = "shaped for map_err")]
fn unreadable(e: io::Error) -> WorkloadError {
    WorkloadError::fault("WorkloadRestoreFailed", format!("The stream is not the complete archive of a base backup: {e}."))
}
fn hostile(path: &Path, why: &str) -> WorkloadError {
    WorkloadError::fault("WorkloadRestoreFailed", format!("The archive has '{}', which {why}. Nothing was restored.", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(add: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        file(&mut tar, "PG_VERSION", b"15\n");
        add(&mut tar);
        tar.into_inner().unwrap()
    }
    /// Writes the name into the header as it is: the builder itself would refuse a hostile one.
    fn file(tar: &mut tar::Builder<Vec<u8>>, name: &str, data: &[u8]) {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, data).unwrap();
    }
    fn link(tar: &mut tar::Builder<Vec<u8>>, kind: tar::EntryType) {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.set_size(0);
        tar.append_link(&mut header, "pg_tblspc/1", "/etc").unwrap();
    }
    fn try_unpack(archive: &[u8]) -> (tempfile::TempDir, Result<(), WorkloadError>) {
        let root = tempfile::tempdir().unwrap();
        let result = unpack(archive, &root.path().join("d"), Owner::default());
        (root, result)
    }

    #[test]
    fn a_plain_archive_is_unpacked_with_private_modes() {
        use std::os::unix::fs::PermissionsExt;
        let (root, result) = try_unpack(&archive(|tar| {
            let mut header = tar::Header::new_ustar();
            header.set_entry_type(tar::EntryType::Directory);
            header.set_size(0);
            header.set_mode(0o777);
            tar.append_data(&mut header, "base", io::empty()).unwrap();
            file(tar, "base/1", &[5; 300_000]);
        }));
        result.unwrap();
        let mode = |p: &str| std::fs::metadata(root.path().join(p)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("d"), mode("d/base"), mode("d/base/1")), (0o700, 0o700, 0o600));
        assert_eq!(std::fs::read(root.path().join("d/base/1")).unwrap(), [5; 300_000]);
    }

    #[test]
    fn paths_that_lead_out_are_refused_and_write_nothing() {
        for name in ["../evil", "/tmp/rsvault-evil", "base/../../evil"] {
            let (root, result) = try_unpack(&archive(|tar| file(tar, name, b"evil")));
            let fault = result.unwrap_err().to_job_fault();
            assert!(fault.message.contains("leads out"), "{name}: {}", fault.message);
            assert!(!root.path().join("evil").exists() && !Path::new("/tmp/rsvault-evil").exists());
        }
    }

    #[test]
    fn links_are_refused() {
        for kind in [tar::EntryType::Symlink, tar::EntryType::Link] {
            let (root, result) = try_unpack(&archive(|tar| link(tar, kind)));
            assert!(result.unwrap_err().to_job_fault().message.contains("neither a file nor a directory"));
            assert!(root.path().join("d/pg_tblspc/1").symlink_metadata().is_err());
        }
    }

    #[test]
    fn a_stream_that_is_given_up_is_no_archive() {
        let whole = archive(|tar| file(tar, "big", &[1; 50_000]));
        for (bytes, end) in [(whole.len(), false), (20_000, false), (20_000, true)] {
            let (sender, receiver) = tokio::sync::mpsc::channel(4);
            sender.try_send(Piece::Data(Bytes::copy_from_slice(&whole[..bytes]))).ok().unwrap();
            if end {
                sender.try_send(Piece::End).ok().unwrap();
            }
            drop(sender);
            let root = tempfile::tempdir().unwrap();
            assert!(unpack(Pieces::new(receiver), &root.path().join("d"), Owner::default()).is_err(), "{bytes} {end}");
        }
    }
}
