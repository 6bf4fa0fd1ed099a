//! Runs a backup command: open the set, let the engine write, commit.

use super::command::Run;
use super::commits::Commit;
use crate::pipeline::BackupPipeline;
use crate::plugin::{BackupRequest, WorkloadError};
use crate::transport::{VaultError, patiently};
use rsvault_domain::backup::BackupKind;
use rsvault_protocol::messages::{AbortSetBody, CommitSetBody, OpenSetBody, OpenSetView, Outcome, Phase};
use std::sync::Arc;
use std::time::Duration;

/// Time for the good manners of an abort; the vault collects the set anyway.
const ABORT: Duration = Duration::from_secs(3);

pub(super) async fn run(run: &Run, request: BackupRequest, compress: bool) -> Result<Outcome, WorkloadError> {
    let open = OpenSetBody { generation: run.generation, streams: request.stripes };
    let set = run.ask(patiently(&run.flow.patience, || run.vault.open_set(run.id, &open))).await?;
    match fill(run, &set, request, compress).await {
        Ok(()) => Ok(Outcome::BackedUp { set_id: set.set_id }),
        Err(error) => {
            // After a lost lease the set is another generation's.
            if !run.lease.lost.is_cancelled() {
                let body = AbortSetBody { generation: set.generation };
                if !matches!(tokio::time::timeout(ABORT, run.vault.abort_set(set.set_id, &body)).await, Ok(Ok(()))) {
                    tracing::debug!(set = %set.set_id, "the set was not aborted; the vault collects it later");
                }
            }
            Err(error)
        }
    }
}

async fn fill(run: &Run, set: &OpenSetView, request: BackupRequest, compress: bool) -> Result<(), WorkloadError> {
    let engine = run.engines.of(&request.instance).await?;
    run.commits.make_up(run, &request).await?;
    run.progress.enter(Phase::Transferring);
    let mut pipeline = BackupPipeline::start(
        Arc::clone(&run.vault),
        set,
        request.stripes,
        compress,
        run.flow,
        Arc::clone(&run.progress),
        run.lease.stop.clone(),
    )?;
    let facts = engine.backup(&request, &mut pipeline, &run.lease.stop).await?;
    if run.lease.stop.is_cancelled() {
        return Err(WorkloadError::Cancelled);
    }
    run.progress.enter(Phase::Finishing);
    let sealed = pipeline.finish().await?;
    let commit = CommitSetBody { generation: set.generation, facts: facts.clone(), key: sealed.key, streams: sealed.streams };
    if request.kind == BackupKind::Full {
        let BackupRequest { instance, database, .. } = request.clone();
        run.commits.note(Commit { set_id: set.set_id, instance, database, body: commit.clone() }).await;
    }
    let committed = match run.ask(patiently(&run.flow.patience, || run.vault.commit_set(set.set_id, &commit))).await {
        Ok(committed) => committed,
        Err(error) => {
            if matches!(error, WorkloadError::Fault(_)) {
                run.commits.forget(set.set_id).await;
            }
            return Err(error);
        }
    };
    // The backup stands whatever the engine says now: it is told again before its next backup.
    match engine.confirm(&request, &facts).await {
        Ok(()) => run.commits.forget(set.set_id).await,
        Err(error) => {
            tracing::warn!(command = %run.id, set = %set.set_id, %error, "the engine could not take note of the committed backup");
        }
    }
    tracing::info!(command = %run.id, set = %set.set_id, point = committed.recovery_point, bytes = run.progress.done(), "backup committed");
    Ok(())
}

impl Run {
    /// Waits for the vault unless the work is stopped; a stale answer loses the lease.
    pub(super) async fn ask<T>(&self, call: impl Future<Output = Result<T, VaultError>>) -> Result<T, WorkloadError> {
        tokio::select! {
            biased;
            () = self.lease.stop.cancelled() => Err(WorkloadError::Cancelled),
            answer = call => answer.map_err(|error| {
                if matches!(error, VaultError::Stale(_)) {
                    self.lease.lose();
                }
                error.into_work()
            }),
        }
    }
}
