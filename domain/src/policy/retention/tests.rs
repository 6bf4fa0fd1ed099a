//! The rules by example.

use super::testing::{Database, at, daily, for_, for_days, logs, long_term, weekly};
use super::*;
use crate::backup::{BackupKind, PointMark};
use crate::policy::{
    DayOfMonth, DayOfWeek, DurationUnit, MonthOfYear, MonthlyRetention, Retention, RetentionDays, RetentionFormat, SqlPolicy, WeekOfMonth,
    WeeklyFormat, WeeklyRetention, YearlyRetention,
};
use crate::protection::SoftDeleted;
use jiff::{SignedDuration, Timestamp};

const NEW_YEAR: &str = "2026-01-01";

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}
fn by_week(days: &[DayOfWeek], weeks: &[WeekOfMonth]) -> RetentionDays {
    let weekly = Some(WeeklyFormat { days: days.to_vec(), weeks: weeks.to_vec() });
    RetentionDays { format: Some(RetentionFormat::Weekly), daily: None, weekly }
}
fn by_number(days: &[(i64, bool)]) -> RetentionDays {
    let daily = days.iter().map(|(date, is_last)| DayOfMonth { date: Some(*date), is_last: *is_last }).collect();
    RetentionDays { format: Some(RetentionFormat::Daily), daily: Some(daily), weekly: None }
}
fn monthly(on: RetentionDays, months: i64) -> Option<MonthlyRetention> {
    Some(MonthlyRetention { on, times: vec![], duration: for_(months, DurationUnit::Months) })
}
fn yearly(months: &[MonthOfYear], on: RetentionDays, years: i64) -> Option<YearlyRetention> {
    Some(YearlyRetention { months: months.to_vec(), on, times: vec![], duration: for_(years, DurationUnit::Years) })
}
fn full_until(policy: &SqlPolicy, time: &str) -> Timestamp {
    own_expiry(policy, BackupKind::Full, at(time), at(NEW_YEAR))
}
/// What `due` leaves.
fn left(points: &[PointMark], now: Timestamp, pruning: Pruning) -> Vec<PointMark> {
    let gone = due(points, now, pruning).remove;
    points.iter().filter(|p| !gone.contains(&p.link.set_id)).cloned().collect()
}
fn change(points: &mut [PointMark], changed: Vec<PointMark>) {
    for new in changed {
        let place = points.iter().position(|p| p.link.set_id == new.link.set_id).unwrap();
        points[place] = new;
    }
}

#[test]
fn the_rulebooks_full_of_16_november_lives_until_22_december() {
    // Full on Monday 16 November, differentials daily, logs every two hours, all kept for 30 days.
    let mut policy = weekly(DayOfWeek::Monday, 5, 30, logs(120, 30));
    long_term(&mut policy).weekly.as_mut().unwrap().duration = for_days(30);
    let rules = Rules::of(&policy, at(NEW_YEAR));
    let mut database = Database::new();
    let mut points = vec![];
    let mut back_up = |kind, time| points.push(database.back_up(kind, time, Some(rules.expiry(kind, time))));
    let start = at("2020-11-16");
    back_up(BackupKind::Full, start);
    for hour in (2..=7 * 24 - 2).step_by(2) {
        let time = start + SignedDuration::from_hours(hour);
        if hour % 24 == 0 {
            back_up(BackupKind::Differential, time);
        }
        back_up(BackupKind::Log, time);
    }
    assert_eq!(points.last().unwrap().link.time, at("2020-11-22T22:00:00"));
    assert_eq!(points[0].expires_at, Some(at("2020-12-16")), "the full's own time");
    let until = effective(&points);
    assert_eq!(until[0], Some(at("2020-12-22T22:00:00")), "the full lives until its last dependent goes");
    // Until that moment it stays, and then the last of the week goes with it.
    assert!(left(&points, at("2020-12-22T21:59:59"), Pruning::Running).iter().any(|p| p.link.kind == BackupKind::Full));
    assert!(left(&points, at("2020-12-22T22:00:00"), Pruning::Running).is_empty());
    // A differential holds the logs after it up to the next; those before it have gone, in their order.
    let now = at("2020-12-19T12:00:00");
    let kept = left(&points, now, Pruning::Running);
    let first_log = kept.iter().find(|p| p.link.kind == BackupKind::Log).unwrap();
    assert_eq!(first_log.link.time, at("2020-11-19"), "the log that spans the differential of the 19th, and all after it");
    assert_eq!(due(&points, now, Pruning::Running).next, Some(at("2020-12-20")));
}

