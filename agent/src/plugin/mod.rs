//! Workload plugins: how the agent talks to one database engine. A plugin discovers, streams a
//! backup out and writes a restore back; it knows nothing of vaults, chunks or keys.

pub mod postgresql;
pub mod simulated;

use async_trait::async_trait;
use bytes::Bytes;
use rsvault_domain::availability::GroupInventory;
use rsvault_domain::backup::{BackupFacts, BackupKind};
use rsvault_domain::discovery::InstanceInventory;
use rsvault_domain::fault::JobFault;
use rsvault_domain::restore::{RestorePlan, RestoreStep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What a plugin is asked to back up.
#[derive(Clone, Debug)]
pub struct BackupRequest {
    /// Instance.
    pub instance: String,
    /// Database.
    pub database: String,
    /// Kind.
    pub kind: BackupKind,
    /// Streams (stripes) to write: 1 up to what the caller allows.
    pub stripes: u32,
}

/// Takes the bytes of one backup. Back-pressure: a write returns when the pipeline has room.
#[async_trait]
pub trait BackupOutput: Send {
    /// Appends bytes (256 KiB to 1 MiB a call by habit) to a stream. Streams are 0, 1, 2 …
    async fn write(&mut self, stream: u32, bytes: Bytes) -> Result<(), WorkloadError>;
}

/// Gives the bytes of a restore: verified and decrypted, in order.
#[async_trait]
pub trait RestoreInput: Send {
    /// Number of streams that step `step` of the plan has.
    fn streams(&self, step: usize) -> u32;
    /// Next bytes of a stream of a step; None at its (authenticated) end.
    async fn read(&mut self, step: usize, stream: u32) -> Result<Option<Bytes>, WorkloadError>;
}

/// A failure of a plugin or of what feeds it.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// A catalogue fault that people see in the job.
    #[error("{}: {}", .0.code, .0.message)]
    Fault(JobFault),
    /// The work was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// Input or output on the server.
    #[error("{context}: {source}")]
    Io {
        /// What was being done, with the path.
        context: String,
        /// The error.
        source: std::io::Error,
    },
    /// The vault or the network failed; the step may be tried again.
    #[error("{0}")]
    Transport(String),
}

impl WorkloadError {
    /// A catalogue fault by code.
    pub fn fault(code: &str, detail: impl Into<String>) -> Self {
        Self::Fault(JobFault::catalogue(code, detail))
    }
    /// An I/O error with what was being done.
    pub fn io(context: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { context: context.into(), source }
    }
    /// The fault that people see for this error.
    pub fn to_job_fault(&self) -> JobFault {
        match self {
            Self::Fault(fault) => fault.clone(),
            Self::Cancelled => JobFault::catalogue("UserErrorJobSuccessfullyCancelled", ""),
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                JobFault::catalogue("UserErrorInsufficientSpaceForRestoreOnDisk", self.to_string())
            }
            Self::Io { .. } => JobFault::catalogue("WlExtGenericIOFaultUserError", self.to_string()),
            Self::Transport(detail) => JobFault::catalogue("WorkloadExtensionNotReachable", detail.clone()),
        }
    }
}

/// One database engine on this server.
#[async_trait]
pub trait Workload: Send + Sync + 'static {
    /// Name of the engine (`simulated`, `postgresql`).
    fn engine(&self) -> &'static str;

    /// Lists instances and databases. A faulty instance is listed with its fault, not an error.
    async fn discover(&self) -> Result<Vec<InstanceInventory>, WorkloadError>;

    /// Availability groups that the instances take part in, and why not all of them can be seen.
    async fn groups(&self) -> Result<(Vec<GroupInventory>, Option<JobFault>), WorkloadError> {
        Ok(Default::default())
    }

    /// Streams a backup into `output`, then reports its facts. Checks `cancel` at least between
    /// writes; a cancelled backup leaves nothing behind on the server. What a backup moves in the
    /// engine (end of the log chain, differential base) moves only in [`Workload::confirm`].
    async fn backup(
        &self,
        request: &BackupRequest,
        output: &mut dyn BackupOutput,
        cancel: &CancellationToken,
    ) -> Result<BackupFacts, WorkloadError>;

    /// The vault has committed the backup that reported `facts`: the engine may now let go of the log
    /// that is in it and build differentials on it. A backup that is never confirmed counts for
    /// nothing: the next log begins where it began, the next differential has the base it had. May be
    /// called again for the same backup.
    async fn confirm(&self, _request: &BackupRequest, _facts: &BackupFacts) -> Result<(), WorkloadError> {
        Ok(())
    }

    /// Refuses a restore whose target is impossible (name taken, instance unknown, files in the
    /// way) before a byte is read.
    async fn check_restore(&self, plan: &RestorePlan) -> Result<(), WorkloadError>;

    /// How many steps of the restore `id` stand durably: a later attempt (the next generation, an
    /// agent that was started again) goes on after them. All of them, if it had come to its end.
    async fn steps_done(&self, _id: Uuid, _plan: &RestorePlan) -> Result<usize, WorkloadError> {
        Ok(0)
    }

    /// Applies one step of the plan. Step 0 creates the database; the last one recovers it unless
    /// the plan says NORECOVERY. Until the last step has succeeded nothing that existed before is
    /// lost: the result is built aside and swapped in at the end. A step that failed may be applied
    /// again. `id` is the command's.
    async fn restore_step(
        &self,
        id: Uuid,
        plan: &RestorePlan,
        index: usize,
        step: &RestoreStep,
        input: &mut dyn RestoreInput,
        cancel: &CancellationToken,
    ) -> Result<(), WorkloadError>;

    /// Removes what the unfinished restore `id` left aside. Called after a failure or a cancel, not
    /// when a later attempt may go on.
    async fn abandon_restore(&self, id: Uuid, plan: &RestorePlan) -> Result<(), WorkloadError>;
}
