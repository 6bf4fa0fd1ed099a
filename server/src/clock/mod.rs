//! The clocks of the house: the only place that reads the time.
//!
//! Sign-in tokens and certificates always go by [`SystemClock`] (clients keep tokens by real time);
//! with the emulator everything else goes by [`VirtualClock`].

mod emulated;
mod seen;
mod system;

pub(crate) use emulated::VirtualClock;
pub(crate) use seen::newest_seen;
pub(crate) use system::SystemClock;

#[cfg(test)]
mod tests;
