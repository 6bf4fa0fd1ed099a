//! The system's clock.

use async_trait::async_trait;
use jiff::Timestamp;
use rsvault_domain::ports::Clock;
use std::time::Duration;

/// The longest sleep: a clock that was set is noticed within it.
pub(super) const STEP: Duration = Duration::from_secs(30);

/// Wall time in UTC.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is told to use")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
    async fn until(&self, at: Timestamp) {
        tokio::time::sleep(between(self.now(), at).min(STEP)).await;
    }
    fn monotonic(&self) -> Option<Duration> {
        Some(since_boot())
    }
}

/// Time since the machine started, sleep included; nobody can set it.
pub(super) fn since_boot() -> Duration {
    Duration::try_from(rustix::time::clock_gettime(rustix::time::ClockId::Boottime)).unwrap_or_default()
}

/// From `now` to `at`; nothing if that has passed.
pub(super) fn between(now: Timestamp, at: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(now)).unwrap_or_default()
}