#[test]
fn the_longest_of_a_days_tags_wins() {
    let mut policy = daily(10, logs(60, 30));
    *long_term(&mut policy) = crate::policy::LongTermRetention {
        weekly: Some(WeeklyRetention { days: vec![DayOfWeek::Sunday], times: vec![], duration: for_(4, DurationUnit::Weeks) }),
        monthly: monthly(by_number(&[(15, false), (0, true)]), 6),
        yearly: yearly(
            &[MonthOfYear::June, MonthOfYear::February],
            by_week(&[DayOfWeek::Monday], &[WeekOfMonth::First, WeekOfMonth::Last]),
            7,
        ),
        ..long_term(&mut policy).clone()
    };
    for (time, until) in [
        ("2026-03-03T10:00:00", "2026-03-13T10:00:00"), // a Tuesday: daily
        ("2026-03-08T10:00:00", "2026-04-05T10:00:00"), // a Sunday: weekly
        ("2026-03-15T10:00:00", "2026-09-15T10:00:00"), // a Sunday and the 15th: monthly
        ("2026-08-31T10:00:00", "2027-02-28T10:00:00"), // the last of its month; month ends clamp
        ("2026-02-28T10:00:00", "2026-08-28T10:00:00"), // the last of February
        ("2028-02-28T10:00:00", "2035-02-28T10:00:00"), // not the last of it, but its last Monday: yearly
        ("2026-06-01T10:00:00", "2033-06-01T10:00:00"), // first Monday of June
        ("2026-06-08T10:00:00", "2026-06-18T10:00:00"), // its second Monday: daily
        ("2026-06-29T10:00:00", "2033-06-29T10:00:00"), // its last
        ("2026-05-04T10:00:00", "2026-05-14T10:00:00"), // first Monday of a month that is not named
    ] {
        assert_eq!(full_until(&policy, time), at(until), "{time}");
    }
}

#[test]
fn each_week_of_a_month_has_seven_days_and_the_last_has_the_last_seven() {
    use WeekOfMonth as W;
    for (weeks, dates) in [
        (W::First, 1..=7),
        (W::Second, 8..=14),
        (W::Third, 15..=21),
        (W::Fourth, 22..=28),
        (W::Last, 24..=30), // April has 30 days
    ] {
        let mut policy = daily(10, logs(60, 30));
        long_term(&mut policy).monthly = monthly(by_week(DayOfWeek::ALL, &[weeks]), 12);
        let tagged: Vec<i64> = (1..=30).filter(|day| full_until(&policy, &format!("2026-04-{day:02}")) > at("2027-01-01")).collect();
        assert_eq!(tagged, dates.collect::<Vec<_>>(), "{weeks}");
    }
}

#[test]
fn a_full_without_a_tag_is_kept_as_long_as_every_scheduled_one() {
    let mut policy = weekly(DayOfWeek::Sunday, 6, 30, logs(60, 30));
    long_term(&mut policy).monthly = monthly(by_week(&[DayOfWeek::Sunday], &[WeekOfMonth::First]), 12);
    assert_eq!(full_until(&policy, "2026-03-01T00:00:00"), at("2027-03-01"));
    // A remedial full on a Wednesday.
    assert_eq!(full_until(&policy, "2026-03-04T12:00:00"), at("2026-04-15T12:00:00"));
}

#[test]
fn days_are_those_of_the_policys_wall_clock_when_it_was_saved() {
    let mut policy = daily(10, logs(60, 30));
    policy.time_zone = "Pacific Standard Time".into();
    long_term(&mut policy).monthly = monthly(by_number(&[(1, false)]), 1);
    let until = |time, saved| own_expiry(&policy, BackupKind::Full, at(time), at(saved));
    // 07:30 UTC on 1 April is 23:30 on 31 March at UTC-8, and 00:30 on 1 April at UTC-7.
    assert_eq!(until("2026-04-01T07:30:00", "2026-01-15"), at("2026-04-11T07:30:00"));
    assert_eq!(until("2026-04-01T07:30:00", "2026-07-15"), at("2026-05-01T07:30:00"));
}

