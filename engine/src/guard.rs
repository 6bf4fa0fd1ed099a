//! Which time retention may trust. A clock that jumps or lags is noticed and never makes a point, a
//! soft-deleted item or anything else go early.
//!
//! Always holds, by the monotonic clock that nobody can set: trusted time runs no faster than real
//! time by more than [`TOLERANCE`] a day; it never goes back; it does not pass over more than
//! [`GAP`] while the vault was off. A clock that disagrees is held until it agrees again or an operator
//! accepts it (`rsvault doctor --accept-clock` writes the mark). Virtual clocks are not guarded:
//! their time is what the emulator says.

use crate::Engine;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::fault::Result;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How far the clock may be from what the monotonic clock makes of it.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(2);
/// How long the vault may have been off without an operator's word.
pub const GAP: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How often the mark is written.
pub(crate) const MARK_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// How long a comparison of the two clocks is the measure: drift is forgiven by the day.
const RENEW: Duration = Duration::from_secs(24 * 60 * 60);

/// How the clock stands to what is trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// How far the clock is from what is expected of it; more than [`TOLERANCE`] is not trusted.
    pub off: SignedDuration,
    /// How far trusted time is behind the clock.
    pub lag: SignedDuration,
    /// How often it left the expected since the start.
    pub jumps: u64,
}

/// Follows the clock.
#[derive(Debug, Default)]
pub(crate) struct TrustedTime(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// A moment of both clocks that agreed.
    anchor: Option<(Timestamp, Duration)>,
    /// The latest trusted time.
    high: Option<Timestamp>,
    /// The mark as this process last knew it.
    mark: Option<Timestamp>,
    /// Whether the clock is off what is expected.
    off: bool,
    trust: Trust,
}

impl State {
    fn trust(&mut self, wall: Timestamp, mono: Duration) -> Timestamp {
        let (at, since) = *self.anchor.get_or_insert((wall, mono));
        let expected = at.saturating_add(mono.saturating_sub(since)).unwrap_or(Timestamp::MAX);
        self.trust.off = wall.duration_since(expected);
        let off = self.trust.off.abs() > TOLERANCE;
        if off && !self.off {
            self.trust.jumps += 1;
            tracing::warn!(%wall, %expected, "the clock jumped: nothing expires by it until it is right again or accepted (rsvault doctor --accept-clock)");
        } else if self.off && !off {
            tracing::info!(%wall, "the clock is right again");
        }
        self.off = off;
        if !off && mono.saturating_sub(since) > RENEW {
            self.anchor = Some((wall, mono));
        }
        let trusted = if self.trust.off > TOLERANCE { expected } else { wall };
        let trusted = self.high.map_or(trusted, |high| high.max(trusted));
        self.high = Some(trusted);
        self.trust.lag = wall.duration_since(trusted);
        trusted
    }

    /// Takes note of the mark that stands in the catalogue.
    fn see(&mut self, mark: Timestamp, wall: Timestamp, mono: Duration) {
        let first = self.anchor.is_none();
        let accepted = self.mark.is_some_and(|known| mark > known + MARK_EVERY + TOLERANCE || mark < known - TOLERANCE);
        self.mark = Some(mark);
        if first {
            let off = wall < mark || wall.duration_since(mark) > GAP;
            self.anchor = Some((if off { mark } else { wall }, mono));
            self.high = Some(mark);
        } else if accepted {
            tracing::info!(%mark, "an operator accepted the clock");
            (self.anchor, self.high) = (Some((mark, mono)), Some(mark));
        }
    }
}

