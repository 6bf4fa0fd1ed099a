//! When a backup's own time ends: the policy's retention, read once and asked often.

use super::super::{
    DayOfMonth, DayOfWeek, DurationUnit, LongTermRetention, MonthOfYear, Retention, RetentionDays, RetentionDuration, RetentionFormat,
    SqlPolicy, WeekOfMonth, zone,
};
use crate::backup::BackupKind;
use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime},
    tz::Offset,
};

/// When a scheduled backup of `kind` that gives back the moment `time` ends, by a policy saved at
/// `saved_at`. Ask [`Rules`] for more than one.
pub fn own_expiry(policy: &SqlPolicy, kind: BackupKind, time: Timestamp, saved_at: Timestamp) -> Timestamp {
    Rules::of(policy, saved_at).expiry(kind, time)
}

/// The retention of a policy. Days, weeks and months are those of the policy's wall clock, at the
/// offset that its zone had when it was saved, as for its schedule.
#[derive(Clone, Debug)]
pub struct Rules {
    offset: Offset,
    base: RetentionDuration,
    fulls: LongTermRetention,
    differentials: RetentionDuration,
    logs: RetentionDuration,
}

impl Rules {
    /// The rules of a policy that was saved at `saved_at` (`Policy::updated_at`).
    pub fn of(policy: &SqlPolicy, saved_at: Timestamp) -> Self {
        let fulls = match policy.sub_policy(BackupKind::Full).and_then(|s| s.retention.as_ref()) {
            Some(Retention::LongTerm(long)) => long.clone(),
            _ => LongTermRetention::default(),
        };
        Self {
            offset: zone::offset(&policy.time_zone, saved_at),
            // Only a policy that never passed validation has no base.
            base: base(&fulls).unwrap_or(RetentionDuration { count: 30, unit: DurationUnit::Days }),
            fulls,
            differentials: of_kind(policy, BackupKind::Differential),
            logs: of_kind(policy, BackupKind::Log),
        }
    }

    /// When the own time of a backup ends that the policy rules: all but fulls and copy-only fulls on
    /// demand, which are kept as long as was asked. `time` is the moment it gives back.
    pub fn expiry(&self, kind: BackupKind, time: Timestamp) -> Timestamp {
        match kind {
            BackupKind::Full | BackupKind::CopyOnlyFull => self.of_full(time),
            BackupKind::Differential => self.after(time, self.differentials),
            BackupKind::Log => self.after(time, self.logs),
        }
    }

    /// The longest of the tags that the day earns (rulebook 3.4). A full that earns none, a remedial
    /// one on a day of its own, is kept as long as every scheduled full.
    fn of_full(&self, time: Timestamp) -> Timestamp {
        self.tags(time).map(|(_, duration)| self.after(time, duration)).max().unwrap_or(time)
    }
    /// The tags that a full of `time` earns, with what they give.
    pub(super) fn tags(&self, time: Timestamp) -> impl Iterator<Item = (Tag, RetentionDuration)> + '_ {
        let day = self.offset.to_datetime(time).date();
        let weekly = self.fulls.weekly.as_ref().filter(|w| holds_weekday(&w.days, day)).and_then(|w| w.duration);
        let monthly = self.fulls.monthly.as_ref().filter(|m| holds_day(&m.on, day)).and_then(|m| m.duration);
        let yearly = self.fulls.yearly.as_ref().filter(|y| holds_month(&y.months, day) && holds_day(&y.on, day)).and_then(|y| y.duration);
        let tags = [(Tag::Base, Some(self.base)), (Tag::Weekly, weekly), (Tag::Monthly, monthly), (Tag::Yearly, yearly)];
        tags.into_iter().filter_map(|(tag, duration)| Some((tag, duration?)))
    }

    pub(super) fn offset(&self) -> Offset {
        self.offset
    }
    pub(super) fn long_term(&self) -> &LongTermRetention {
        &self.fulls
    }
    /// What differentials or logs are kept for.
    pub(super) fn simple(&self, kind: BackupKind) -> RetentionDuration {
        if kind == BackupKind::Log { self.logs } else { self.differentials }
    }

    /// The moment this long after `start`. What lies beyond the calendar is kept until its end.
    pub(super) fn after(&self, start: Timestamp, duration: RetentionDuration) -> Timestamp {
        after(start, duration, self.offset).unwrap_or(Timestamp::MAX)
    }
}