#[test]
fn differentials_and_logs_have_one_duration() {
    let policy = weekly(DayOfWeek::Sunday, 6, 31, logs(60, 8));
    let until = |kind| own_expiry(&policy, kind, at("2026-03-03T10:00:00"), at(NEW_YEAR));
    assert_eq!(until(BackupKind::Differential), at("2026-04-03T10:00:00"));
    assert_eq!(until(BackupKind::Log), at("2026-03-11T10:00:00"));
}

#[test]
fn a_log_that_spans_a_full_does_not_tie_one_chain_to_the_next() {
    // Daily fulls at 00:30 between hourly logs: each 01:00 log spans one, and the next chain needs it.
    let mut database = Database::new();
    let mut points = vec![];
    let start = at("2026-01-01T00:30:00");
    for hour in 0..24 * 60 {
        let log = start + SignedDuration::from_mins(60 * hour + 30);
        if hour % 24 == 0 {
            let full = start + SignedDuration::from_hours(hour);
            points.push(database.back_up(BackupKind::Full, full, Some(full + days(7))));
        }
        points.push(database.back_up(BackupKind::Log, log, Some(log + days(7))));
    }
    let now = start + days(30);
    let kept = left(&points, now, Pruning::Running);
    let oldest = kept.iter().map(|p| p.link.time).min().unwrap();
    assert_eq!(oldest, start + days(22), "one chain back from seven days ago, and no more");
}

#[test]
fn stopped_and_deleted_items_lose_nothing_and_suspended_ones_keep_their_last_moment() {
    let mut database = Database::new();
    let mut points = vec![];
    for (kind, time) in [
        (BackupKind::Full, "2026-01-01"),
        (BackupKind::Log, "2026-01-02"),
        (BackupKind::Full, "2026-01-08"),
        (BackupKind::Log, "2026-01-08T12:00:00"),
        (BackupKind::Differential, "2026-01-09"),
        (BackupKind::Log, "2026-01-09T12:00:00"),
        (BackupKind::Log, "2026-01-10"),
        (BackupKind::CopyOnlyFull, "2026-01-09T18:00:00"),
    ] {
        points.push(database.back_up(kind, at(time), Some(at(time) + days(30))));
    }
    let late = at("2030-01-01");
    assert_eq!(due(&points, late, Pruning::Frozen), Decision::default());
    assert!(left(&points, late, Pruning::Running).is_empty());
    let kept: Vec<String> = left(&points, late, Pruning::AsPerPolicy).iter().map(|p| p.link.time.to_string()).collect();
    assert_eq!(kept, ["2026-01-08T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-09T12:00:00Z", "2026-01-10T00:00:00Z"]);
    assert_eq!(due(&points, late, Pruning::AsPerPolicy).next, None);
    // What nothing leads up to is no last moment.
    let full_only = vec![points[0].clone(), points[6].clone()];
    assert_eq!(left(&full_only, late, Pruning::AsPerPolicy), [points[0].clone()]);
}

#[test]
fn wherever_removal_stops_nothing_that_is_left_lacks_what_it_needs() {
    let mut database = Database::new();
    let kinds = [BackupKind::Full, BackupKind::Log, BackupKind::Differential, BackupKind::Log, BackupKind::Log];
    let points: Vec<PointMark> = kinds.map(|kind| database.back_up(kind, at(NEW_YEAR), Some(at(NEW_YEAR)))).into();
    let order = due(&points, at("2026-02-01"), Pruning::Running).remove;
    let expected = [4, 3, 1, 2, 0].map(|i: usize| points[i].link.set_id);
    assert_eq!(order, expected);
}

