//! A protected database whose backups are written straight to the store, as a commit leaves them: weeks
//! of them in milliseconds.

use super::support::*;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::alert::AlertKind;
use rsvault_domain::archive::Tier;
use rsvault_domain::backup::chain::Chain;
use rsvault_domain::backup::*;
use rsvault_domain::id::{CommandId, SetId};
use rsvault_domain::operation::{Operation, OperationStatus};
use rsvault_domain::policy::*;
use rsvault_domain::ports::{Clock, ItemFilter, Page, Tx};
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::vault::Immutability;
use rsvault_engine::protection::Change;
use rsvault_engine::vaults::VaultChange;
use rsvault_engine::{operations, policies, protection, reconcile, vaults};
use std::collections::BTreeMap;
use uuid::Uuid;

pub const POLICY: &str = "mine";

pub struct World {
    pub t: TestBox,
    last_log: Option<Lsn>,
    full: Option<Lsn>,
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
pub fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}
pub fn days(n: i64) -> SignedDuration {
    hours(24 * n)
}
pub fn count(count: i64, unit: DurationUnit) -> Option<RetentionDuration> {
    Some(RetentionDuration { count, unit })
}

fn sub(policy_type: SubPolicyType, schedule: Schedule, retention: Retention) -> SubPolicy {
    SubPolicy { policy_type, schedule: Some(schedule), retention: Some(retention), tiering: None, snapshot_details: None }
}
fn simple(frequency: RunFrequency, run_days: Vec<DayOfWeek>, hour: i64) -> Schedule {
    Schedule::Simple(SimpleSchedule {
        frequency: Some(frequency),
        run_days,
        run_times: vec![at("2026-01-01T00:00:00Z") + hours(hour)],
        weekly_frequency: Some(0),
        hourly: None,
    })
}
fn sql(sub_policies: Vec<SubPolicy>) -> SqlPolicy {
    SqlPolicy { time_zone: "UTC".into(), sql_compression: false, compression: false, workload_policy_type: None, sub_policies }
}
fn logs(kept: i64) -> SubPolicy {
    let retention = Retention::Simple { duration: count(kept, DurationUnit::Days) };
    sub(SubPolicyType::Log, Schedule::Log { interval_minutes: 120 }, retention)
}

/// Daily fulls at midnight kept `fulls` days, logs every two hours kept `kept` days.
pub fn daily(fulls: i64, kept: i64) -> SqlPolicy {
    daily_at(0, fulls, kept)
}
pub fn daily_at(hour: i64, fulls: i64, kept: i64) -> SqlPolicy {
    let schedule = simple(RunFrequency::Daily, vec![], hour);
    let Schedule::Simple(SimpleSchedule { run_times, .. }) = &schedule else { unreachable!() };
    let daily = DailyRetention { times: run_times.clone(), duration: count(fulls, DurationUnit::Days) };
    let retention = Retention::LongTerm(LongTermRetention { daily: Some(daily), ..Default::default() });
    sql(vec![sub(SubPolicyType::Full, schedule, retention), logs(kept)])
}

/// Fulls on Tuesdays kept four weeks, differentials on the other days kept 28 days, logs every two
/// hours kept 30 days.
pub fn weekly() -> SqlPolicy {
    let tuesday = vec![DayOfWeek::Tuesday];
    let others = DayOfWeek::ALL.iter().copied().filter(|d| *d != DayOfWeek::Tuesday).collect();
    let full = simple(RunFrequency::Weekly, tuesday.clone(), 0);
    let Schedule::Simple(SimpleSchedule { run_times, .. }) = &full else { unreachable!() };
    let weekly = WeeklyRetention { days: tuesday, times: run_times.clone(), duration: count(4, DurationUnit::Weeks) };
    let long = Retention::LongTerm(LongTermRetention { weekly: Some(weekly), ..Default::default() });
    let differential = Retention::Simple { duration: count(28, DurationUnit::Days) };
    sql(vec![
        sub(SubPolicyType::Full, full, long),
        sub(SubPolicyType::Differential, simple(RunFrequency::Weekly, others, 0), differential),
        logs(30),
    ])
}

