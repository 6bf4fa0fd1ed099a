//! Which slots are due, which of them are open, and which goes next. Pure.
//!
//! Always holds: of each database and kind one slot is kept, the newest that was due: what was missed
//! before it is merged into it. A slot that was closed is not due again.

use jiff::{SignedDuration, Timestamp};
use rsvault_domain::backup::BackupKind;
use rsvault_domain::id::ItemId;
use rsvault_domain::policy::Timetable;
use rsvault_protocol::messages::ScheduledItemView;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Whose backups of which kind.
pub(super) type Key = (ItemId, BackupKind);

/// The newest slot of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mark {
    pub(super) item_id: ItemId,
    pub(super) kind: BackupKind,
    pub(super) slot: Timestamp,
    /// Whether it is still to be offered, or is worked on.
    pub(super) open: bool,
}

impl Mark {
    pub(super) fn key(&self) -> Key {
        (self.item_id, self.kind)
    }
}

/// Slots that are worked on, and when the work began.
pub(super) type Begun = HashMap<Key, Timestamp>;

/// Databases whose offer has just failed: one that always fails must not hold up the others.
pub(super) type Aside = HashSet<ItemId>;

/// The marks of all keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(BTreeMap<Key, Mark>);

impl Marks {
    pub(super) fn of(marks: Vec<Mark>) -> Self {
        Self(marks.into_iter().map(|m| (m.key(), m)).collect())
    }
    pub(super) fn all(&self) -> Vec<Mark> {
        self.0.values().copied().collect()
    }
    /// Slots that are open.
    pub(super) fn open(&self) -> usize {
        self.0.values().filter(|m| m.open).count()
    }
    /// Opens what is due at `now` and was not marked before; forgets what is not scheduled any more.
    /// Whether a slot was opened.
    pub(super) fn note(&mut self, items: &[ScheduledItemView], now: Timestamp) -> bool {
        let mut opened = false;
        let mut scheduled = HashSet::new();
        for (item, kind) in kinds(items) {
            let key = (item.item_id, kind);
            scheduled.insert(key);
            let latest = item.timetable.latest(kind, now).filter(|slot| *slot >= item.since);
            // A mark ahead of the clock was made when the clock was wrong.
            let mark = self.0.get(&key).filter(|m| m.slot <= now);
            match (latest, mark) {
                (Some(slot), mark) if mark.is_none_or(|m| m.slot < slot) => {
                    if let Some(older) = mark.filter(|m| m.open) {
                        tracing::info!(item = %item.item_id, kind = kind.as_str(), missed = %older.slot, %slot, "merged into a newer slot");
                    }
                    self.0.insert(key, Mark { item_id: item.item_id, kind, slot, open: true });
                    opened = true;
                }
                (_, Some(_)) => {}
                (_, None) => {
                    self.0.remove(&key);
                }
            }
        }
        self.0.retain(|key, _| scheduled.contains(key));
        opened
    }
    /// Closes `slot`, unless a newer one has taken its place.
    pub(super) fn close(&mut self, key: Key, slot: Timestamp) {
        if let Some(mark) = self.0.get_mut(&key).filter(|m| m.slot == slot) {
            mark.open = false;
        }
    }
    /// What to offer next: the oldest first; at the same moment full before differential before log.
    /// What was due when a backup of its database began waits for its end; what became due since
    /// does not, unless it is of the same kind. Databases that stand aside come only once nothing else
    /// is left.
    pub(super) fn next(&self, begun: &Begun, aside: &Aside) -> Option<Mark> {
        let waits = |mark: &Mark| {
            let held = |kind| begun.get(&(mark.item_id, kind)).is_some_and(|since| kind == mark.kind || mark.slot <= *since);
            !begun.is_empty() && Timetable::KINDS.into_iter().any(held)
        };
        self.0.values().filter(|m| m.open && !waits(m)).min_by_key(|m| (aside.contains(&m.item_id), m.slot, m.kind, m.item_id)).copied()
    }
}

/// The first slot after `now`.
pub(super) fn next_due(items: &[ScheduledItemView], now: Timestamp) -> Option<Timestamp> {
    kinds(items).filter_map(|(item, kind)| next_of(item, kind, now)).min()
}

/// The first slot of one kind after `now`; none before the item's schedule counts.
pub(super) fn next_of(item: &ScheduledItemView, kind: BackupKind, now: Timestamp) -> Option<Timestamp> {
    let before = item.since.saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(item.since);
    item.timetable.next(kind, now.max(before))
}