#[test]
fn a_shorter_policy_soft_deletes_fulls_and_differentials_but_not_logs_and_a_longer_one_revives_them() {
    let now = at("2026-03-01");
    let (long, short) = (weekly(DayOfWeek::Sunday, 20, 60, logs(1440, 30)), weekly(DayOfWeek::Sunday, 1, 7, logs(1440, 7)));
    let rules = |policy| Rules::of(policy, at(NEW_YEAR));
    let mut database = Database::new();
    let mut points = vec![];
    for (kind, time) in [
        (BackupKind::Full, "2026-02-01"),
        (BackupKind::Log, "2026-02-01T12:00:00"),
        (BackupKind::Differential, "2026-02-02"),
        (BackupKind::Log, "2026-02-03"),
        (BackupKind::Full, "2026-02-28"),
    ] {
        points.push(database.back_up(kind, at(time), Some(rules(&long).expiry(kind, at(time)))));
    }
    let original = points.clone();

    change(&mut points, reapply(&rules(&short), &original, Some(14), now));
    let mark = Some(SoftDeleted { at: now, purge_at: at("2026-03-15") });
    assert_eq!(points.iter().map(|p| p.soft_deleted).collect::<Vec<_>>()[..4], [mark, None, mark, None]);
    // The young full is marked ahead: in force when its new time has passed.
    assert_eq!(points[4].soft_deleted, Some(SoftDeleted { at: at("2026-03-07"), purge_at: at("2026-03-21") }));
    let kept = left(&points, now, Pruning::Running);
    assert!(kept.iter().all(|p| p.link.kind != BackupKind::Log), "logs go at once");
    assert_eq!(kept.len(), 3, "what is soft-deleted can still be restored");
    assert_eq!(due(&kept, now, Pruning::Running).next, Some(at("2026-03-15")));
    assert_eq!(left(&points, at("2026-03-15"), Pruning::Running), [points[4].clone()]);

    // Longer again, before they are purged: as if nothing had been.
    let mut revived = kept.clone();
    change(&mut revived, reapply(&rules(&long), &kept, Some(14), at("2026-03-10")));
    assert_eq!(revived, [0, 2, 4].map(|i: usize| original[i].clone()));

    // A little longer takes nothing away that the mark has promised.
    let little = weekly(DayOfWeek::Sunday, 2, 8, logs(1440, 7));
    let mut nibbled = kept.clone();
    change(&mut nibbled, reapply(&rules(&little), &kept, Some(14), at("2026-03-05")));
    let until = |points: &[PointMark]| effective(points).into_iter().map(Option::unwrap).collect::<Vec<_>>();
    assert!(until(&nibbled).iter().zip(until(&kept)).all(|(new, old)| *new >= old), "{nibbled:?}");
    assert_eq!(nibbled[0].soft_deleted, mark, "soft-deleted since the first edit");

    // Soft delete that is switched off now takes nothing of what was promised before.
    let mut off = kept.clone();
    change(&mut off, reapply(&rules(&short), &kept, None, at("2026-03-05")));
    assert!(until(&off).iter().zip(until(&kept)).all(|(new, old)| *new >= old), "{off:?}");

    // With soft delete off they go at once.
    let mut hard = original.clone();
    change(&mut hard, reapply(&rules(&short), &original, None, now));
    assert_eq!(left(&hard, now, Pruning::Running).len(), 1);
}

#[test]
fn soft_deletion_never_outlasts_what_was_promised() {
    let now = at("2026-03-01");
    let (long, short) = (daily(60, logs(60, 30)), daily(55, logs(60, 30)));
    let time = at("2026-01-02");
    let mut point = Database::new().back_up(BackupKind::Full, time, None);
    point.expires_at = Some(Rules::of(&long, now).expiry(BackupKind::Full, time));
    let changed = reapply(&Rules::of(&short, now), &[point], Some(14), now);
    assert_eq!(changed[0].soft_deleted, Some(SoftDeleted { at: now, purge_at: time + days(60) }));
}

#[test]
fn an_edit_leaves_alone_what_a_user_asked_for_but_not_on_demand_logs_and_differentials() {
    let mut database = Database::new();
    let kinds = [BackupKind::Full, BackupKind::CopyOnlyFull, BackupKind::Differential, BackupKind::Log];
    let time = at("2026-01-02");
    let mut points: Vec<PointMark> = kinds.map(|kind| database.back_up(kind, time, Some(time + days(100)))).into();
    points.iter_mut().for_each(|p| p.on_demand = true);
    let rules = Rules::of(&weekly(DayOfWeek::Sunday, 6, 20, logs(60, 10)), at(NEW_YEAR));
    let changed = reapply(&rules, &points, Some(14), at("2026-01-03"));
    let expiries: Vec<_> = changed.iter().map(|p| (p.link.kind, p.expires_at.unwrap())).collect();
    assert_eq!(expiries, [(BackupKind::Differential, time + days(20)), (BackupKind::Log, time + days(10))]);
    assert!(reapply(&rules, &changed, Some(14), at("2026-01-03")).is_empty(), "the same policy again changes nothing");
}

