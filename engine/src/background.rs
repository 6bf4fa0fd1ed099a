//! The loops that keep the vault going: tasks, and reconcilers on a timer. They end when `stop`
//! resolves; the round that runs is finished first.

use crate::{Engine, reconcile, tasks};
use rsvault_domain::ports::Bell;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Between two rounds of the reconcilers.
const ROUND: Duration = Duration::from_secs(2);

/// Runs until `stop` resolves. `owner` names this process in leases.
pub async fn run(engine: Arc<Engine>, owner: String, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    loop {
        let mut busy = false;
        let turn = engine.turn().await;
        if let Err(fault) = engine.keep_mark().await {
            tracing::error!(error = %fault, detail = fault.internal_detail(), "the clock's mark was not kept");
        }
        match tasks::run_due(&engine, &owner).await {
            Ok(count) => busy = count > 0,
            Err(fault) => tracing::error!(error = %fault, detail = fault.internal_detail(), "running tasks failed"),
        }
        if let Err(fault) = reconcile::round(&engine).await {
            tracing::error!(error = %fault, detail = fault.internal_detail(), "reconcilers failed");
        }
        drop(turn);
        let pause = if busy { Duration::ZERO } else { ROUND };
        tokio::select! {
            () = &mut stop => return,
            () = engine.wake.wait(Bell::Tasks, pause) => {}
        }
    }
}
