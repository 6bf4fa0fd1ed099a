//! A real clock that jumps: what expires, and what does not, through the whole engine.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test panics")]

mod support;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::ports::{Clock, ItemFilter, JobFilter, Page};
use rsvault_domain::protection::SoftDeleted;
use rsvault_engine::{Engine, jobs, reconcile, timeline};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::*;

/// A wall clock that can be set, beside one that cannot.
struct Wall(Mutex<(Timestamp, Duration)>);

impl Wall {
    fn new(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new((now, Duration::from_secs(1000)))))
    }
    fn pass(&self, by: SignedDuration) {
        let mut hands = self.0.lock().unwrap();
        hands.0 += by;
        hands.1 += Duration::try_from(by).unwrap();
    }
    fn set(&self, by: SignedDuration) {
        self.0.lock().unwrap().0 += by;
    }
}

#[async_trait]
impl Clock for Wall {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }
    async fn until(&self, _: Timestamp) {
        tokio::task::yield_now().await;
    }
    fn monotonic(&self) -> Option<Duration> {
        Some(self.0.lock().unwrap().1)
    }
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The vault of `t` run by a process of its own, with this clock.
async fn process(t: &TestBox, wall: &Arc<Wall>) -> Arc<Engine> {
    let engine = Engine::new(t.plain_store.clone(), t.plain_objects.clone(), t.engine.keys.clone(), wall.clone(), Arc::new(NoWake));
    engine.open_guard().await.unwrap();
    engine
}

async fn items(t: &TestBox) -> usize {
    let mut tx = t.plain_store.read().await.unwrap();
    let vault = tx.vault(SUB, &rsvault_domain::id::NameKey::new("rg1"), &rsvault_domain::id::NameKey::new("v1")).await.unwrap().unwrap();
    tx.items(vault.id, &ItemFilter::default(), &Page::default()).await.unwrap().items.len()
}

/// A soft-deleted item that is to be purged in 14 days.
async fn with_a_deleted_item() -> (TestBox, Arc<Wall>) {
    let t = TestBox::new().await;
    t.protected().await;
    let now = t.clock.now();
    let mut tx = t.plain_store.begin().await.unwrap();
    let vault = tx.vault(SUB, &rsvault_domain::id::NameKey::new("rg1"), &rsvault_domain::id::NameKey::new("v1")).await.unwrap().unwrap();
    let mut item = tx.items(vault.id, &ItemFilter::default(), &Page::default()).await.unwrap().items.remove(0);
    item.soft_deleted = Some(SoftDeleted { at: now, purge_at: now + DAY * 14 });
    tx.update_item(&item).await.unwrap();
    tx.commit().await.unwrap();
    let wall = Wall::new(now);
    (t, wall)
}

#[tokio::test]
async fn a_jump_of_a_month_purges_nothing_and_the_days_that_pass_do() {
    let (t, wall) = with_a_deleted_item().await;
    let engine = process(&t, &wall).await;
    wall.pass(DAY);
    reconcile::round(&engine).await.unwrap();
    wall.set(DAY * 30);
    reconcile::round(&engine).await.unwrap();
    assert_eq!((items(&t).await, engine.trust().jumps), (1, 1), "held");
    assert!(engine.trust().lag > DAY * 29);
    wall.set(DAY * -30);
    wall.pass(DAY * 12);
    reconcile::round(&engine).await.unwrap();
    assert_eq!(items(&t).await, 1, "a day is left");
    wall.pass(DAY * 2);
    reconcile::round(&engine).await.unwrap();
    assert_eq!(items(&t).await, 0);
}

