//! Runs a restore command: refuse what cannot work, then apply the plan step by step.

use super::command::Run;
use super::files;
use crate::pipeline::RestoreReader;
use crate::plugin::WorkloadError;
use rsvault_domain::restore::{RestorePlan, RestoreTarget};
use rsvault_protocol::messages::{Outcome, Phase};
use std::sync::Arc;

pub(super) async fn run(run: &Run, plan: &RestorePlan) -> Result<Outcome, WorkloadError> {
    let mut reader = RestoreReader::new(Arc::clone(&run.vault), run.id, run.flow, Arc::clone(&run.progress), run.lease.stop.clone());
    match &plan.target {
        RestoreTarget::Files { directory } => {
            run.progress.enter(Phase::Transferring);
            files::write(run.id, plan, directory, &mut reader, &run.lease.stop).await?;
        }
        RestoreTarget::Database { instance, .. } => {
            let engine = run.engines.of(instance).await?;
            engine.check_restore(plan).await?;
            run.progress.enter(Phase::Transferring);
            let mut applied = Ok(());
            for (index, step) in plan.steps.iter().enumerate() {
                applied = async {
                    reader.open_step(index, step.set_id).await?;
                    engine.restore_step(plan, index, step, &mut reader, &run.lease.stop).await
                }
                .await;
                if applied.is_err() {
                    break;
                }
            }
            if let Err(error) = applied {
                if let Err(left) = engine.abandon_restore(plan).await {
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
