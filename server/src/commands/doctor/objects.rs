//! The object store: write, read, delete; what a crash left behind.

use super::finding::Finding;
use crate::settings::without_password;
use bytes::Bytes;
use rsvault_domain::ports::{ObjectError, ObjectStore, PutOutcome};
use std::path::Path;

pub(super) async fn check(name: &'static str, url: &str) -> Vec<Finding> {
    let shown = without_password(url);
    // Opening sweeps them: look first.
    let staging = leftovers(url);
    let cure = "Check the folder's rights and free space.";
    let probed = match rsvault_storage::objects::open(url) {
        Ok(store) => probe(store.as_ref()).await,
        Err(error) => Err(error),
    };
    let mut findings = vec![match probed {
        Ok(()) => Finding::good(name, format!("{shown} writes, reads and deletes")),
        Err(error) => Finding::wrong(name, format!("{shown}: {error}"), cure),
    }];
    if staging > 0 {
        findings.push(Finding::warn(
            "staging files",
            format!("{staging} left by a crash or by uploads that run now"),
            "Nothing: they are swept when a server starts.",
        ));
    }
    findings
}

async fn probe(store: &dyn ObjectStore) -> Result<(), ObjectError> {
    let key = format!("doctor/{}", uuid::Uuid::new_v4());
    let bytes = Bytes::from_static(b"rsvault doctor");
    if store.put_new(&key, bytes.clone()).await? != PutOutcome::Created || store.get(&key).await? != bytes {
        return Err(ObjectError::Broken("what was read is not what was written".to_owned()));
    }
    if store.put_new(&key, Bytes::from_static(b"other")).await? != PutOutcome::Exists {
        return Err(ObjectError::Broken("an object can be overwritten: the store is not create-only".to_owned()));
    }
    store.delete(&key).await
}

/// Files of uploads that did not end (`name#N`).
fn leftovers(url: &str) -> usize {
    fn walk(dir: &Path) -> usize {
        let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
        entries
            .flatten()
            .map(|entry| match entry.file_type() {
                Ok(kind) if kind.is_dir() => walk(&entry.path()),
                Ok(_) => usize::from(entry.file_name().to_string_lossy().contains('#')),
                Err(_) => 0,
            })
            .sum()
    }
    url.strip_prefix("file:").map_or(0, |path| walk(Path::new(path.strip_prefix("//").unwrap_or(path))))
}