#[tokio::test]
async fn a_start_with_a_clock_far_ahead_purges_nothing_until_an_operator_accepts_it() {
    let (t, wall) = with_a_deleted_item().await;
    let engine = process(&t, &wall).await;
    reconcile::round(&engine).await.unwrap();
    drop(engine);
    wall.pass(DAY * 30);
    let engine = process(&t, &wall).await;
    reconcile::round(&engine).await.unwrap();
    assert_eq!(items(&t).await, 1, "held");
    // As `rsvault doctor --accept-clock` does.
    let mut tx = t.plain_store.begin().await.unwrap();
    tx.set_clock_mark(wall.now()).await.unwrap();
    tx.commit().await.unwrap();
    engine.open_guard().await.unwrap();
    reconcile::round(&engine).await.unwrap();
    assert_eq!(items(&t).await, 0);
}

#[tokio::test]
async fn a_jump_forgets_no_job_before_its_time() {
    let (t, wall) = with_a_deleted_item().await;
    let engine = process(&t, &wall).await;
    let count = async || jobs::list(&engine, &vault_path(), &JobFilter::default(), &Page::default()).await.unwrap().1.items.len();
    let there = count().await;
    assert!(there > 0);
    wall.set(DAY * 400);
    reconcile::round(&engine).await.unwrap();
    assert_eq!(count().await, there);
    wall.set(DAY * -400);
    for _ in 0..181 {
        wall.pass(DAY);
        reconcile::round(&engine).await.unwrap();
    }
    assert_eq!(count().await, 0, "180 days that passed");
}

#[tokio::test]
async fn what_is_stamped_while_the_clock_is_set_back_is_kept_its_whole_time() {
    let (t, wall) = with_a_deleted_item().await;
    let engine = process(&t, &wall).await;
    let before = engine.stamp_now();
    wall.set(DAY * -100);
    wall.pass(SignedDuration::from_mins(10));
    assert_eq!(engine.stamp_now(), before + SignedDuration::from_mins(10));
    assert_eq!(engine.trusted_now(), before, "nothing expires until the clock has caught up");
}

#[tokio::test]
async fn the_vault_comes_to_rest_and_knows_what_is_next() {
    let t = TestBox::new().await;
    t.protected().await;
    timeline::settle(&t.engine, "test").await.unwrap();
    assert!(!timeline::settle(&t.engine, "test").await.unwrap(), "nothing is due any more");
    assert!(timeline::flights(&t.engine).await.unwrap().is_empty());
    let (at, _) = timeline::next_due(&t.engine).await.unwrap().unwrap();
    assert!(
        at > t.clock.now() && at <= t.clock.now() + SignedDuration::from_hours(8),
        "{at}: the inquiry of every eight hours at the latest"
    );
}

#[tokio::test]
async fn a_registered_server_is_inquired_every_eight_hours_and_a_stopped_one_is_not() {
    let t = TestBox::new().await;
    t.protected().await;
    for hours in [8, 8] {
        t.clock.advance(SignedDuration::from_hours(hours));
        reconcile::discover(&t.engine).await.unwrap();
        let flights = timeline::flights(&t.engine).await.unwrap();
        assert_eq!(flights.len(), 1, "{flights:?}");
        assert!(flights[0].what.starts_with("inquiry"), "{flights:?}");
        reconcile::discover(&t.engine).await.unwrap();
        assert_eq!(timeline::flights(&t.engine).await.unwrap().len(), 1, "one at a time");
        t.play().await;
        assert!(timeline::flights(&t.engine).await.unwrap().is_empty());
    }
    let mut tx = t.plain_store.begin().await.unwrap();
    let mut server = t.server.clone();
    server.state = rsvault_domain::discovery::ServerState::Stopped;
    tx.put_server(&server).await.unwrap();
    tx.commit().await.unwrap();
    t.clock.advance(SignedDuration::from_hours(9));
    reconcile::discover(&t.engine).await.unwrap();
    assert!(t.plain_store.read().await.unwrap().open_commands(t.server.id).await.unwrap().is_empty());
    let noted = t.engine.chronicle.since(0).events;
    assert_eq!(noted.iter().filter(|e| e.kind == rsvault_domain::ports::EventKind::Discovery).count(), 2);
}
