//! A lease and its heartbeats.
//!
//! Always holds: when the vault does not hear of us for as long as the lease lasts, it is lost.

use crate::pipeline::Progress;
use crate::transport::{Vault, VaultError};
use rsvault_domain::id::CommandId;
use rsvault_protocol::messages::Verdict;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// The ways in which work is told to stop.
#[derive(Clone, Default)]
pub(super) struct Lease {
    /// Stops the work, for whatever reason.
    pub(super) stop: CancellationToken,
    /// Someone asked to cancel: report it.
    pub(super) cancelled: CancellationToken,
    /// The lease is another's: report nothing.
    pub(super) lost: CancellationToken,
}

impl Lease {
    /// Stops because of a cancel.
    fn cancel(&self) {
        self.cancelled.cancel();
        self.stop.cancel();
    }
    /// Stops because the lease is gone.
    pub(super) fn lose(&self) {
        self.lost.cancel();
        self.stop.cancel();
    }
}

/// At least so often, whatever the lease: people watch the progress, and wait for a cancel.
const BEAT: Duration = Duration::from_secs(2);

/// Sends heartbeats until the lease is lost; the caller ends it by dropping.
pub(super) async fn keep_alive(
    vault: Arc<dyn Vault>,
    command: CommandId,
    generation: i64,
    mut length: Duration,
    progress: Arc<Progress>,
    lease: Lease,
) {
    loop {
        let pause = (length / 3).min(BEAT);
        sleep(pause).await;
        let heard = timeout(length.saturating_sub(pause), until_heard(&*vault, command, generation, pause, &progress)).await;
        match heard {
            Ok(Ok((Verdict::Continue, next))) => length = next,
            Ok(Ok((Verdict::Cancel, next))) => {
                lease.cancel();
                length = next;
            }
            Ok(Ok((Verdict::Stale, _))) => {
                tracing::warn!(%command, generation, "the lease is another's: stopping");
                return lease.lose();
            }
            Ok(Err(error)) => {
                tracing::warn!(%command, generation, %error, "the vault refused a heartbeat: stopping");
                return lease.lose();
            }
            Err(_) => {
                tracing::warn!(%command, generation, "no heartbeat got through for as long as the lease holds: stopping");
                return lease.lose();
            }
        }
    }
}

async fn until_heard(
    vault: &dyn Vault,
    command: CommandId,
    generation: i64,
    pause: Duration,
    progress: &Progress,
) -> Result<(Verdict, Duration), VaultError> {
    let between = (pause / 4).min(Duration::from_secs(1));
    loop {
        match timeout(pause.max(Duration::from_secs(1)), vault.heartbeat(command, &progress.beat(generation))).await {
            Ok(Ok(answer)) => return Ok((answer.verdict, Duration::from_secs(answer.lease_seconds.max(1).into()))),
            Ok(Err(error)) if !error.is_retryable() => {
                return if matches!(error, VaultError::Stale(_)) { Ok((Verdict::Stale, pause)) } else { Err(error) };
            }
            Ok(Err(_)) | Err(_) => sleep(between).await,
        }
    }
}
