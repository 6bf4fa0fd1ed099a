//! What an item shows of its backups agrees with its points, whatever happened (rulebook 7).
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

mod support;

use jiff::{SignedDuration, Timestamp};
use rsvault_domain::backup::{BackupKind, Lsn, PointMark};
use rsvault_domain::fault::{JobFault, codes};
use rsvault_domain::health::{HealthMetric, HealthStatus};
use rsvault_domain::id::SetId;
use rsvault_domain::ports::Clock;
use rsvault_domain::work::Slot;
use rsvault_engine::agents::{self, Outcome, SlotOffer, SlotVerdict};
use rsvault_engine::{backups, protection};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use support::{TestBox, caller, item_path};

/// Pseudo-random numbers (SplitMix64): a seed tells the whole history.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }
    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

/// `salesdb` under HourlyLogBackup (full daily at 10:00, logs on the hour, kept 30 days), and what was
/// seen of it so far.
struct History {
    t: TestBox,
    seen: BTreeMap<SetId, PointMark>,
    gone: BTreeSet<SetId>,
    failures: usize,
}

/// Less than events are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 80);
const KINDS: [BackupKind; 4] = [BackupKind::Full, BackupKind::Differential, BackupKind::Log, BackupKind::CopyOnlyFull];

impl History {
    async fn new() -> Self {
        let t = TestBox::new().await;
        t.clock.advance(SignedDuration::from_secs(1));
        t.protected().await;
        Self { t, seen: BTreeMap::new(), gone: BTreeSet::new(), failures: 0 }
    }
    fn now(&self) -> Timestamp {
        self.t.clock.now()
    }
    /// To the next hour, and `hours` more.
    async fn pass(&self, hours: u64) {
        let into = self.now().as_second().rem_euclid(3600);
        self.t.clock.advance(SignedDuration::from_secs(3600 - into + 3600 * i64::try_from(hours).unwrap()));
        self.t.settle().await;
    }
    async fn fail(&self, command: rsvault_domain::id::CommandId, generation: i64, code: &str) {
        let outcome = Outcome::Failed(JobFault::catalogue(code, ""));
        agents::finish(&self.t.engine, &self.t.agent, command, generation, &outcome).await.unwrap();
    }
    /// The slot of this hour, failing with `code` if there is one.
    async fn slot(&self, code: Option<&str>) {
        let Some(code) = code else {
            self.t.slot(BackupKind::Log, self.now()).await;
            return;
        };
        let offer = SlotOffer { item: self.t.item().await.id, slot: Slot { kind: BackupKind::Log, at: self.now() } };
        if let SlotVerdict::Run(leased) = agents::slot(&self.t.engine, &self.t.agent, offer).await.unwrap() {
            self.fail(leased.command.id, leased.command.generation, code).await;
        }
    }
    async fn on_demand(&self, kind: BackupKind, code: Option<&str>) {
        let request = backups::BackupRequest { kind, compress: None, expires_at: None };
        backups::trigger(&self.t.engine, &caller(), &item_path(), &request).await.unwrap();
        let Some(code) = code else { return };
        if let Some(leased) = agents::next_command(&self.t.engine, &self.t.agent, "test", Duration::ZERO).await.unwrap() {
            self.fail(leased.command.id, leased.command.generation, code).await;
        }
    }
    /// One thing that happens; at most one backup of the database, and what heals it.
    async fn step(&mut self, dice: &mut Dice) {
        match dice.below(10) {
            0..=3 => {
                self.pass(0).await;
                self.slot(None).await;
            }
            4 => {
                self.pass(dice.below(5)).await;
                self.slot(Some(dice.of(&["DataTransferInterrupted", codes::LSN]))).await;
            }
            5 => {
                // Another product takes a log.
                self.t.clock.advance(SignedDuration::from_mins(7));
                self.t.database.lock().unwrap().log_from = Some(Lsn(self.now().as_second() as u128));
                self.pass(0).await;
                self.slot(None).await;
            }
            6 | 7 => {
                self.t.clock.advance(SignedDuration::from_secs(61));
                self.on_demand(dice.of(&KINDS), None).await;
            }
            8 => {
                self.t.clock.advance(SignedDuration::from_secs(61));
                self.on_demand(dice.of(&KINDS), Some("DataTransferInterrupted")).await;
            }
            _ => self.pass(24 * dice.below(25)).await,
        }
        self.t.play().await;
        self.t.settle().await;
    }
    /// Compares what is shown with the points; `told` names the moment in a failure.
    async fn check(&mut self, told: &str) {
        let before = self.now();
        let view = protection::get(&self.t.engine, &item_path()).await.unwrap();
        let mut tx = self.t.plain_store.read().await.unwrap();
        let marks = tx.marks(view.item.id).await.unwrap();
        let times: Vec<Timestamp> = marks.iter().map(|m| m.link.time).collect();
        let shown = marks.iter().filter(|m| m.link.kind != BackupKind::Log).count();
        assert_eq!(view.points.count, i64::try_from(shown).unwrap(), "{told}: count");
        assert_eq!(view.points.oldest, times.iter().min().copied(), "{told}: oldest");
        assert_eq!(view.points.newest, times.iter().max().copied(), "{told}: newest");

        let here: BTreeSet<SetId> = marks.iter().map(|m| m.link.set_id).collect();
        for (set, mark) in self.seen.iter().filter(|(set, _)| !here.contains(set)) {
            if self.gone.insert(*set) {
                assert!(mark.expires_at.is_some_and(|at| at <= before), "{told}: gone before its time: {mark:?}");
            }
        }
        assert!(here.iter().all(|set| !self.gone.contains(set)), "{told}: one that was gone is back");
        let new: Vec<&PointMark> = marks.iter().filter(|m| !self.seen.contains_key(&m.link.set_id)).collect();
        let last = view.item.last_backup.clone();
        if let Some(newest) = new.iter().map(|m| m.link.time).max() {
            let last = last.as_ref().unwrap();
            assert_eq!((last.at, last.fault.as_ref()), (newest, None), "{told}: the last backup is the newest point");
            assert_eq!((newest, view.points.newest), (before, Some(newest)), "{told}");
        } else if let Some(last) = last.filter(|last| last.at == before) {
            assert!(last.fault.is_some(), "{told}: a backup that went well has a point");
            self.failures += 1;
        }
        // With its latest expiry: what is gone by the next look is judged by it.
        self.seen.extend(marks.iter().map(|m| (m.link.set_id, m.clone())));

        let (from, end) = (before - KEPT, before + SignedDuration::from_secs(1));
        let events = tx.health_events(view.item.vault_id, HealthMetric::Backup, from, end, 100_000).await.unwrap();
        let well = events.iter().filter(|e| e.status == HealthStatus::Healthy).count();
        let taken = self.seen.values().filter(|mark| mark.link.time >= from).count();
        assert_eq!(well, taken, "{told}: an event for each point there ever was");
        if let Some(last) = events.last() {
            assert_eq!(
                last.status != HealthStatus::Healthy,
                view.item.track.trouble.is_some(),
                "{told}: trouble is what the last event says"
            );
        }
        assert_eq!(view.item.last_backup.is_some_and(|l| l.fault.is_some()), view.item.track.trouble.is_some(), "{told}: so does the item");
    }
}

#[tokio::test]
async fn what_an_item_shows_of_its_backups_agrees_with_its_points_after_any_history() {
    let (mut points, mut gone, mut failures, mut kinds) = (0, 0, 0, BTreeSet::new());
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let mut history = History::new().await;
        for step in 0..40 {
            history.step(&mut dice).await;
            history.check(&format!("seed {seed}, step {step}")).await;
        }
        points += history.seen.len();
        gone += history.gone.len();
        failures += history.failures;
        kinds.extend(history.seen.values().map(|m| m.link.kind));
    }
    assert_eq!(kinds.len(), KINDS.len(), "histories without {kinds:?} show little");
    assert!(points > 100 && gone > 30 && failures > 20, "{points} points, {gone} gone, {failures} failures");
}
