//! The clocks of the house: the only place that reads the time.

mod system;

pub(crate) use system::SystemClock;
