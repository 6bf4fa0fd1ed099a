//! The driver over a whole engine, with agents that a test plays.

use super::*;
use crate::clock::newest_seen;
use crate::wake::Bells;
use rsvault_domain::access::Principal;
use rsvault_domain::backup::RecoveryModel;
use rsvault_domain::discovery::{Container, Inventory, Registration, Server, ServerState};
use rsvault_domain::fault::FaultKind;
use rsvault_domain::id::{ContainerId, ContainerName, ItemId, ItemName, NameKey, PrincipalId, SetId, SubscriptionId, TaskId, TenantId};
use rsvault_domain::ports::{EventKind, Store};
use rsvault_domain::protection::{ItemState, ProtectedItem, Track};
use rsvault_domain::tenancy::{ResourceGroup, Subscription};
use rsvault_domain::work::TaskKind;
use rsvault_engine::Caller;
use rsvault_engine::vaults::{VaultChange, VaultPath};
use rsvault_storage::{FileKeyRing, SqlStore};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use uuid::Uuid;

/// One agent with a slot every `every`; it notes when it offered. It may be stuck.
struct Played {
    engine: Arc<Engine>,
    server: ServerId,
    every: Option<SignedDuration>,
    next: Mutex<Timestamp>,
    offered: Mutex<Vec<(Timestamp, Timestamp)>>,
    /// Pages a second that its databases change.
    writes: AtomicU64,
    /// Milliseconds that it takes to confirm its schedule.
    confirms_in: AtomicU64,
}

#[async_trait]
impl Agents for Played {
    async fn live(&self) -> Vec<ServerId> {
        vec![self.server]
    }
    async fn writes_by(&self, to: Timestamp) -> u64 {
        self.writes.load(SeqCst) * u64::try_from(to.duration_since(self.engine.clock.now()).as_secs()).unwrap()
    }
    async fn next_due(&self, _: ServerId) -> Option<Timestamp> {
        self.every.map(|_| *self.next.lock().unwrap())
    }
    async fn settled(&self, _: ServerId, at: Timestamp) {
        let mut next = self.next.lock().unwrap();
        while let Some(every) = self.every.filter(|_| *next <= at) {
            self.offered.lock().unwrap().push((*next, self.engine.clock.now()));
            self.engine.note(EventKind::Schedule, "item", "ran");
            *next += every;
        }
    }
    async fn synced(&self, _: ServerId) {
        tokio::time::sleep(Duration::from_millis(self.confirms_in.load(SeqCst))).await;
    }
}

struct World {
    _dir: tempfile::TempDir,
    engine: Arc<Engine>,
    clock: Arc<VirtualClock>,
    driver: Arc<Driver>,
    agents: Arc<Played>,
    store: Arc<SqlStore>,
}

async fn world(every: Option<SignedDuration>) -> World {
    let dir = tempfile::tempdir().unwrap();
    let store = SqlStore::open(&format!("sqlite:{}", dir.path().join("c.db").display())).await.unwrap();
    let keys = FileKeyRing::open(dir.path().join("keys")).unwrap();
    let objects = rsvault_storage::objects::open(&format!("file:{}", dir.path().join("o").display())).unwrap();
    let clock = VirtualClock::open(&dir.path().join("clock.json"), newest_seen(store.as_ref()).await.unwrap()).unwrap();
    clock.set(true, 1.0);
    // A whole second: the catalogue keeps microseconds.
    clock.move_to((clock.now() + SignedDuration::from_secs(1)).round(jiff::Unit::Second).unwrap());
    let engine = Engine::new(store.clone(), objects, keys, clock.clone(), Arc::new(Bells::default()));
    let subscription = SubscriptionId(Uuid::from_u128(1));
    let server = Server {
        id: ServerId(Uuid::new_v4()),
        subscription,
        resource_group: "rg1".into(),
        name: "vm1".into(),
        location: "westeurope".into(),
        state: ServerState::Running,
        created_at: clock.now(),
    };
    let mut tx = store.begin().await.unwrap();
    tx.put_subscription(&Subscription { id: subscription, tenant: TenantId(Uuid::nil()), name: "s".into() }).await.unwrap();
    tx.put_group(&ResourceGroup { subscription, name: "rg1".into(), location: "westeurope".into(), tags: Default::default() })
        .await
        .unwrap();
    let server = tx.put_server(&server).await.unwrap();
    tx.commit().await.unwrap();
    let next = every.map_or(clock.now(), |every| clock.now() + every);
    let agents = Arc::new(Played {
        engine: engine.clone(),
        server: server.id,
        every,
        next: Mutex::new(next),
        offered: Mutex::default(),
        writes: AtomicU64::default(),
        confirms_in: AtomicU64::default(),
    });
    let driver = Driver::new(engine.clone(), clock.clone(), agents.clone(), Lifecycle::default());
    World { _dir: dir, engine, clock, driver, agents, store }
}

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