impl World {
    /// From the midnight `start` on, `salesdb` is protected by policy `mine`.
    pub async fn new(start: &str, policy: SqlPolicy) -> Self {
        let t = TestBox::new().await;
        t.clock.advance(at(start).duration_since(t.clock.now()));
        t.protected().await;
        let world = Self { t, last_log: None, full: None };
        world.policy(policy).await;
        world.change(enable(POLICY)).await;
        world
    }
    pub fn now(&self) -> Timestamp {
        self.t.clock.now()
    }
    /// Writes policy `mine` and applies it.
    pub async fn policy(&self, spec: SqlPolicy) -> Option<Operation> {
        let saved = policies::put(&self.t.engine, &caller(), &vault_path(), POLICY, spec, false).await.unwrap();
        self.t.settle().await;
        saved.operation
    }
    pub async fn change(&self, change: Change) {
        let operation = protection::put(&self.t.engine, &caller(), &item_path(), &change).await.unwrap();
        self.t.settle().await;
        assert_eq!(self.status(&operation).await, OperationStatus::Succeeded, "{change:?}");
    }
    pub async fn status(&self, operation: &Operation) -> OperationStatus {
        operations::read(&self.t.engine, &vault_path(), operation.id).await.unwrap().status
    }
    pub async fn immutability(&self, state: Immutability) {
        let change = VaultChange { immutability: Some(state), ..Default::default() };
        vaults::patch(&self.t.engine, &caller(), &vault_path(), change).await.unwrap();
    }
    pub async fn item(&self) -> ProtectedItem {
        let mut tx = self.t.plain_store.read().await.unwrap();
        self.items(tx.as_mut()).await.remove(0)
    }
    async fn items(&self, tx: &mut dyn Tx) -> Vec<ProtectedItem> {
        let vault = tx.vault(SUB, &"rg1".into(), &"v1".into()).await.unwrap().unwrap();
        tx.items(vault.id, &ItemFilter::default(), &Page::default()).await.unwrap().items
    }
    pub async fn marks(&self) -> Vec<PointMark> {
        let item = self.item().await.id;
        self.t.plain_store.read().await.unwrap().marks(item).await.unwrap()
    }
    pub async fn kinds(&self) -> BTreeMap<BackupKind, usize> {
        let mut kinds = BTreeMap::new();
        for mark in self.marks().await {
            *kinds.entry(mark.link.kind).or_default() += 1;
        }
        kinds
    }
    pub async fn chain(&self) -> Chain {
        Chain::new(self.marks().await.into_iter().map(|mark| mark.link))
    }
    /// Alerts that stand, oldest first.
    pub async fn alerts(&self) -> Vec<AlertKind> {
        let mut tx = self.t.plain_store.read().await.unwrap();
        let vault = tx.vault(SUB, &"rg1".into(), &"v1".into()).await.unwrap().unwrap();
        tx.alerts(vault.id, true, &Page::default()).await.unwrap().items.iter().rev().map(|alert| alert.kind).collect()
    }
    pub async fn reap(&self) {
        reconcile::retention(&self.t.engine).await.unwrap();
    }
    /// Time passes; retention looks whenever an item names a time.
    pub async fn pass(&self, by: SignedDuration) {
        let target = self.now() + by;
        while let Some(next) = self.item().await.reap_at.filter(|next| *next <= target) {
            self.t.clock.advance(next.duration_since(self.now()).max(SignedDuration::ZERO));
            self.reap().await;
        }
        self.t.clock.advance(target.duration_since(self.now()));
        self.reap().await;
    }
    /// The collector has been everywhere.
    pub async fn collected(&self) {
        self.t.clock.advance(SignedDuration::from_mins(5));
        for _ in 0..200 {
            self.t.settle().await;
            let mut tx = self.t.plain_store.read().await.unwrap();
            let far = Timestamp::MAX;
            if tx.sets_in(SetState::Aborted, far, 1).await.unwrap().is_empty() && tx.next_task_at().await.unwrap().is_none() {
                break;
            }
        }
        self.t.assert_store_is_exact().await;
    }

