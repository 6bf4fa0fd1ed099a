//! Schedules and slots: what was due runs once, over outages and restarts.

use super::clock::ManualClock;
use super::*;
use jiff::Timestamp;
use rsvault_domain::id::ItemId;
use rsvault_domain::policy::{DayOfWeek, Timetable, schedule::RunTime};
use rsvault_domain::ports::Clock;
use rsvault_protocol::messages::{ScheduleView, ScheduledItemView};
use std::path::PathBuf;

/// A vault, an engine and a clock; agents come and go.
struct World {
    vault: Arc<FakeVault>,
    engine: Arc<Told>,
    clock: Arc<ManualClock>,
    state: tempfile::TempDir,
}

const SINCE: &str = "2026-01-05T10:10:00Z";

impl World {
    /// Monday, 10:10; the databases have a full at 23:00 and a log every hour.
    fn new(items: u128) -> Self {
        let world = Self {
            vault: Arc::default(),
            engine: Arc::default(),
            clock: Arc::new(ManualClock::at(SINCE)),
            state: tempfile::tempdir().unwrap(),
        };
        world.schedule("r1", (1..=items).map(|n| scheduled(n, 23 * 60, 60, SINCE)).collect());
        world
    }
    fn schedule(&self, revision: &str, items: Vec<ScheduledItemView>) {
        *self.vault.schedule.lock().unwrap() = Some(ScheduleView { revision: revision.into(), items });
    }
    fn start(&self) -> AgentHandle {
        let state = Some(PathBuf::from(self.state.path()));
        Agent::start_on(self.vault.clone(), vec![self.engine.clone()], LIMITS, self.clock.clone(), state)
    }
    async fn synced(&self) -> AgentHandle {
        let agent = self.start();
        within(agent.schedule_synced()).await;
        agent
    }
    /// Slots that were offered, each once, in the order in which they first came.
    fn offered(&self) -> Vec<(BackupKind, String)> {
        let mut seen = Vec::new();
        for offer in self.vault.offers.lock().unwrap().iter() {
            let slot = (offer.backup, offer.slot.to_string());
            if !seen.contains(&slot) {
                seen.push(slot);
            }
        }
        seen
    }
    fn begun(&self) -> Vec<BackupKind> {
        self.engine.begun.lock().unwrap().iter().map(|(_, kind)| *kind).collect()
    }
    fn committed(&self) -> usize {
        self.vault.commits.lock().unwrap().len()
    }
}

