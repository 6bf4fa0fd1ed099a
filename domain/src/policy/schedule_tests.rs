//! Slots against a walk over every minute of the wall clock, and against every zone of the table.

use super::*;
use crate::policy::{SimpleSchedule, SubPolicy, SubPolicyType};
use jiff::{SignedDuration, tz::Offset};
use proptest::prelude::*;
use proptest::sample::subsequence;

/// Every name of Windows' table.
const ZONES: &str = "Dateline Standard Time,UTC-11,Aleutian Standard Time,Hawaiian Standard Time,Marquesas Standard Time,Alaskan Standard Time,\
UTC-09,Pacific Standard Time (Mexico),UTC-08,Pacific Standard Time,US Mountain Standard Time,Mountain Standard Time (Mexico),Mountain Standard Time,\
Yukon Standard Time,Central America Standard Time,Central Standard Time,Easter Island Standard Time,Central Standard Time (Mexico),\
Canada Central Standard Time,SA Pacific Standard Time,Eastern Standard Time (Mexico),Eastern Standard Time,Haiti Standard Time,Cuba Standard Time,\
US Eastern Standard Time,Turks And Caicos Standard Time,Paraguay Standard Time,Atlantic Standard Time,Venezuela Standard Time,\
Central Brazilian Standard Time,SA Western Standard Time,Pacific SA Standard Time,Newfoundland Standard Time,Tocantins Standard Time,\
E. South America Standard Time,SA Eastern Standard Time,Argentina Standard Time,Greenland Standard Time,Montevideo Standard Time,\
Magallanes Standard Time,Saint Pierre Standard Time,Bahia Standard Time,UTC-02,Azores Standard Time,Cape Verde Standard Time,UTC,\
GMT Standard Time,Greenwich Standard Time,Sao Tome Standard Time,Morocco Standard Time,W. Europe Standard Time,Central Europe Standard Time,\
Romance Standard Time,Central European Standard Time,W. Central Africa Standard Time,Jordan Standard Time,GTB Standard Time,\
Middle East Standard Time,Egypt Standard Time,E. Europe Standard Time,Syria Standard Time,West Bank Standard Time,South Africa Standard Time,\
FLE Standard Time,Israel Standard Time,South Sudan Standard Time,Kaliningrad Standard Time,Sudan Standard Time,Libya Standard Time,\
Namibia Standard Time,Arabic Standard Time,Turkey Standard Time,Arab Standard Time,Belarus Standard Time,Russian Standard Time,\
E. Africa Standard Time,Iran Standard Time,Arabian Standard Time,Astrakhan Standard Time,Azerbaijan Standard Time,Russia Time Zone 3,\
Mauritius Standard Time,Saratov Standard Time,Georgian Standard Time,Volgograd Standard Time,Caucasus Standard Time,Afghanistan Standard Time,\
West Asia Standard Time,Ekaterinburg Standard Time,Pakistan Standard Time,Qyzylorda Standard Time,India Standard Time,Sri Lanka Standard Time,\
Nepal Standard Time,Central Asia Standard Time,Bangladesh Standard Time,Omsk Standard Time,Myanmar Standard Time,SE Asia Standard Time,\
Altai Standard Time,W. Mongolia Standard Time,North Asia Standard Time,N. Central Asia Standard Time,Tomsk Standard Time,China Standard Time,\
North Asia East Standard Time,Singapore Standard Time,W. Australia Standard Time,Taipei Standard Time,Ulaanbaatar Standard Time,\
Aus Central W. Standard Time,Transbaikal Standard Time,Tokyo Standard Time,North Korea Standard Time,Korea Standard Time,Yakutsk Standard Time,\
Cen. Australia Standard Time,AUS Central Standard Time,E. Australia Standard Time,AUS Eastern Standard Time,West Pacific Standard Time,\
Tasmania Standard Time,Vladivostok Standard Time,Lord Howe Standard Time,Bougainville Standard Time,Russia Time Zone 10,Magadan Standard Time,\
Norfolk Standard Time,Sakhalin Standard Time,Central Pacific Standard Time,Russia Time Zone 11,New Zealand Standard Time,UTC+12,\
Fiji Standard Time,Chatham Islands Standard Time,UTC+13,Tonga Standard Time,Samoa Standard Time,Line Islands Standard Time";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
fn sub(policy_type: SubPolicyType, schedule: Schedule) -> SubPolicy {
    SubPolicy { policy_type, schedule: Some(schedule), retention: None, tiering: None, snapshot_details: None }
}
fn simple(frequency: RunFrequency, run_days: Vec<DayOfWeek>, time: &str) -> Schedule {
    let run_times = vec![at(&format!("2020-02-29T{time}:00Z"))];
    Schedule::Simple(SimpleSchedule { frequency: Some(frequency), run_days, run_times, weekly_frequency: Some(0), hourly: None })
}
fn policy(zone: &str, sub_policies: Vec<SubPolicy>) -> SqlPolicy {
    SqlPolicy { time_zone: zone.into(), sql_compression: false, compression: false, workload_policy_type: None, sub_policies }
}
fn daily(zone: &str, time: &str) -> SqlPolicy {
    policy(zone, vec![sub(SubPolicyType::Full, simple(RunFrequency::Daily, vec![], time))])
}

