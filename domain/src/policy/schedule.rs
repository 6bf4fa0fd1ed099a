//! When backups run: a policy's schedule as slots (rulebook 3.3, 3.7). Computed by the vault and by
//! each agent from the same [`Timetable`], so both name the same slots.
//!
//! Always holds: run times are wall-clock times of the policy's zone at the offset from UTC that the
//! zone had when the policy was saved: **no slot moves when daylight saving begins or ends**. Log
//! slots are the multiples of the interval counted from midnight of that wall clock, each day anew:
//! an interval that does not divide a day makes the last gap of the day shorter, never longer. Every
//! question costs the same, however far away the answer is.

use super::{DayOfWeek, RunFrequency, Schedule, SqlPolicy, zone};
use crate::backup::BackupKind;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// The slots of a policy. Needs no time zones to be read: agents keep it on disk and run by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timetable {
    /// Seconds east of UTC, the year round.
    pub utc_offset_seconds: i32,
    /// Full backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full: Option<RunTime>,
    /// Differential backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differential: Option<RunTime>,
    /// Minutes between log backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_interval_minutes: Option<u16>,
}

/// A time of day on some days of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunTime {
    /// Days, in the order of the week.
    pub days: Vec<DayOfWeek>,
    /// Minutes after midnight.
    pub minute_of_day: u16,
}

impl Timetable {
    /// The timetable of a policy that was saved at `saved_at` (`Policy::updated_at`). What a policy
    /// that never passed validation leaves open has no slots.
    pub fn of(policy: &SqlPolicy, saved_at: Timestamp) -> Self {
        let simple = |kind| match policy.sub_policy(kind)?.schedule.as_ref()? {
            Schedule::Simple(schedule) => RunTime::of(schedule),
            Schedule::Log { .. } | Schedule::LongTerm => None,
        };
        let log = policy.sub_policy(BackupKind::Log).and_then(|s| match s.schedule {
            Some(Schedule::Log { interval_minutes }) => u16::try_from(interval_minutes).ok().filter(|m| *m > 0),
            _ => None,
        });
        Self {
            utc_offset_seconds: zone::offset(&policy.time_zone, saved_at).seconds(),
            full: simple(BackupKind::Full),
            differential: simple(BackupKind::Differential),
            log_interval_minutes: log,
        }
    }

    /// The first slot of `kind` after `after`.
    pub fn next(&self, kind: BackupKind, after: Timestamp) -> Option<Timestamp> {
        let wall = self.wall(after);
        self.instant(match self.rhythm(kind)? {
            Rhythm::Days(run) => run.next(wall)?,
            Rhythm::Every(step) => next_multiple(step, wall),
        })
    }
    /// The last slot of `kind` that is not after `upto`.
    pub fn latest(&self, kind: BackupKind, upto: Timestamp) -> Option<Timestamp> {
        let wall = self.wall(upto);
        self.instant(match self.rhythm(kind)? {
            Rhythm::Days(run) => run.latest(wall)?,
            Rhythm::Every(step) => wall - wall.rem_euclid(DAY) % step,
        })
    }
    /// The first moment after `after` at which anything runs, and what runs then in the order in
    /// which it starts: full, differential, log.
    pub fn next_any(&self, after: Timestamp) -> Option<(Timestamp, Vec<BackupKind>)> {
        let slots = Self::KINDS.map(|kind| (kind, self.next(kind, after)));
        let first = slots.iter().filter_map(|(_, slot)| *slot).min()?;
        Some((first, slots.iter().filter(|(_, slot)| *slot == Some(first)).map(|(kind, _)| *kind).collect()))
    }
    /// The slots of `kind` after `after` and not after `upto`, oldest first.
    pub fn between(&self, kind: BackupKind, after: Timestamp, upto: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        std::iter::successors(self.next(kind, after), move |slot| self.next(kind, *slot)).take_while(move |slot| *slot <= upto)
    }
    /// Whether backups of `kind` are scheduled.
    pub fn schedules(&self, kind: BackupKind) -> bool {
        self.rhythm(kind).is_some()
    }

    /// Kinds that can be scheduled, in the order in which they start when they fall together.
    pub const KINDS: [BackupKind; 3] = [BackupKind::Full, BackupKind::Differential, BackupKind::Log];

    fn rhythm(&self, kind: BackupKind) -> Option<Rhythm<'_>> {
        match kind {
            BackupKind::Full => self.full.as_ref().map(Rhythm::Days),
            BackupKind::Differential => self.differential.as_ref().map(Rhythm::Days),
            // A timetable may come from a file: an interval of nothing has no slots.
            BackupKind::Log => self.log_interval_minutes.filter(|m| *m > 0).map(|m| Rhythm::Every(i64::from(m) * MINUTE)),
            BackupKind::CopyOnlyFull => None,
        }
    }
    /// Seconds on the wall clock, counted from its 1 January 1970. Slots stand on whole seconds.
    fn wall(&self, at: Timestamp) -> i64 {
        let floor = at.as_second() - i64::from(at.subsec_nanosecond() < 0);
        floor + i64::from(self.utc_offset_seconds)
    }
    fn instant(&self, wall: i64) -> Option<Timestamp> {
        Timestamp::from_second(wall - i64::from(self.utc_offset_seconds)).ok()
    }
}

enum Rhythm<'a> {
    Days(&'a RunTime),
    Every(i64),
}

impl RunTime {
    fn of(schedule: &super::SimpleSchedule) -> Option<Self> {
        let clock = schedule.run_times.first()?.to_zoned(TimeZone::UTC).time();
        let runs = |day: &DayOfWeek| match schedule.frequency {
            Some(RunFrequency::Daily) => true,
            Some(RunFrequency::Weekly) => schedule.run_days.contains(day),
            Some(RunFrequency::Hourly) | None => false,
        };
        let days: Vec<DayOfWeek> = DayOfWeek::ALL.iter().copied().filter(runs).collect();
        let minute_of_day = u16::try_from(i64::from(clock.hour()) * 60 + i64::from(clock.minute())).ok()?;
        (!days.is_empty()).then_some(Self { days, minute_of_day })
    }
    fn next(&self, wall: i64) -> Option<i64> {
        let today = wall.div_euclid(DAY);
        (today..=today + 7).filter(|day| self.days.contains(&weekday(*day))).map(|day| self.on(day)).find(|slot| *slot > wall)
    }
    fn latest(&self, wall: i64) -> Option<i64> {
        let today = wall.div_euclid(DAY);
        (today - 7..=today).rev().filter(|day| self.days.contains(&weekday(*day))).map(|day| self.on(day)).find(|slot| *slot <= wall)
    }
    fn on(&self, day: i64) -> i64 {
        day * DAY + i64::from(self.minute_of_day) * MINUTE
    }
}

/// The first multiple of `step` seconds into a day that is after `wall`, midnight being one.
fn next_multiple(step: i64, wall: i64) -> i64 {
    let into = wall.rem_euclid(DAY);
    wall - into + (into / step + 1).saturating_mul(step).min(DAY)
}

/// Day 0, 1 January 1970, was a Thursday.
fn weekday(day: i64) -> DayOfWeek {
    const ALL: [DayOfWeek; 7] = [
        DayOfWeek::Thursday,
        DayOfWeek::Friday,
        DayOfWeek::Saturday,
        DayOfWeek::Sunday,
        DayOfWeek::Monday,
        DayOfWeek::Tuesday,
        DayOfWeek::Wednesday,
    ];
    ALL[usize::try_from(day.rem_euclid(7)).unwrap_or_default()]
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
