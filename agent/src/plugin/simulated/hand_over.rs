//! A database that changes its place: from an instance into an availability group, or out of one.
//!
//! Always holds: its pages, its log and the oracle's memory of it go along; nothing is committed to it while it
//! moves; the new place knows it before the old one forgets it, and a move that a crash cut off is finished
//! when the new place is opened.

use super::catalog::{Entry, Origin};
use super::database::Database;
use super::instance::{Instance, Work, lock};
use crate::plugin::WorkloadError;
use rsvault_domain::id::NameKey;
use std::sync::Arc;

impl Instance {
    /// Gives a database to another instance.
    pub(super) fn hand_over(self: &Arc<Self>, name: &str, to: &Arc<Self>, origin: Origin) -> Result<(), WorkloadError> {
        let busy = || WorkloadError::fault("UserErrorRestoreOperationInProgress", format!("Database '{name}'."));
        let _claims = (self.claim(Work::Restore, name).ok_or_else(busy)?, to.claim(Work::Restore, name).ok_or_else(busy)?);
        let Some((entry, database)) = self.lookup(name) else { return Ok(()) };
        if to.lookup(name).is_some() {
            return Err(WorkloadError::fault(
                "UserErrorCannotRestoreExistingDBWithoutForceOverwrite",
                format!("Database '{name}' is on '{}' already.", to.name),
            ));
        }
        database.checkpoint()?;
        database.close();
        let files = to.default_files(&entry.name);
        let moved = Entry { files: files.clone(), pending: Some(entry.files.clone()), origin, ..entry.clone() };
        to.change(|catalog| catalog.databases.push(moved))?;
        self.change(|catalog| catalog.remove(name))?;
        lock(&self.shelf).open.remove(&NameKey::new(name));
        to.change(|catalog| catalog.find_mut(name).map_or(Ok(()), Entry::settle))??;
        let database = Database::open(&files.data, &files.log, entry.since, Arc::clone(&to.clock))
            .map_err(|e| WorkloadError::io(format!("open database '{name}'"), e))?;
        lock(&to.shelf).open.insert(NameKey::new(name), Arc::new(database));
        Ok(())
    }
}