#[tokio::test]
async fn time_runs_through_every_slot_in_order_and_each_runs_at_its_moment() {
    let w = world(Some(SignedDuration::from_mins(15))).await;
    let from = w.clock.now();
    let advanced = w.driver.advance(Until::To(from + hours(24))).await.unwrap();
    assert_eq!((advanced.from, advanced.to, advanced.steps), (from, from + hours(24), 96));
    assert_eq!(advanced.counts, [(EventKind::Schedule, 96)].into());
    assert!(advanced.fired.windows(2).all(|w| w[0].at < w[1].at) && !advanced.truncated && advanced.unfinished.is_empty());
    assert!(w.agents.offered.lock().unwrap().iter().all(|(slot, at)| slot == at));
    assert_eq!(w.clock.now(), from + hours(24), "frozen before, frozen after");
}

#[tokio::test]
async fn a_task_of_the_vault_runs_at_its_time() {
    let w = world(None).await;
    let from = w.clock.now();
    let mut tx = w.store.begin().await.unwrap();
    tx.enqueue(TaskId(Uuid::new_v4()), &TaskKind::CollectSet { set: SetId(Uuid::nil()) }, from + hours(5)).await.unwrap();
    tx.commit().await.unwrap();
    let advanced = w.driver.advance(Until::To(from + hours(4))).await.unwrap();
    assert_eq!(advanced.steps, 1);
    assert!(w.store.read().await.unwrap().next_task_at().await.unwrap().is_some());
    let advanced = w.driver.advance(Until::To(from + hours(9))).await.unwrap();
    assert_eq!(advanced.steps, 2, "the task, the target");
    assert!(w.store.read().await.unwrap().next_task_at().await.unwrap().is_none());
}

#[tokio::test]
async fn by_counts_the_calendar_and_time_does_not_go_back() {
    let w = world(None).await;
    w.driver.change(ClockChange { now: Some("2028-01-31T10:00:00Z".parse().unwrap()), ..ClockChange::default() }).await.unwrap();
    let advanced = w.driver.advance(Until::By("P1M".parse().unwrap())).await.unwrap();
    assert_eq!(advanced.to.to_string(), "2028-02-29T10:00:00Z");
    for (fault, field) in [
        (w.driver.advance(Until::To("2028-02-01T00:00:00Z".parse().unwrap())).await.unwrap_err(), "to"),
        (w.driver.change(ClockChange { now: Some(Timestamp::UNIX_EPOCH), ..ClockChange::default() }).await.unwrap_err(), "now"),
        (w.driver.advance(Until::By("P11Y".parse().unwrap())).await.unwrap_err(), "by"),
        (w.driver.advance(Until::By("P9999Y".parse().unwrap())).await.unwrap_err(), "by"),
        (w.driver.change(ClockChange { scale: Some(0.0), ..ClockChange::default() }).await.unwrap_err(), "scale"),
        (w.driver.change(ClockChange { scale: Some(f64::NAN), ..ClockChange::default() }).await.unwrap_err(), "scale"),
    ] {
        assert_eq!((fault.kind, fault.target.as_deref()), (FaultKind::Invalid, Some(field)), "{fault:?}");
    }
    assert_eq!(w.clock.now(), advanced.to);
}