fn kinds(items: &[ScheduledItemView]) -> impl Iterator<Item = (&ScheduledItemView, BackupKind)> {
    items.iter().flat_map(|item| Timetable::KINDS.into_iter().filter(|kind| item.timetable.schedules(*kind)).map(move |kind| (item, kind)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use BackupKind::{Differential, Full, Log};
    use proptest::prelude::*;
    use rsvault_domain::policy::{DayOfWeek, schedule::RunTime};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }
    fn item(n: u128, since: Timestamp) -> ScheduledItemView {
        let run = |days: &[DayOfWeek]| Some(RunTime { days: days.to_vec(), minute_of_day: 2 * 60 });
        let (full, differential) = (run(&[DayOfWeek::Sunday]), run(&[DayOfWeek::Monday, DayOfWeek::Wednesday]));
        ScheduledItemView {
            item_id: uuid::Uuid::from_u128(n).into(),
            instance: "I".into(),
            database: format!("d{n}"),
            since,
            timetable: Timetable { utc_offset_seconds: 0, full, differential, log_interval_minutes: Some(30) },
        }
    }

    #[test]
    fn full_goes_before_differential_before_log_and_the_oldest_first() {
        let (items, mut marks) = ([item(1, at("2026-01-01T00:00:00Z")), item(2, at("2026-01-01T00:00:00Z"))], Marks::default());
        // Wednesday, 02:00: differentials and logs of now, fulls of Sunday.
        let now = at("2026-01-07T02:00:00Z");
        assert!(marks.note(&items, now));
        let mut order = Vec::new();
        while let Some(next) = marks.next(&Begun::new(), &Aside::new()) {
            order.push((next.kind, next.item_id.0.as_u128()));
            marks.close(next.key(), next.slot);
        }
        assert_eq!(order, [(Full, 1), (Full, 2), (Differential, 1), (Differential, 2), (Log, 1), (Log, 2)]);
        assert!(!marks.note(&items, now));
    }

    #[test]
    fn a_long_full_holds_up_what_was_due_with_it_and_nothing_later() {
        let (items, mut marks) = ([item(1, at("2026-01-01T00:00:00Z"))], Marks::default());
        let sunday = at("2026-01-04T02:00:00Z");
        marks.note(&items, sunday);
        let full = marks.next(&Begun::new(), &Aside::new()).unwrap();
        let begun = Begun::from([(full.key(), sunday)]);
        assert_eq!((full.kind, marks.next(&begun, &Aside::new())), (Full, None), "differential (none before) and log wait");
        marks.note(&items, at("2026-01-04T02:30:00Z"));
        let log = marks.next(&begun, &Aside::new()).unwrap();
        assert_eq!((log.kind, log.slot), (Log, at("2026-01-04T02:30:00Z")));
    }

    #[test]
    fn a_mark_ahead_of_the_clock_is_not_believed_and_a_kind_that_is_gone_is_forgotten() {
        let (mut items, mut marks) = ([item(1, at("2026-01-01T00:00:00Z"))], Marks::default());
        marks.note(&items, at("2031-01-04T02:00:00Z"));
        assert!(marks.note(&items, at("2026-01-04T02:10:00Z")));
        assert!(marks.all().iter().all(|m| m.slot <= at("2026-01-04T02:10:00Z")), "{marks:?}");
        items[0].timetable.full = None;
        marks.note(&items, at("2026-01-04T02:11:00Z"));
        assert!(marks.all().iter().all(|m| m.kind != Full));
        marks.note(&[], at("2026-01-04T02:12:00Z"));
        assert_eq!(marks, Marks::default());
    }

    proptest! {
        /// However the agent looks at the clock and whatever has ended by then: of each kind the newest
        /// slot is kept, none is opened twice, and none before the schedule counts.
        #[test]
        fn each_slot_is_opened_at_most_once(since in 0i64..10_000, looks in prop::collection::vec((1i64..200_000, any::<bool>(), any::<bool>()), 1..40)) {
            let second = |s| Timestamp::from_second(1_767_225_600 + s).unwrap();
            let (items, mut marks, mut now) = ([item(1, second(since))], Marks::default(), 0);
            let mut opened = HashSet::new();
            for (step, closes, restarts) in looks {
                now += step;
                let before = marks.clone();
                marks.note(&items, second(now));
                for mark in marks.all() {
                    prop_assert!(mark.slot >= second(since) && mark.slot <= second(now));
                    prop_assert_eq!(Some(mark.slot), items[0].timetable.latest(mark.kind, second(now)));
                    if !before.all().iter().any(|b| b.key() == mark.key() && b.slot == mark.slot) {
                        prop_assert!(mark.open && opened.insert((mark.kind, mark.slot)));
                    }
                }
                let due = next_due(&items, second(now)).unwrap();
                prop_assert!(due > second(now) && due >= second(since));
                if closes && let Some(mark) = marks.next(&Begun::new(), &Aside::new()) {
                    marks.close(mark.key(), mark.slot);
                }
                if restarts {
                    let text = serde_json::to_string(&marks.all()).unwrap();
                    marks = Marks::of(serde_json::from_str(&text).unwrap());
                }
            }
        }
    }
}
