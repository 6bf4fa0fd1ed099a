//! Time and doorbells.

use async_trait::async_trait;
use jiff::Timestamp;

/// The one source of time. It never goes back while the process runs on a virtual clock; a system's
/// clock may (see `engine::guard`).
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Returns once `now() >= at`. May return early, so that a clock that was set is noticed: callers
    /// look again. Waits for this clock, not for the real one: the caller bounds it if it must end.
    async fn until(&self, at: Timestamp);
    /// Time since some fixed moment, by a source that nobody can set and that counts sleep. None: this
    /// clock is virtual or a test's, and what it says is the time.
    fn monotonic(&self) -> Option<std::time::Duration> {
        None
    }
}

/// Doorbells: something changed that a waiter may care about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bell {
    /// Tasks were enqueued.
    Tasks,
    /// Commands were queued for agents, or a cancel was asked for.
    Commands,
    /// An operation or job ended.
    Operations,
    /// Policies or items changed: agents look whether their schedule is still theirs.
    Schedules,
}

/// Rings doorbells and waits for them. A ring may be lost (another process, a restart): waiters
/// also look on a timer.
#[async_trait]
pub trait Wake: Send + Sync + 'static {
    /// Rings.
    fn ring(&self, bell: Bell);
    /// Returns at the next ring after the call, or after `at_most`, whichever is first.
    async fn wait(&self, bell: Bell, at_most: std::time::Duration);
}