#[tokio::test]
async fn a_run_that_simulated_databases_would_write_through_for_hours_is_refused_by_field() {
    let w = world(None).await;
    let from = w.clock.now();
    // A page a second: a year is too much at once, a month is not.
    w.agents.writes.store(1, SeqCst);
    let fault = w.driver.advance(Until::By("P1Y".parse().unwrap())).await.unwrap_err();
    assert_eq!((&*fault.code, fault.target.as_deref()), ("TooManyWrites", Some("by")), "{fault:?}");
    let change = ClockChange { now: Some(from + hours(24 * 365)), ..ClockChange::default() };
    assert_eq!(w.driver.change(change).await.unwrap_err().target.as_deref(), Some("now"));
    assert_eq!(w.clock.now(), from);
    w.driver.advance(Until::By("P1M".parse().unwrap())).await.unwrap();
}

#[tokio::test]
async fn frozen_with_now_stands_at_now_exactly_and_thawed_it_runs() {
    let w = world(Some(hours(1))).await;
    let now = w.clock.now() + hours(48);
    let reading = w.driver.change(ClockChange { now: Some(now), frozen: Some(true), scale: None }).await.unwrap();
    assert_eq!((reading.now, reading.frozen), (now, true));
    assert_eq!(w.agents.offered.lock().unwrap().len(), 48, "what was on the way fired");
    let reading = w.driver.change(ClockChange { frozen: Some(false), ..ClockChange::default() }).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(w.clock.now() > reading.now);
}

#[tokio::test]
async fn a_scaled_clock_steps_through_the_same_timers() {
    let w = world(Some(hours(1))).await;
    let from = w.clock.now();
    w.driver.change(ClockChange { frozen: Some(false), scale: Some(100_000.0), ..ClockChange::default() }).await.unwrap();
    let ticking = tokio::time::timeout(Duration::from_secs(30), async {
        tokio::select! {
            () = w.driver.clone().tick() => {}
            () = async { while w.clock.now() < from + hours(12) { w.clock.until(from + hours(12)).await } } => {}
        }
    });
    ticking.await.unwrap();
    let offered = w.agents.offered.lock().unwrap();
    assert!(offered.len() >= 5 && offered.iter().all(|(slot, at)| slot == at), "{offered:?}");
}

#[tokio::test]
async fn a_scaled_clock_keeps_its_pace() {
    let w = world(None).await;
    w.agents.confirms_in.store(60, SeqCst);
    w.driver.change(ClockChange { frozen: Some(false), scale: Some(1000.0), ..ClockChange::default() }).await.unwrap();
    let (from, begun) = (w.clock.now(), Instant::now());
    tokio::select! {
        () = w.driver.clone().tick() => {}
        () = tokio::time::sleep(Duration::from_secs(4)) => {}
    }
    let pace = w.clock.now().duration_since(from).as_secs_f64() / begun.elapsed().as_secs_f64();
    // Up to one tick is to come.
    assert!((880.0..1001.0).contains(&pace), "{pace} virtual seconds a second");
}

#[tokio::test]
async fn one_run_at_a_time_and_a_call_that_goes_away_stops_after_its_step() {
    let w = world(Some(SignedDuration::from_secs(60))).await;
    let from = w.clock.now();
    let driver = w.driver.clone();
    let call = tokio::time::timeout(Duration::from_millis(100), driver.advance(Until::By("P5Y".parse().unwrap())));
    let second = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        w.driver.advance(Until::By("PT1H".parse().unwrap())).await
    };
    let (first, second) = tokio::join!(call, second);
    assert!(first.is_err(), "five years of minutes take longer than that");
    assert_eq!(second.unwrap_err().code, "ClockIsMoving");
    let turn = tokio::time::timeout(Duration::from_secs(10), w.driver.turn.lock()).await.unwrap();
    let stopped = w.clock.now();
    drop(turn);
    assert!(stopped > from && stopped < from + hours(24 * 365));
    assert!(w.agents.offered.lock().unwrap().iter().all(|(slot, at)| slot == at && *at <= stopped));
    let advanced = w.driver.advance(Until::By("PT1H".parse().unwrap())).await.unwrap();
    assert_eq!((advanced.from, advanced.steps), (stopped, 60));
}