/// What a day makes of a full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tag {
    /// What every scheduled full has: daily of daily fulls, weekly of weekly ones.
    Base,
    Weekly,
    Monthly,
    Yearly,
}

impl RetentionDuration {
    /// The length in days, for comparing: a month counts 30, a year 365.
    pub fn days(self) -> i64 {
        let unit = match self.unit {
            DurationUnit::Days => 1,
            DurationUnit::Weeks => 7,
            DurationUnit::Months => 30,
            DurationUnit::Years => 365,
        };
        self.count.saturating_mul(unit)
    }
    /// The moment this long after `start`, months and years by the calendar (UTC).
    pub fn after(self, start: Timestamp) -> Option<Timestamp> {
        after(start, self, Offset::UTC)
    }
}

fn after(start: Timestamp, duration: RetentionDuration, offset: Offset) -> Option<Timestamp> {
    let calendar = |span: Span| -> Option<Timestamp> {
        let wall: DateTime = offset.to_datetime(start);
        offset.to_timestamp(wall.checked_add(span).ok()?).ok()
    };
    // Days have 24 hours on this wall clock.
    let days = |n: i64| start.checked_add(jiff::SignedDuration::from_hours(n.checked_mul(24)?)).ok();
    match duration.unit {
        DurationUnit::Days => days(duration.count),
        DurationUnit::Weeks => days(duration.count.checked_mul(7)?),
        DurationUnit::Months => calendar(Span::new().try_months(duration.count).ok()?),
        DurationUnit::Years => calendar(Span::new().try_years(duration.count).ok()?),
    }
}

/// The retention that every scheduled full has at least: the daily one of daily fulls, the weekly
/// one of weekly fulls.
pub(in crate::policy) fn base(long: &LongTermRetention) -> Option<RetentionDuration> {
    match (&long.daily, &long.weekly) {
        (Some(daily), _) => daily.duration,
        (None, Some(weekly)) => weekly.duration,
        (None, None) => None,
    }
}

/// What differentials or logs are kept for: without a sub-policy of the kind, as long as the fulls,
/// held within the limits of the kind (they can be taken on demand).
pub(super) fn of_kind(policy: &SqlPolicy, kind: BackupKind) -> RetentionDuration {
    let own = policy.sub_policy(kind).and_then(|s| match &s.retention {
        Some(Retention::Simple { duration }) => *duration,
        _ => None,
    });
    own.unwrap_or_else(|| {
        let full = policy.sub_policy(BackupKind::Full).and_then(|s| match &s.retention {
            Some(Retention::LongTerm(long)) => base(long),
            _ => None,
        });
        let most = if kind == BackupKind::Log { 35 } else { 180 };
        RetentionDuration { count: full.map_or(30, RetentionDuration::days).clamp(7, most), unit: DurationUnit::Days }
    })
}

fn holds_weekday(days: &[DayOfWeek], day: Date) -> bool {
    days.iter().any(|d| d.weekday() == day.weekday())
}
fn holds_month(months: &[MonthOfYear], day: Date) -> bool {
    let month = usize::try_from(day.month() - 1).ok().and_then(|i| MonthOfYear::ALL.get(i));
    month.is_some_and(|month| months.contains(month))
}
fn holds_day(on: &RetentionDays, day: Date) -> bool {
    match on.format {
        Some(RetentionFormat::Daily) => on.daily.as_deref().unwrap_or_default().iter().any(|d| is_day(*d, day)),
        Some(RetentionFormat::Weekly) => {
            on.weekly.as_ref().is_some_and(|w| holds_weekday(&w.days, day) && w.weeks.iter().any(|week| is_week(*week, day)))
        }
        None => false,
    }
}
fn is_day(wanted: DayOfMonth, day: Date) -> bool {
    if wanted.is_last { day.day() == day.days_in_month() } else { wanted.date == Some(i64::from(day.day())) }
}
/// The first week of a month are its days 1 to 7: each weekday occurs once in it.
fn is_week(week: WeekOfMonth, day: Date) -> bool {
    let nth = (day.day() - 1) / 7;
    match week {
        WeekOfMonth::First => nth == 0,
        WeekOfMonth::Second => nth == 1,
        WeekOfMonth::Third => nth == 2,
        WeekOfMonth::Fourth => nth == 3,
        WeekOfMonth::Last => day.day() + 7 > day.days_in_month(),
    }
}
