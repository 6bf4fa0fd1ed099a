//! The system's clock: the only place of the house that reads the time.

use jiff::Timestamp;
use rsvault_domain::ports::Clock;

/// Wall time in UTC.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is told to use")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
