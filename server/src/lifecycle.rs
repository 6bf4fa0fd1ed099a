//! Life and death of the process: a soft end that lets work finish, a hard end that does not, and
//! the one set that owns every spawned task.
//!
//! Always holds: the first SIGTERM or SIGINT asks softly, the second or [`DRAIN`] ends hard; every
//! task is in the tracker and is awaited; the process ends within [`DRAIN`] plus a second.

use std::future::Future;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long work may take to finish once the end is asked for.
const DRAIN: Duration = Duration::from_secs(4);

/// Tokens and tasks of one server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    /// Cancelled when nothing new should begin and what waits should stop waiting.
    pub(crate) fn soft(&self) -> CancellationToken {
        self.soft.clone()
    }
    /// Starts a task of this server. It must look at [`Self::soft`]; at the hard end it is dropped.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let hard = self.hard.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = task => {}
                () = hard.cancelled() => {}
            }
        });
    }
    /// Waits for a signal, or for someone to ask for the end.
    pub(crate) async fn until_asked(&self, signals: &mut Signals) {
        tokio::select! {
            name = signals.next() => tracing::info!(signal = name, "draining"),
            () = self.soft.cancelled() => {}
        }
        self.soft.cancel();
    }
    /// Ends everything: softly first, hard on a second signal or after [`DRAIN`].
    pub(crate) async fn end(&self, signals: &mut Signals) {
        self.soft.cancel();
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => {}
            name = signals.next() => tracing::warn!(signal = name, "ending at once"),
            () = tokio::time::sleep(DRAIN) => tracing::warn!(tasks = self.tasks.len(), "work did not finish in time; ending at once"),
        }
        self.hard.cancel();
        self.tasks.wait().await;
    }
}

/// The signals that end a server.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes them over from the default action.
    pub(crate) fn take() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }
    /// The next one, by name.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
