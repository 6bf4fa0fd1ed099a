//! Restores a base backup into a data directory that a server can be started from.
//!
//! The cluster recovers to the end of its backup when the server starts: the log it needs and the
//! backup label came along. What lies outside the data directory is not in a base backup: on
//! Debian `postgresql.conf` and `pg_hba.conf`, so start with `-c config_file=…` there.

use super::PostgresSettings;
use super::owner::Owner;
use super::target::Target;
use super::unpack::{Piece, Pieces, unpack};
use crate::plugin::{RestoreInput, WorkloadError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Pieces that wait between the vault and the disk.
const WAITING: usize = 4;

/// Restores stream 0 of step `index` into `target`.
pub(super) async fn run(
    settings: &PostgresSettings,
    target: &Target,
    index: usize,
    input: &mut dyn RestoreInput,
    cancel: &CancellationToken,
) -> Result<(), WorkloadError> {
    let streams = input.streams(index);
    if streams != 1 {
        return Err(WorkloadError::fault(
            "WorkloadRestoreFailed",
            format!("A base backup is one stream; this recovery point has {streams}."),
        ));
    }
    let owner = Owner::of(settings).await?;
    target.check_free()?;
    on_disk(target, Target::clean_up).await?;
    if let Some(parent) = target.directory.parent() {
        std::fs::create_dir_all(parent).map_err(|e| WorkloadError::io(format!("making '{}'", parent.display()), e))?;
    }
    let (sender, receiver) = mpsc::channel(WAITING);
    let staging = target.staging.clone();
    let writer = tokio::task::spawn_blocking(move || unpack(Pieces::new(receiver), &staging, owner));
    // The sender goes with `feed`: without an end marker the writer fails, so it never outlives this call.
    let fed = feed(sender, index, input, cancel).await;
    let written = writer.await.map_err(|e| broken(&e))?;
    let done = fed.and(written);
    if done.is_err() {
        on_disk(target, Target::clean_up).await?;
        return done;
    }
    on_disk(target, Target::swap_in).await
}

/// Runs work on whole directories apart from the runtime's own threads.
pub(super) async fn on_disk(target: &Target, work: fn(&Target) -> Result<(), WorkloadError>) -> Result<(), WorkloadError> {
    let target = target.clone();
    tokio::task::spawn_blocking(move || work(&target)).await.map_err(|e| broken(&e))?
}

fn broken(e: &tokio::task::JoinError) -> WorkloadError {
    WorkloadError::fault("WorkloadRestoreFailed", format!("The writer broke down: {e}."))
}

/// Passes the stream on. A writer that has given up ends it quietly: its own error tells why.
async fn feed(
    sender: mpsc::Sender<Piece>,
    index: usize,
    input: &mut dyn RestoreInput,
    cancel: &CancellationToken,
) -> Result<(), WorkloadError> {
    loop {
        let next = async {
            let bytes = input.read(index, 0).await?;
            let end = bytes.is_none();
            let taken = sender.send(bytes.map_or(Piece::End, Piece::Data)).await.is_ok();
            Ok::<bool, WorkloadError>(taken && !end)
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(WorkloadError::Cancelled),
            more = next => if !more? { return Ok(()) },
        }
    }
}