#[test]
fn what_shortens_is_named_by_its_field() {
    let old = || {
        let mut policy = weekly(DayOfWeek::Sunday, 6, 30, logs(60, 15));
        long_term(&mut policy).monthly = monthly(by_week(&[DayOfWeek::Sunday], &[WeekOfMonth::First]), 12);
        long_term(&mut policy).yearly = yearly(&[MonthOfYear::May], by_week(&[DayOfWeek::Sunday], &[WeekOfMonth::First]), 5);
        policy
    };
    fn simple(policy: &mut SqlPolicy, i: usize, days: i64) {
        policy.sub_policies[i].retention = Some(Retention::Simple { duration: for_days(days) });
    }
    type Edit<'a> = &'a dyn Fn(&mut SqlPolicy);
    let full = |part: &str| Some(format!("properties.subProtectionPolicy[0].retentionPolicy.{part}"));
    let cases: Vec<(Option<String>, Edit<'_>)> = vec![
        (None, &|_| {}),
        (full("weeklySchedule.retentionDuration"), &|p| long_term(p).weekly.as_mut().unwrap().duration = for_(5, DurationUnit::Weeks)),
        (None, &|p| long_term(p).weekly.as_mut().unwrap().duration = for_(7, DurationUnit::Weeks)),
        (full("monthlySchedule.retentionDuration"), &|p| long_term(p).monthly.as_mut().unwrap().duration = for_(11, DurationUnit::Months)),
        (full("monthlySchedule"), &|p| long_term(p).monthly = None),
        (full("monthlySchedule"), &|p| long_term(p).monthly.as_mut().unwrap().on = by_week(&[DayOfWeek::Sunday], &[WeekOfMonth::Last])),
        // A week in every month takes over from the first.
        (None, &|p| long_term(p).monthly.as_mut().unwrap().on = by_week(&[DayOfWeek::Sunday], &[WeekOfMonth::Last, WeekOfMonth::First])),
        (full("yearlySchedule.retentionDuration"), &|p| long_term(p).yearly.as_mut().unwrap().duration = for_(4, DurationUnit::Years)),
        (full("yearlySchedule"), &|p| long_term(p).yearly.as_mut().unwrap().months = vec![MonthOfYear::June]),
        // Nothing is lost by a tag that another keeps as long.
        (None, &|p| {
            long_term(p).yearly = None;
            long_term(p).monthly.as_mut().unwrap().duration = for_(60, DurationUnit::Months);
        }),
        (Some("properties.subProtectionPolicy[1].retentionPolicy.retentionDuration".into()), &|p| simple(p, 1, 29)),
        (Some("properties.subProtectionPolicy[2].retentionPolicy.retentionDuration".into()), &|p| simple(p, 2, 14)),
        (None, &|p| simple(p, 2, 16)),
        // A schedule is not a retention.
        (None, &|p| p.sub_policies[2].schedule = Some(crate::policy::Schedule::Log { interval_minutes: 15 })),
        // Another zone makes another day of a full near midnight.
        (full("monthlySchedule"), &|p| p.time_zone = "Tokyo Standard Time".into()),
    ];
    for (place, (field, edit)) in cases.into_iter().enumerate() {
        let mut new = old();
        edit(&mut new);
        assert_eq!(shortens(&old(), &new), field, "case {place}");
    }
    let mut without_logs = old();
    without_logs.sub_policies.truncate(2);
    assert_eq!(shortens(&without_logs, &old()), None, "logs are new");
    assert_eq!(shortens(&daily(8, logs(60, 20)), &daily(8, logs(60, 20))), None);
    let mut dropped = daily(8, logs(60, 20));
    dropped.sub_policies.truncate(1);
    assert_eq!(shortens(&daily(8, logs(60, 20)), &dropped).as_deref(), Some("properties.subProtectionPolicy"));
}