fn run_time() -> impl Strategy<Value = RunTime> {
    let days = subsequence(DayOfWeek::ALL.to_vec(), 1..=7);
    (days, 0u16..1440).prop_map(|(days, minute_of_day)| RunTime { days, minute_of_day })
}
fn timetable() -> impl Strategy<Value = Timetable> {
    let minutes = prop_oneof![(1u16..=96).prop_map(|quarters| quarters * 15), 1u16..=1440];
    let differential = proptest::option::of(run_time());
    (-14 * 60..=14 * 60i32, run_time(), differential, proptest::option::of(minutes)).prop_map(|(offset, full, differential, log)| {
        Timetable { utc_offset_seconds: offset * 60, full: Some(full), differential, log_interval_minutes: log }
    })
}

/// Whether a slot of `kind` stands at this minute, by the calendar.
fn runs(table: &Timetable, kind: BackupKind, minute: Timestamp) -> bool {
    let wall = Offset::from_seconds(table.utc_offset_seconds).unwrap().to_datetime(minute);
    let of_day = i64::from(wall.hour()) * 60 + i64::from(wall.minute());
    let on = |run: &Option<RunTime>| {
        run.as_ref().is_some_and(|run| i64::from(run.minute_of_day) == of_day && run.days.iter().any(|d| d.weekday() == wall.weekday()))
    };
    match kind {
        BackupKind::Full => on(&table.full),
        BackupKind::Differential => on(&table.differential),
        BackupKind::Log => table.log_interval_minutes.is_some_and(|every| of_day % i64::from(every) == 0),
        BackupKind::CopyOnlyFull => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn slots_are_those_of_a_walk_over_every_minute(table in timetable(), second in -3_000_000_000i64..6_000_000_000, nanos in prop_oneof![Just(0), 0i32..1_000_000_000], whole in any::<bool>()) {
        let second = if whole { second - second.rem_euclid(60) } else { second };
        let now = Timestamp::new(second, nanos).unwrap();
        let minute = |n: i64| Timestamp::from_second((second.div_euclid(60) + n) * 60).unwrap();
        let (start, end) = (minute(-8 * 1440), minute(8 * 1440));
        let walk: Vec<Timestamp> = (-8 * 1440..=8 * 1440).map(minute).collect();
        for kind in [BackupKind::Full, BackupKind::Differential, BackupKind::Log, BackupKind::CopyOnlyFull] {
            let expected: Vec<Timestamp> = walk.iter().copied().filter(|m| runs(&table, kind, *m)).collect();
            prop_assert_eq!(table.next(kind, now), expected.iter().copied().find(|slot| *slot > now));
            prop_assert_eq!(table.latest(kind, now), expected.iter().copied().rfind(|slot| *slot <= now));
            let before_start = start - SignedDuration::from_nanos(1);
            prop_assert_eq!(table.between(kind, before_start, end).collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(table.between(kind, now, end).collect::<Vec<_>>(), expected.iter().copied().filter(|s| *s > now).collect::<Vec<_>>());
            prop_assert_eq!(table.schedules(kind), !expected.is_empty());
        }
        let (first, kinds) = table.next_any(now).unwrap();
        let expected = walk.iter().copied().find(|m| *m > now && Timetable::KINDS.iter().any(|k| runs(&table, *k, *m))).unwrap();
        prop_assert_eq!(first, expected);
        prop_assert_eq!(kinds, Timetable::KINDS.into_iter().filter(|k| runs(&table, *k, first)).collect::<Vec<_>>());
    }

    #[test]
    fn a_timetable_survives_an_agents_disk(table in timetable()) {
        let text = serde_json::to_string(&table).unwrap();
        prop_assert_eq!(serde_json::from_str::<Timetable>(&text).unwrap(), table);
    }
}

#[test]
fn no_zone_of_the_table_moves_a_slot_with_daylight_saving() {
    assert_eq!(ZONES.split(',').count(), 139);
    let mut summer_and_winter_differ = 0;
    for zone in ZONES.split(',') {
        let iana = crate::policy::iana_zone(zone).unwrap_or_else(|| panic!("{zone} resolves"));
        let tz = TimeZone::get(&iana).unwrap();
        let mut offsets = vec![];
        for saved in ["2026-01-15T12:00:00Z", "2026-07-15T12:00:00Z"].map(at) {
            let table = Timetable::of(&daily(zone, "21:30"), saved);
            assert_eq!(table.utc_offset_seconds, tz.to_offset(saved).seconds(), "{zone}");
            offsets.push(table.utc_offset_seconds);
            // On the day it is saved, the slot is 21:30 on the walls of that zone.
            let first = table.next(BackupKind::Full, saved - SignedDuration::from_hours(24)).unwrap();
            let wall = tz.to_offset(saved).to_datetime(first);
            assert_eq!((wall.hour(), wall.minute(), wall.second()), (21, 30, 0), "{zone}");
            // And from then on every 24 hours, through both changes of the clocks.
            let year = saved + SignedDuration::from_hours(24 * 366);
            let slots: Vec<Timestamp> = table.between(BackupKind::Full, first, year).collect();
            assert!(slots.len() >= 365, "{zone}");
            for (days, slot) in (1..).zip(&slots) {
                assert_eq!(slot.duration_since(first), SignedDuration::from_hours(24 * days), "{zone}");
            }
        }
        summer_and_winter_differ += usize::from(offsets[0] != offsets[1]);
    }
    assert!(summer_and_winter_differ > 30, "the test must have met daylight saving: {summer_and_winter_differ}");
}

#[test]
fn run_times_are_wall_clock_times_whatever_their_z_says() {
    let table = Timetable::of(&daily("Pacific Standard Time", "10:00"), at("2026-01-10T00:00:00Z"));
    assert_eq!(table.next(BackupKind::Full, at("2026-03-08T00:00:00Z")), Some(at("2026-03-08T18:00:00Z")));
    // Daylight saving began on 8 March; the policy was not saved again.
    assert_eq!(table.next(BackupKind::Full, at("2026-03-09T00:00:00Z")), Some(at("2026-03-09T18:00:00Z")));
    let saved_again = Timetable::of(&daily("Pacific Standard Time", "10:00"), at("2026-03-09T00:00:00Z"));
    assert_eq!(saved_again.next(BackupKind::Full, at("2026-03-09T00:00:00Z")), Some(at("2026-03-09T17:00:00Z")));
}

#[test]
fn what_falls_together_starts_full_first_and_log_last() {
    let weekly = |kind, day, time| sub(kind, simple(RunFrequency::Weekly, vec![day], time));
    let table = Timetable::of(
        &policy(
            "UTC",
            vec![
                sub(SubPolicyType::Log, Schedule::Log { interval_minutes: 480 }),
                weekly(SubPolicyType::Differential, DayOfWeek::Monday, "08:00"),
                weekly(SubPolicyType::Full, DayOfWeek::Sunday, "16:00"),
            ],
        ),
        Timestamp::UNIX_EPOCH,
    );
    // 15 November 2026 is a Sunday.
    let (slot, kinds) = table.next_any(at("2026-11-15T08:00:00Z")).unwrap();
    assert_eq!((slot, kinds), (at("2026-11-15T16:00:00Z"), vec![BackupKind::Full, BackupKind::Log]));
    let (slot, kinds) = table.next_any(at("2026-11-16T00:00:00Z")).unwrap();
    assert_eq!((slot, kinds), (at("2026-11-16T08:00:00Z"), vec![BackupKind::Differential, BackupKind::Log]));
    assert_eq!(table.next_any(slot).unwrap(), (at("2026-11-16T16:00:00Z"), vec![BackupKind::Log]));
}

#[test]
fn an_interval_that_does_not_divide_a_day_begins_anew_at_midnight() {
    let log = |minutes| Timetable { utc_offset_seconds: 3600, full: None, differential: None, log_interval_minutes: Some(minutes) };
    let slots: Vec<Timestamp> = log(1050).between(BackupKind::Log, at("2026-05-01T00:00:00Z"), at("2026-05-03T00:00:00Z")).collect();
    assert_eq!(slots, ["2026-05-01T16:30:00Z", "2026-05-01T23:00:00Z", "2026-05-02T16:30:00Z", "2026-05-02T23:00:00Z"].map(at));
}

#[test]
fn a_timetable_that_says_nothing_useful_has_no_slots() {
    let table: Timetable =
        serde_json::from_str(r#"{"utcOffsetSeconds": 0, "logIntervalMinutes": 0, "full": {"days": [], "minuteOfDay": 9}}"#).unwrap();
    assert_eq!(table.next_any(Timestamp::UNIX_EPOCH), None);
    let unfinished = policy(
        "Moon Standard Time",
        vec![sub(SubPolicyType::Full, Schedule::LongTerm), sub(SubPolicyType::Log, Schedule::Log { interval_minutes: -5 })],
    );
    assert_eq!(Timetable::of(&unfinished, Timestamp::UNIX_EPOCH).next_any(Timestamp::UNIX_EPOCH), None);
    let forever = Timetable { utc_offset_seconds: 0, full: None, differential: None, log_interval_minutes: Some(15) };
    assert_eq!(forever.next(BackupKind::Log, Timestamp::MAX), None);
}