impl TrustedTime {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Now, as far as it can be trusted: what expiry, retention and purges are judged by.
    pub fn trusted_now(&self) -> Timestamp {
        let wall = self.clock.now();
        match self.clock.monotonic() {
            Some(mono) => self.guard.state().trust(wall, mono),
            None => wall,
        }
    }
    /// From when a new expiry counts: a clock that was set back shortens nothing.
    pub fn stamp_now(&self) -> Timestamp {
        let wall = self.clock.now();
        let Some(mono) = self.clock.monotonic() else { return wall };
        let mut state = self.guard.state();
        let trusted = state.trust(wall, mono);
        let expected = wall.saturating_sub(state.trust.off).unwrap_or(wall);
        wall.max(trusted).max(expected)
    }
    /// How the clock stands to what is trusted.
    pub fn trust(&self) -> Trust {
        let _ = self.trusted_now();
        self.guard.state().trust
    }
    /// Compares the clock with the mark that an earlier run left. Before anything is judged by it.
    pub async fn open_guard(&self) -> Result<()> {
        self.keep_mark().await
    }
    /// Looks at the mark (an operator may have accepted the clock) and raises it now and then.
    pub(crate) async fn keep_mark(&self) -> Result<()> {
        let Some(mono) = self.clock.monotonic() else { return Ok(()) };
        let kept = self.store.read().await?.clock_mark().await?;
        if let Some(mark) = kept {
            self.guard.state().see(mark, self.clock.now(), mono);
        }
        let trusted = self.trusted_now();
        if kept.is_none_or(|mark| trusted.duration_since(mark) >= MARK_EVERY) {
            let mut tx = self.store.begin().await?;
            tx.set_clock_mark(trusted).await?;
            tx.commit().await?;
            self.guard.state().mark = Some(trusted);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn start() -> Timestamp {
        "2026-11-25T12:00:00Z".parse().unwrap()
    }
    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }
    /// A vault that ran yesterday, at `start()` now.
    fn running() -> State {
        let mut state = State::default();
        state.see(start() - DAY, start(), secs(0));
        assert_eq!(state.trust(start(), secs(0)), start());
        state
    }

    #[test]
    fn a_jump_ahead_is_held_counted_once_and_forgiven_when_the_clock_is_right_again() {
        let mut state = running();
        for n in 1_u64..100 {
            let trusted = state.trust(start() + DAY * 400, secs(n));
            assert!(trusted <= start() + SignedDuration::from_secs(n.cast_signed()), "{trusted}");
        }
        assert_eq!((state.trust.jumps, state.off), (1, true));
        let right = start() + SignedDuration::from_secs(100);
        assert_eq!(state.trust(right, secs(100)), right);
        assert_eq!((state.trust.jumps, state.off), (1, false));
    }

    #[test]
    fn many_looks_at_a_clock_that_is_a_little_fast_do_not_add_up() {
        let mut state = running();
        let fast = SignedDuration::from_secs(110);
        for n in 1_u64..10_000 {
            let real = start() + SignedDuration::from_secs(n.cast_signed());
            assert!(state.trust(real + fast, secs(n)) <= real + TOLERANCE);
        }
    }

    #[test]
    fn a_clock_set_back_does_not_take_trusted_time_back_and_time_goes_on_when_it_is_right() {
        let mut state = running();
        let high = state.trust(start() + SignedDuration::from_secs(60), secs(60));
        for n in 61..100 {
            assert_eq!(state.trust(start() - DAY * 365, secs(n)), high);
        }
        assert_eq!(state.trust.jumps, 1);
        let right = start() + SignedDuration::from_secs(100);
        assert_eq!(state.trust(right, secs(100)), right);
    }

    #[test]
    fn a_restart_after_a_week_and_more_waits_for_an_operator() {
        let mut state = State::default();
        let mark = start() - GAP - DAY;
        state.see(mark, start(), secs(5));
        let held = state.trust(start() + SignedDuration::from_secs(10), secs(15));
        assert_eq!(held, mark + SignedDuration::from_secs(10));
        state.mark = Some(held);
        let accepted = start() + SignedDuration::from_secs(20);
        state.see(accepted, accepted, secs(25));
        assert_eq!(state.trust(accepted, secs(25)), accepted);
        assert!(!state.off);
    }

    #[test]
    fn a_restart_within_the_week_goes_on_and_one_behind_the_mark_stays_at_it() {
        let mut state = State::default();
        state.see(start() - DAY * 6, start(), secs(5));
        assert_eq!(state.trust(start(), secs(5)), start());
        let mut state = State::default();
        state.see(start() + DAY, start(), secs(5));
        assert_eq!(state.trust(start(), secs(6)), start() + DAY);
        assert!(state.off);
    }

    #[test]
    fn drift_within_the_tolerance_is_forgiven_by_the_day() {
        let mut state = running();
        for day in 1_u32..30 {
            let mono = secs(u64::from(day) * 86_401);
            let wall = start() + DAY * i32::try_from(day).unwrap() + SignedDuration::from_secs(i64::from(day) * 60);
            assert_eq!(state.trust(wall, mono), wall, "day {day}");
        }
        assert_eq!(state.trust.jumps, 0);
    }
}
