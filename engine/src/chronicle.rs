//! What fired, in order: schedules, retention, purges, leases. In memory, for whoever runs time
//! (`POST /emulator/clock/advance`) and for displays; nothing depends on it.
//!
//! Always holds: numbers rise by one; memory is bounded, the oldest go first, and a reader is told
//! that they have gone.

use crate::Engine;
use rsvault_domain::ports::{Event, EventKind};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Events kept. A step of the emulator's time fires far fewer.
const KEPT: usize = 16_384;

/// The ring.
#[derive(Debug, Default)]
pub struct Chronicle(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    events: VecDeque<Event>,
    /// Number that the next event gets.
    next: u64,
    /// How many of each kind there were.
    counts: BTreeMap<EventKind, u64>,
}

/// Events from some number on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Since {
    /// In order.
    pub events: Vec<Event>,
    /// Where to go on.
    pub next: u64,
    /// How many were gone already.
    pub lost: u64,
}

impl Chronicle {
    /// Notes an event. After the transaction that made it so.
    pub fn note(&self, event: Event) {
        tracing::debug!(at = %event.at, kind = ?event.kind, subject = event.subject, event.text, "fired");
        let mut ring = self.ring();
        if ring.events.len() == KEPT {
            ring.events.pop_front();
        }
        *ring.counts.entry(event.kind).or_default() += 1;
        ring.events.push_back(event);
        ring.next += 1;
    }
    /// The events numbered `from` and later. `u64::MAX` only asks where the end is.
    pub fn since(&self, from: u64) -> Since {
        let ring = self.ring();
        let first = ring.next - ring.events.len() as u64;
        let skip = usize::try_from(from.saturating_sub(first)).unwrap_or(usize::MAX);
        Since { events: ring.events.iter().skip(skip).cloned().collect(), next: ring.next, lost: first.saturating_sub(from) }
    }

    /// How many of each kind were noted since the start.
    pub fn counts(&self) -> BTreeMap<EventKind, u64> {
        self.ring().counts.clone()
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Notes in the chronicle what has just happened.
    pub fn note(&self, kind: EventKind, subject: impl Into<String>, text: impl Into<String>) {
        self.chronicle.note(Event { at: self.clock.now(), kind, subject: subject.into(), text: text.into() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(n: usize) -> Event {
        Event { at: jiff::Timestamp::UNIX_EPOCH, kind: EventKind::Lease, subject: n.to_string(), text: String::new() }
    }

    #[test]
    fn a_reader_goes_on_where_it_stopped() {
        let chronicle = Chronicle::default();
        assert_eq!(chronicle.since(0), Since::default());
        for n in 0..3 {
            chronicle.note(event(n));
        }
        let seen = chronicle.since(1);
        assert_eq!((seen.events.len(), seen.next, seen.lost), (2, 3, 0));
        assert_eq!(seen.events[0].subject, "1");
        chronicle.note(event(3));
        let seen = chronicle.since(seen.next);
        assert_eq!((seen.events.len(), seen.events[0].subject.as_str(), seen.next), (1, "3", 4));
        assert_eq!(chronicle.since(u64::MAX), Since { events: Vec::new(), next: 4, lost: 0 });
    }

    #[test]
    fn the_oldest_go_first_and_a_slow_reader_is_told() {
        let chronicle = Chronicle::default();
        for n in 0..KEPT + 5 {
            chronicle.note(event(n));
        }
        let seen = chronicle.since(2);
        assert_eq!((seen.events.len(), seen.lost, seen.next), (KEPT, 3, KEPT as u64 + 5));
        assert_eq!(seen.events[0].subject, "5");
    }
}
