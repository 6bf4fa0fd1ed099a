//! Runs one command from lease to report.

use super::commits::Commits;
use super::engines::Engines;
use super::floor::Seat;
use super::lease::{Lease, keep_alive};
use super::{backup, restore};
use crate::pipeline::{Flow, Progress};
use crate::plugin::{BackupRequest, WorkloadError};
use crate::transport::{Patience, Vault, VaultError, patiently};
use rsvault_domain::fault::{JobFault, codes};
use rsvault_domain::id::CommandId;
use rsvault_protocol::messages::{CommandView, Outcome, ResultBody, Work};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Time that work gets to stop and clean up after it was told to.
pub(super) const STOP_WITHIN: Duration = Duration::from_secs(20);

/// What every command is worked on with.
#[derive(Clone)]
pub(super) struct Tools {
    pub(super) vault: Arc<dyn Vault>,
    pub(super) engines: Engines,
    pub(super) commits: Arc<Commits>,
    /// Chunks in flight.
    pub(super) window: usize,
    /// The machine goes down.
    pub(super) reboot: CancellationToken,
}

/// A command at work.
pub(super) struct Run {
    pub(super) vault: Arc<dyn Vault>,
    pub(super) engines: Engines,
    pub(super) commits: Arc<Commits>,
    pub(super) id: CommandId,
    pub(super) generation: i64,
    pub(super) flow: Flow,
    pub(super) progress: Arc<Progress>,
    pub(super) lease: Lease,
    pub(super) reboot: CancellationToken,
}

/// Works on `command` once there is a seat, and reports how it ended. `shutdown` gives the work back.
pub(super) async fn work_on(tools: Tools, command: CommandView, seat: Seat, lease: Lease, shutdown: CancellationToken) {
    let Tools { vault, engines, commits, window, reboot } = tools;
    let length = Duration::from_secs(command.lease_seconds.max(1).into());
    let run = Run {
        vault: Arc::clone(&vault),
        engines,
        commits,
        id: command.id,
        generation: command.generation,
        flow: Flow { window, patience: Patience::within(length) },
        progress: Arc::default(),
        lease: lease.clone(),
        reboot,
    };
    let beats = keep_alive(vault, run.id, run.generation, length, Arc::clone(&run.progress), lease.clone());
    let beats = async {
        beats.await;
        std::future::pending::<()>().await;
    };
    let outcome = tokio::select! {
        outcome = bounded(&run, command.work, seat) => outcome,
        // Ends only by being dropped with the work: beats go on while it stops and cleans up.
        () = beats => return,
        () = told_to_stop(&shutdown, &lease) => return,
    };
    if lease.lost.is_cancelled() {
        tracing::info!(command = %run.id, generation = run.generation, "stopped: the lease was lost");
        return;
    }
    report(&run, outcome, &shutdown).await;
}

/// On shutdown tells the work to stop; never ends.
async fn told_to_stop(shutdown: &CancellationToken, lease: &Lease) {
    shutdown.cancelled().await;
    lease.stop.cancel();
    std::future::pending::<()>().await;
}

/// The work, left alone once it has had its time to stop.
async fn bounded(run: &Run, work: Work, seat: Seat) -> Outcome {
    let late = async {
        run.lease.stop.cancelled().await;
        tokio::time::sleep(STOP_WITHIN).await;
    };
    let done = tokio::select! {
        done = seated(run, work, seat) => done,
        () = late => {
            tracing::warn!(command = %run.id, "the work did not stop in time: dropped");
            Err(WorkloadError::Cancelled)
        }
    };
    match done {
        Ok(outcome) => outcome,
        Err(_) if run.lease.cancelled.is_cancelled() => Outcome::Cancelled {},
        Err(WorkloadError::Cancelled) if run.reboot.is_cancelled() => Outcome::Failed { fault: JobFault::catalogue(codes::REBOOTED, "") },
        Err(WorkloadError::Cancelled) => Outcome::Interrupted { reason: "The agent is shutting down.".into() },
        Err(WorkloadError::Transport(reason)) => Outcome::Interrupted { reason },
        Err(error) => {
            let fault = error.to_job_fault();
            tracing::warn!(command = %run.id, code = fault.code, message = fault.message, "the command failed");
            Outcome::Failed { fault }
        }
    }
}

/// Waits for the seat, and holds it while the work is under way.
async fn seated(run: &Run, work: Work, seat: Seat) -> Result<Outcome, WorkloadError> {
    let _seat = tokio::select! {
        biased;
        () = run.lease.stop.cancelled() => return Err(WorkloadError::Cancelled),
        seat = seat => seat,
    };
    tracing::info!(command = %run.id, generation = run.generation, work = word(&work), "working");
    perform(run, work).await
}

async fn perform(run: &Run, work: Work) -> Result<Outcome, WorkloadError> {
    match work {
        Work::Inquire {} => Ok(Outcome::Inquired { inventory: run.engines.inventory().await? }),
        Work::Backup { instance, database, backup, compress, .. } => {
            let request = BackupRequest { instance, database, kind: backup, stripes: 1 };
            backup::run(run, request, compress).await
        }
        Work::Restore { plan } => restore::run(run, &plan).await,
    }
}

/// Sends the result until the vault has it or does not want it. At shutdown a few tries must do: the
/// lease runs out by itself.
async fn report(run: &Run, outcome: Outcome, shutdown: &CancellationToken) {
    let body = ResultBody { generation: run.generation, outcome };
    let patience = Patience { give_up: Duration::from_secs(600), ..run.flow.patience };
    let hurry = async {
        shutdown.cancelled().await;
        tokio::time::sleep(Duration::from_secs(3)).await;
    };
    let sent = tokio::select! {
        sent = patiently(&patience, || run.vault.report(run.id, &body)) => sent,
        () = hurry => Err(VaultError::unavailable("shutting down")),
    };
    match sent {
        Ok(()) => tracing::info!(command = %run.id, generation = run.generation, "reported"),
        Err(VaultError::Stale(_)) => {
            tracing::info!(command = %run.id, generation = run.generation, "the result came too late: the lease is another's");
        }
        Err(error) => tracing::error!(command = %run.id, generation = run.generation, %error, "the result could not be reported"),
    }
}

fn word(work: &Work) -> &'static str {
    match work {
        Work::Inquire {} => "inquire",
        Work::Backup { .. } => "backup",
        Work::Restore { .. } => "restore",
    }
}
