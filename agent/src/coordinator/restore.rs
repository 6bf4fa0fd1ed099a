//! Runs a restore command: refuse what cannot work, then apply the plan step by step.
//!
//! Always holds: steps that an earlier attempt of this command finished are not run again; a step
//! that the network broke off is tried again before the command is given back; what stands aside is
//! abandoned when the command fails or is cancelled, and left for the next attempt otherwise.

use super::command::Run;
use super::files;
use crate::pipeline::RestoreReader;
use crate::plugin::{Workload, WorkloadError};
use rsvault_domain::restore::{RestorePlan, RestoreTarget};
use rsvault_protocol::messages::{Outcome, Phase};
use std::sync::Arc;

/// How often a step is begun before the command is given back. The network's own patience is spent
/// within each.
pub(super) const TRIES: u32 = 3;

pub(super) async fn run(run: &Run, plan: &RestorePlan) -> Result<Outcome, WorkloadError> {
    let mut reader = RestoreReader::new(Arc::clone(&run.vault), run.id, run.flow, Arc::clone(&run.progress), run.lease.stop.clone());
    match &plan.target {
        RestoreTarget::Files { directory } => {
            run.progress.enter(Phase::Transferring);
            files::write(run, plan, directory, &mut reader).await?;
        }
        RestoreTarget::Database { instance, .. } => {
            let engine = run.engines.of(instance).await?;
            let done = engine.steps_done(run.id.0, plan).await?;
            if done == 0 {
                // Nothing stands aside that a refusal would leave behind.
                engine.check_restore(plan).await?;
            } else {
                tracing::info!(command = %run.id, generation = run.generation, done, of = plan.steps.len(), "the restore goes on");
            }
            if let Err(error) = go_on(run, plan, engine.as_ref(), &mut reader, done).await {
                let resumed = match error {
                    WorkloadError::Transport(_) => true,
                    WorkloadError::Cancelled => !run.lease.cancelled.is_cancelled(),
                    _ => false,
                };
                if !resumed && let Err(left) = engine.abandon_restore(run.id.0, plan).await {
                    tracing::warn!(command = %run.id, error = %left, "what an unfinished restore left aside could not be removed");
                }
                return Err(error);
            }
        }
    }
    run.progress.enter(Phase::Finishing);
    tracing::info!(command = %run.id, bytes = run.progress.done(), "restore done");
    Ok(Outcome::Restored { bytes: run.progress.done() })
}

/// Runs the steps after the first `done`.
async fn go_on(run: &Run, plan: &RestorePlan, engine: &dyn Workload, reader: &mut RestoreReader, done: usize) -> Result<(), WorkloadError> {
    if done >= plan.steps.len() {
        return Ok(());
    }
    if done > 0 {
        engine.check_restore(plan).await?;
    }
    run.progress.enter(Phase::Transferring);
    for (index, step) in plan.steps.iter().enumerate().skip(done) {
        let mut tries = 0;
        loop {
            tries += 1;
            let applied = async {
                reader.open_step(index, step.set_id).await?;
                engine.restore_step(run.id.0, plan, index, step, reader, &run.lease.stop).await
            };
            match applied.await {
                Ok(()) => break,
                Err(error) => run.try_again(index, tries, error)?,
            }
        }
    }
    Ok(())
}

impl Run {
    /// Gives `error` back unless the step may be begun again.
    pub(super) fn try_again(&self, step: usize, tries: u32, error: WorkloadError) -> Result<(), WorkloadError> {
        if !matches!(error, WorkloadError::Transport(_)) || tries >= TRIES || self.lease.stop.is_cancelled() {
            return Err(error);
        }
        tracing::warn!(command = %self.id, step, tries, %error, "a step of the restore is begun again");
        Ok(())
    }
}
