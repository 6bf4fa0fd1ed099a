//! The emulator's clock as the rules want it.

use super::*;
use jiff::SignedDuration;
use proptest::prelude::*;
use rsvault_domain::ports::Clock;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn open(dir: &Path) -> Arc<VirtualClock> {
    VirtualClock::open(&dir.join("clock.json"), None).unwrap()
}

#[derive(Clone, Debug)]
enum Deed {
    Move(i64),
    Set(bool, f64),
    Hold,
    Release,
    Restart,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (-100_000_i64..100_000).prop_map(Deed::Move),
        (any::<bool>(), prop_oneof![Just(1.0), Just(60.0)]).prop_map(|(f, s)| Deed::Set(f, s)),
        Just(Deed::Hold),
        Just(Deed::Release),
        Just(Deed::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_done_to_it_it_never_goes_back(deeds in proptest::collection::vec(deed(), 1..24)) {
        let dir = tempfile::tempdir().unwrap();
        let mut clock = open(dir.path());
        let (mut last, mut holds) = (clock.now(), Vec::new());
        for deed in deeds {
            match deed {
                Deed::Move(seconds) => {
                    let to = last + SignedDuration::from_secs(seconds);
                    clock.move_to(to);
                    prop_assert!(clock.now() >= to);
                }
                Deed::Set(frozen, scale) => clock.set(frozen, scale),
                Deed::Hold => holds.push(clock.hold()),
                Deed::Release => drop(holds.pop()),
                Deed::Restart => {
                    holds.clear();
                    clock = open(dir.path());
                }
            }
            let now = clock.now();
            prop_assert!(now >= last, "{now} after {last}");
            last = now;
        }
    }
}

#[test]
fn frozen_it_stands_and_a_restart_goes_on_there() {
    let dir = tempfile::tempdir().unwrap();
    let clock = open(dir.path());
    clock.set(true, 1.0);
    clock.move_to(clock.now() + SignedDuration::from_hours(24 * 15));
    let stands = clock.now();
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(clock.now(), stands);
    drop(clock);
    let clock = open(dir.path());
    assert_eq!((clock.now(), clock.reading().frozen), (stands, true));
}

#[test]
fn a_running_clock_keeps_its_lead_over_a_restart_and_is_never_behind_the_catalogue() {
    let dir = tempfile::tempdir().unwrap();
    let lead = SignedDuration::from_hours(24 * 40);
    open(dir.path()).move_to(SystemClock.now() + lead);
    let clock = open(dir.path());
    let off = clock.now().duration_since(SystemClock.now()) - lead;
    assert!(off.abs() < SignedDuration::from_secs(5), "{off}");
    let seen = clock.now() + SignedDuration::from_hours(3);
    let clock = VirtualClock::open(&dir.path().join("clock.json"), Some(seen)).unwrap();
    assert!(clock.now() >= seen);
}

#[test]
fn while_it_is_held_it_stands_and_then_runs_on_from_there() {
    let dir = tempfile::tempdir().unwrap();
    let clock = open(dir.path());
    let hold = clock.hold();
    let stands = clock.now();
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(clock.now(), stands);
    drop(hold);
    std::thread::sleep(Duration::from_millis(5));
    let since = clock.now().duration_since(stands);
    assert!(since > SignedDuration::ZERO && since < SignedDuration::from_millis(30), "{since}");
}

#[tokio::test]
async fn who_waits_is_woken_by_a_move() {
    let dir = tempfile::tempdir().unwrap();
    let clock = open(dir.path());
    clock.set(true, 1.0);
    let at = clock.now() + SignedDuration::from_hours(1);
    let waits = clock.until(at);
    tokio::pin!(waits);
    assert!(futures::poll!(waits.as_mut()).is_pending());
    clock.move_to(at);
    tokio::time::timeout(Duration::from_secs(5), waits).await.unwrap();
    clock.until(at).await;
}

#[test]
fn a_clock_file_that_is_no_clock_is_refused_with_the_cure() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("clock.json"), "noon").unwrap();
    let refusal = VirtualClock::open(&dir.path().join("clock.json"), None).unwrap_err().to_string();
    assert!(refusal.contains("Remove the file"), "{refusal}");
}