fn item(n: u128) -> ItemId {
    Uuid::from_u128(n).into()
}
fn scheduled(n: u128, full_minute: u16, log_minutes: u16, since: &str) -> ScheduledItemView {
    let full = RunTime { days: DayOfWeek::ALL.to_vec(), minute_of_day: full_minute };
    ScheduledItemView {
        item_id: item(n),
        instance: "I".into(),
        database: format!("d{n}"),
        since: since.parse().unwrap(),
        timetable: Timetable { utc_offset_seconds: 0, full: Some(full), differential: None, log_interval_minutes: Some(log_minutes) },
    }
}
fn log(at: &str) -> (BackupKind, String) {
    (BackupKind::Log, at.into())
}
fn full(at: &str) -> (BackupKind, String) {
    (BackupKind::Full, at.into())
}
async fn within(waited_for: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(15), waited_for).await.expect("in time");
}
fn time(at: &str) -> Option<Timestamp> {
    Some(at.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_run_when_they_are_due_and_settled_means_that_they_have_ended() {
    let world = World::new(3);
    let agent = world.synced().await;
    assert_eq!(agent.next_due(), time("2026-01-05T11:00:00Z"));
    // Nothing is due before the schedule counts.
    within(agent.settled(SINCE.parse().unwrap())).await;
    assert_eq!(world.offered(), []);
    let at = world.clock.set("2026-01-05T11:00:00Z");
    within(agent.settled(at)).await;
    assert_eq!((world.committed(), world.vault.results.lock().unwrap().len()), (3, 3));
    assert_eq!(agent.next_due(), time("2026-01-05T12:00:00Z"));
    // Both kinds fall on 23:00: the full first, and the log after its end.
    let at = world.clock.set("2026-01-05T22:59:59Z");
    within(agent.settled(at)).await;
    world.engine.begun.lock().unwrap().clear();
    let at = world.clock.advance(1);
    within(agent.settled(at)).await;
    let begun = world.begun();
    assert_eq!((begun.len(), &begun[..3]), (6, &[BackupKind::Full; 3][..]));
    assert_eq!(world.committed(), 3 + 3 + 6, "what was missed in between was merged into one");
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settled_waits_for_work_and_for_slots_that_the_agent_has_not_yet_woken_up_to() {
    let world = World { engine: Arc::new(Told { linger: Duration::from_millis(700), ..Told::default() }), ..World::new(1) };
    let agent = world.synced().await;
    let slot: Timestamp = "2026-01-05T11:00:00Z".parse().unwrap();
    let watch = agent.watch();
    let mut settled = std::pin::pin!(watch.settled(slot));
    assert!(tokio::time::timeout(Duration::from_millis(100), settled.as_mut()).await.is_err(), "the slot is to come");
    world.clock.set("2026-01-05T11:00:00Z");
    within(settled).await;
    assert_eq!(world.vault.results.lock().unwrap().len(), 1);
    // A command from the vault counts as well.
    world.vault.offer(id(), 1, backup("d"));
    until("it runs", || world.engine.running.load(SeqCst) == 1).await;
    within(agent.settled(slot)).await;
    assert_eq!((world.engine.running.load(SeqCst), world.vault.results.lock().unwrap().len()), (0, 2));
    // Whoever waits for an agent that has ended is let go.
    world.vault.down.store(true, SeqCst);
    let at = world.clock.set("2026-01-05T12:00:00Z");
    let (watch, gone) = (agent.watch(), agent.watch());
    let waiting = tokio::task::spawn_blocking(move || {
        tokio::runtime::Handle::current().block_on(async { tokio::join!(watch.settled(at), watch.schedule_synced()) })
    });
    until("it is offered in vain", || gone.next_due() > Some(at)).await;
    assert!(!waiting.is_finished());
    agent.shutdown().await;
    within(async { waiting.await.unwrap().0 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_runs_once_however_often_it_is_offered() {
    let world = World::new(4);
    world.vault.fail_every.store(3, SeqCst);
    let agent = world.synced().await;
    for at in ["2026-01-05T11:00:00Z", "2026-01-05T12:00:00Z", "2026-01-05T13:00:00Z"] {
        let at = world.clock.set(at);
        within(agent.settled(at)).await;
    }
    assert!(world.vault.offers.lock().unwrap().len() > 12, "some answers were lost");
    assert_eq!(world.committed(), 12);
    assert_eq!(world.begun().len(), 12);
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missed_while_the_vault_was_away_is_merged_into_one_of_each_kind() {
    let world = World::new(1);
    let agent = world.synced().await;
    world.vault.down.store(true, SeqCst);
    for _ in 0..20 {
        let at = world.clock.advance(60);
        until("it looked at the clock", || agent.next_due() > Some(at)).await;
    }
    world.vault.down.store(false, SeqCst);
    let at = world.clock.now();
    within(agent.settled(at)).await;
    assert_eq!(world.offered(), [full("2026-01-05T23:00:00Z"), log("2026-01-06T06:00:00Z")]);
    assert_eq!(world.begun(), [BackupKind::Full, BackupKind::Log]);
    assert_eq!(world.engine.most.load(SeqCst), 1, "the log waits for the full that was due before it");
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_goes_on_with_the_schedule_and_the_slots_on_the_disk() {
    let world = World::new(2);
    world.synced().await.shutdown().await;
    // The vault is away; a slot falls due; the agent is killed.
    world.vault.down.store(true, SeqCst);
    let agent = world.start();
    let at = world.clock.set("2026-01-05T11:00:00Z");
    until("it looked at the clock", || agent.next_due() > Some(at)).await;
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(world.state.path().join("pending.json")).unwrap()).unwrap();
    assert_eq!((kept.as_array().unwrap().len(), &kept[0]["slot"], &kept[0]["open"]), (2, &"2026-01-05T11:00:00Z".into(), &true.into()));
    let seen = outlook::outlook(world.state.path(), at).unwrap();
    assert_eq!((seen.databases[1].database.as_str(), seen.databases[1].kinds[1].pending), ("d2", Some(at)));
    assert_eq!(seen.databases[1].kinds[0].next, time("2026-01-05T23:00:00Z"));
    drop(agent);
    // It comes back before the next slot; the vault has no schedule to give.
    *world.vault.schedule.lock().unwrap() = None;
    let at = world.clock.advance(20);
    let agent = world.start();
    world.vault.down.store(false, SeqCst);
    within(agent.settled(at)).await;
    assert_eq!(world.offered(), [log("2026-01-05T11:00:00Z")]);
    assert_eq!(world.committed(), 2);
    agent.shutdown().await;
    // Handled slots are remembered: the next start offers nothing.
    world.vault.offers.lock().unwrap().clear();
    let agent = world.synced().await;
    within(agent.settled(at)).await;
    assert_eq!(world.offered(), []);
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fell_due_while_the_agent_was_down_runs_once_at_its_start() {
    let world = World::new(1);
    let agent = world.synced().await;
    let at = world.clock.set("2026-01-05T11:00:00Z");
    within(agent.settled(at)).await;
    agent.shutdown().await;
    world.vault.offers.lock().unwrap().clear();
    let at = world.clock.set("2026-01-08T09:30:00Z");
    // Even if what it knew is gone: the vault says what has run.
    for lost in [false, true] {
        if lost {
            std::fs::write(world.state.path().join("pending.json"), b"").unwrap();
        }
        let agent = world.start();
        within(agent.settled(at)).await;
        agent.shutdown().await;
        assert_eq!(world.offered(), [full("2026-01-07T23:00:00Z"), log("2026-01-08T09:00:00Z")]);
        assert_eq!(world.begun(), [BackupKind::Log, BackupKind::Full, BackupKind::Log]);
    }
    assert_eq!(world.vault.offers.lock().unwrap().len(), 4, "offered again, and not run again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_cut_off_by_a_kill_is_leased_again_at_a_higher_generation() {
    let world = World { engine: Arc::new(Told { linger: Duration::from_millis(500), ..Told::default() }), ..World::new(1) };
    let agent = world.synced().await;
    let at = world.clock.set("2026-01-05T11:00:00Z");
    until("it runs", || world.engine.running.load(SeqCst) == 1).await;
    drop(agent);
    let agent = world.start();
    within(agent.settled(at)).await;
    let results: Vec<i64> = world.vault.results.lock().unwrap().iter().map(|(_, r)| r.generation).collect();
    assert_eq!((results, world.committed()), (vec![2], 1));
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_policy_moves_the_next_slot_and_is_acknowledged_once_it_is_on_the_disk() {
    let world = World::new(1);
    let agent = world.synced().await;
    until("acknowledged", || world.vault.acknowledged.lock().unwrap().as_deref() == Some("r1")).await;
    world.clock.set("2026-01-05T10:40:00Z");
    // Every quarter of an hour from 10:40 on: 10:30 has not been missed, it was never due.
    world.schedule("r2", vec![scheduled(1, 12 * 60, 15, "2026-01-05T10:40:00Z")]);
    within(agent.schedule_synced()).await;
    assert_eq!(agent.next_due(), time("2026-01-05T10:45:00Z"));
    let disk: ScheduleView = serde_json::from_slice(&std::fs::read(world.state.path().join("schedule.json")).unwrap()).unwrap();
    assert_eq!(disk.revision, "r2");
    until("acknowledged", || world.vault.acknowledged.lock().unwrap().as_deref() == Some("r2")).await;
    let at = world.clock.set("2026-01-05T10:45:00Z");
    within(agent.settled(at)).await;
    assert_eq!(world.offered(), [log("2026-01-05T10:45:00Z")]);
    // Protection has stopped: nothing is due any more.
    world.schedule("r3", vec![]);
    within(agent.schedule_synced()).await;
    assert_eq!(agent.next_due(), None);
    let at = world.clock.advance(600);
    within(agent.settled(at)).await;
    assert_eq!(world.offered().len(), 1);
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_whose_write_was_cut_short_is_not_gone_by() {
    let world = World::new(1);
    world.synced().await.shutdown().await;
    std::fs::write(world.state.path().join("schedule.json.new"), b"{\"revision\": \"r2\", \"items\": []}").unwrap();
    std::fs::write(world.state.path().join("pending.json.new"), b"[{\"ite").unwrap();
    world.vault.down.store(true, SeqCst);
    let agent = world.start();
    until("planned", || agent.next_due() == time("2026-01-05T11:00:00Z")).await;
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_slot_is_forgotten_and_the_next_is_offered() {
    let world = World::new(1);
    world.vault.refused.lock().unwrap().push(BackupKind::Log);
    let agent = world.synced().await;
    for at in ["2026-01-05T11:00:00Z", "2026-01-05T12:00:00Z"] {
        let at = world.clock.set(at);
        within(agent.settled(at)).await;
    }
    assert_eq!(world.offered(), [log("2026-01-05T11:00:00Z"), log("2026-01-05T12:00:00Z")]);
    assert_eq!(world.vault.offers.lock().unwrap().len(), 2);
    assert_eq!(world.begun(), []);
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_whose_slots_the_vault_cannot_take_holds_up_no_other() {
    let world = World::new(3);
    *world.vault.broken.lock().unwrap() = Some(item(1));
    let agent = world.synced().await;
    for (hour, committed) in [(11, 2), (12, 4)] {
        world.clock.set(&format!("2026-01-05T{hour}:00:00Z"));
        until("the others have run", || world.committed() == committed).await;
    }
    *world.vault.broken.lock().unwrap() = None;
    within(agent.settled(world.clock.now())).await;
    assert_eq!(world.committed(), 5);
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_of_thousands_costs_what_its_slots_cost() {
    let world = World::new(4000);
    *world.vault.refused.lock().unwrap() = vec![BackupKind::Log, BackupKind::Full];
    let agent = world.synced().await;
    let at = world.clock.set("2026-01-05T11:00:00Z");
    within(agent.settled(at)).await;
    assert_eq!(world.vault.offers.lock().unwrap().len(), 4000);
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_years_ahead_costs_no_slot_once_it_is_right_and_runs_none_twice() {
    let world = World::new(1);
    let agent = world.synced().await;
    // The vault's clock is right.
    *world.vault.early.lock().unwrap() = time("2026-01-05T11:00:00Z");
    world.clock.set("2031-03-01T09:20:00Z");
    until("it was offered", || world.vault.offers.lock().unwrap().len() >= 2).await;
    assert_eq!(world.begun(), []);
    let at = world.clock.set("2026-01-05T11:00:00Z");
    within(agent.settled(at)).await;
    assert_eq!(world.begun(), [BackupKind::Log]);
    // Back by minutes, over a slot that has run, and over it again.
    world.clock.set("2026-01-05T10:58:00Z");
    tokio::time::sleep(Duration::from_millis(50)).await;
    *world.vault.early.lock().unwrap() = time("2026-01-05T12:00:00Z");
    for hour in ["11", "12"] {
        let at = world.clock.set(&format!("2026-01-05T{hour}:00:00Z"));
        within(agent.settled(at)).await;
    }
    assert_eq!(world.begun(), [BackupKind::Log; 2]);
    agent.shutdown().await;
}