#[tokio::test]
async fn a_month_of_quarters_costs_little_where_nothing_is_due() {
    let w = world(Some(SignedDuration::from_mins(15))).await;
    let begun = tokio::time::Instant::now();
    let advanced = w.driver.advance(Until::By("P30D".parse().unwrap())).await.unwrap();
    assert_eq!(advanced.steps, 30 * 96);
    let step = begun.elapsed() / 2880;
    assert!(step < Duration::from_millis(20), "{step:?} a step");
    let _ = w.engine;
}

/// An item that was soft-deleted now, kept for 14 days, in a vault of its own.
async fn soft_deleted_item(w: &World) {
    let path = VaultPath { subscription: SubscriptionId(Uuid::from_u128(1)), resource_group: "rg1".into(), name: "v1".into() };
    let principal = Principal { id: PrincipalId(Uuid::nil()), client_id: "t".into(), tenant: TenantId(Uuid::nil()), name: "t".into() };
    let caller = Caller { principal, activity_id: "1".into(), request_key: None, guard_requests: Vec::new() };
    let change = VaultChange { location: Some("westeurope".into()), ..VaultChange::default() };
    rsvault_engine::vaults::put(&w.engine, &caller, &path, change).await.unwrap();
    let now = w.clock.now();
    let mut tx = w.store.begin().await.unwrap();
    let vault = tx.vault(path.subscription, &NameKey::new("rg1"), &NameKey::new("v1")).await.unwrap().unwrap();
    let container = Container {
        id: ContainerId(Uuid::new_v4()),
        vault_id: vault.id,
        server_id: w.agents.server,
        name: ContainerName::new("rg1", "vm1"),
        source_resource_id: String::new(),
        registration: Registration::Registered,
        healthy: true,
        inventory: Inventory::default(),
        discover_at: None,
        updated_at: now,
    };
    tx.insert_container(&container).await.unwrap();
    let mut item = ProtectedItem {
        id: ItemId(Uuid::new_v4()),
        vault_id: vault.id,
        container_id: container.id,
        name: ItemName::new("MSSQLSERVER", "salesdb"),
        policy_id: None,
        state: ItemState::Protected,
        data_source_id: "100000000000000".into(),
        recovery_model: RecoveryModel::Full,
        last_backup: None,
        soft_deleted: None,
        track: Track::default(),
        reap_at: None,
        watch_at: None,
        created_at: now,
        updated_at: now,
    };
    item.soft_delete(14, now).unwrap();
    tx.insert_item(&item).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn fifteen_days_purge_what_was_soft_deleted_and_the_answer_says_why() {
    let w = world(None).await;
    soft_deleted_item(&w).await;
    let from = w.clock.now();
    let early = w.driver.advance(Until::By("P13D".parse().unwrap())).await.unwrap();
    assert_eq!(early.counts.get(&EventKind::SoftDelete), None, "{early:?}");
    let advanced = w.driver.advance(Until::By("P2D".parse().unwrap())).await.unwrap();
    let purged: Vec<_> = advanced.fired.iter().filter(|e| e.kind == EventKind::SoftDelete).collect();
    assert_eq!((purged.len(), purged[0].at), (1, from + hours(14 * 24)), "{advanced:?}");
    assert_eq!(purged[0].subject, "SQLDataBase;MSSQLSERVER;salesdb");
    assert!(purged[0].text.contains(&format!("soft-deleted on {from}, kept 14 days")), "{}", purged[0].text);
}