    /// Two hours pass, a log is taken; at midnight, before it goes on, what `midnight` names.
    pub async fn run(&mut self, from_now: SignedDuration, midnight: impl Fn(jiff::civil::Date) -> Option<BackupKind>) {
        let end = self.now() + from_now;
        while self.now() < end {
            self.t.clock.advance(hours(2));
            self.step(&midnight).await;
            self.reap().await;
        }
    }
    pub async fn step(&mut self, midnight: &impl Fn(jiff::civil::Date) -> Option<BackupKind>) {
        let wall = self.now().to_zoned(jiff::tz::TimeZone::UTC);
        if self.full.is_some() {
            self.commit(BackupKind::Log).await;
        }
        if wall.hour() == 0
            && let Some(kind) = midnight(wall.date())
        {
            self.commit(kind).await;
        }
    }
    /// What a committed backup of this moment leaves.
    pub async fn commit(&mut self, kind: BackupKind) -> SetId {
        let now = self.now();
        let lsn = Lsn(now.as_second() as u128 * 1000);
        let first = match kind {
            BackupKind::Log => self.last_log.or(self.full).unwrap(),
            _ => lsn,
        };
        let mut tx = self.t.plain_store.begin().await.unwrap();
        let mut item = self.items(tx.as_mut()).await.remove(0);
        let policy = tx.policy_by_id(item.policy_id.unwrap()).await.unwrap().unwrap();
        let facts = BackupFacts {
            first_lsn: first,
            last_lsn: lsn,
            checkpoint_lsn: lsn,
            database_backup_lsn: if kind == BackupKind::Differential { self.full.unwrap() } else { Lsn(0) },
            ..self.t.facts()
        };
        let bytes = Bytes::from(format!("{kind:?} {now}"));
        let digest = *blake3::hash(&bytes).as_bytes();
        let set = self.opened(&item, kind);
        let summary = StreamSummary {
            stream: 0,
            chunks: 1,
            sealed_bytes: bytes.len() as u64,
            packed_bytes: 1,
            source_bytes: 1,
            digest: blake3::hash(&digest).to_hex().to_string(),
            compression: "none".into(),
        };
        let chunk = ManifestChunk { size: bytes.len() as u32, blake3: blake3::hash(&bytes).to_hex().to_string() };
        let manifest = Manifest {
            format: 1,
            set_id: set.id,
            generation: 1,
            vault_id: item.vault_id,
            item_id: item.id,
            source_resource_id: String::new(),
            instance: "MSSQLSERVER".into(),
            database: "salesdb".into(),
            kind,
            facts: facts.clone(),
            chunk_size: set.chunk_size,
            key: WrappedKey { key_id: "k".into(), version: 1, wrapped: "AA==".into() },
            streams: vec![ManifestStream { summary, chunk_list: vec![chunk] }],
        };
        self.t.plain_objects.put_new(&set.chunk_key(0, 0), bytes.clone()).await.unwrap();
        self.t.plain_objects.put_new(&set.manifest_key(), Bytes::from_static(b"{}")).await.unwrap();
        tx.open_set(&set).await.unwrap();
        tx.put_chunk(set.id, 1, &ChunkRow { stream: 0, seq: 0, size: bytes.len() as u32, digest }).await.unwrap();
        assert!(tx.commit_set(set.id, 1, &manifest, now).await.unwrap());
        let expires_at = Some(own_expiry(policy.spec.for_sql("mine").unwrap(), kind, now, policy.updated_at));
        let point = RecoveryPoint {
            item_id: item.id,
            name: RecoveryPointName::of(set.id, 0),
            set_id: set.id,
            kind,
            time: now,
            expires_at,
            soft_deleted: None,
            on_demand: false,
            tier: Tier::Standard,
            facts,
            sealed_bytes: bytes.len() as u64,
        };
        tx.insert_point(&point).await.unwrap();
        if kind == BackupKind::Full {
            item.state = rsvault_domain::protection::ItemState::Protected;
        }
        item.reap_at = item.reap_at.into_iter().chain(expires_at).min();
        tx.update_item(&item).await.unwrap();
        tx.commit().await.unwrap();
        match kind {
            BackupKind::Full => self.full = Some(lsn),
            BackupKind::Log => self.last_log = Some(lsn),
            _ => {}
        }
        set.id
    }
    fn opened(&self, item: &ProtectedItem, kind: BackupKind) -> BackupSet {
        let id = SetId(Uuid::new_v4());
        BackupSet {
            id,
            vault_id: item.vault_id,
            item_id: item.id,
            command_id: CommandId(Uuid::new_v4()),
            kind,
            state: SetState::Open,
            generation: 1,
            dedupe_key: DedupeKey(id.to_string()),
            chunk_size: CHUNK_SIZE,
            key_id: "k".into(),
            key_version: 1,
            opened_at: self.now(),
            closed_at: None,
            manifest: None,
        }
    }
}
