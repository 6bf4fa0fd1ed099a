//! Progress of running transfers, kept in memory for displays.

use rsvault_domain::id::JobId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How far a transfer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read from or written to the database engine so far.
    pub bytes_done: u64,
    /// Bytes expected, where the engine could tell.
    pub bytes_total: Option<u64>,
}

/// Board of running jobs. An entry goes when its job ends.
#[derive(Default)]
pub(crate) struct Board(Mutex<HashMap<JobId, Progress>>);

impl Board {
    pub(crate) fn set(&self, job: JobId, progress: Progress) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(job, progress);
    }
    pub(crate) fn clear(&self, job: JobId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
    }
    pub(crate) fn of(&self, job: JobId) -> Option<Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&job).copied()
    }
}
