//! A vault in a box for engine tests: SQLite in a temporary folder, objects in memory (optionally
//! failing at call N), a clock that only moves when told, and a scripted agent that plays the
//! agent's part through the use cases.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "test support")]

pub mod faults;

use bytes::Bytes;
use faults::{Faults, FaultyObjects};
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::access::Principal;
use rsvault_domain::backup::{BackupFacts, BackupKind, DatabaseFile, FileKind, Lsn, RecoveryModel, SetState, StreamSummary, WrappedKey};
use rsvault_domain::discovery::{AgentRecord, DataDirectory, DatabaseInventory, InstanceInventory, Inventory, Server, ServerState};
use rsvault_domain::fault::{Fault, FaultKind, JobFault, Result};
use rsvault_domain::id::*;
use rsvault_domain::ports::{Bell, Clock, ObjectStore, Store, Wake};
use rsvault_domain::tenancy::{ResourceGroup, Subscription};
use rsvault_domain::work::{CommandWork, Slot};
use rsvault_engine::agents::{self, CommitRequest, Outcome};
use rsvault_engine::protection::{Change, ItemPath};
use rsvault_engine::regions::Secondary;
use rsvault_engine::vaults::{VaultChange, VaultPath};
use rsvault_engine::{Caller, Engine, backups, discovery, protection, reconcile, tasks, vaults};
use std::sync::Arc;
use std::time::Duration;

pub struct ManualClock(tokio::sync::watch::Sender<Timestamp>);

impl ManualClock {
    pub fn advance(&self, by: SignedDuration) {
        self.0.send_modify(|now| *now += by);
    }
}
#[async_trait::async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }
    async fn until(&self, at: Timestamp) {
        let _ = self.0.subscribe().wait_for(|now| *now >= at).await;
    }
}

/// Rings for nobody: tests drive the loops by hand, so a wait returns at once.
pub struct NoWake;
#[async_trait::async_trait]
impl Wake for NoWake {
    fn ring(&self, _: Bell) {}
    async fn wait(&self, _: Bell, _: Duration) {
        tokio::task::yield_now().await;
    }
}

pub struct TestBox {
    pub engine: Arc<Engine>,
    pub clock: Arc<ManualClock>,
    pub faults: Arc<Faults>,
    pub plain_objects: Arc<dyn ObjectStore>,
    /// Objects of the second region.
    pub far_objects: Arc<dyn ObjectStore>,
    pub plain_store: Arc<dyn Store>,
    pub agent: AgentRecord,
    pub server: Server,
    pub database: std::sync::Mutex<Database>,
    _dir: tempfile::TempDir,
}

/// What the scripted agent's database knows of itself, as SQL Server would: LSNs are seconds.
#[derive(Clone, Debug)]
pub struct Database {
    pub fork: uuid::Uuid,
    pub model: RecoveryModel,
    /// Checkpoint of the last full.
    pub base: Lsn,
    /// Where the next log backup begins; None without a chain.
    pub log_from: Option<Lsn>,
    /// How far the server's clock is behind.
    pub clock_back: SignedDuration,
}

pub const SUB: SubscriptionId = SubscriptionId(uuid::Uuid::from_u128(1));

pub fn vault_path() -> VaultPath {
    VaultPath { subscription: SUB, resource_group: "rg1".into(), name: "v1".into() }
}
pub fn container_name() -> ContainerName {
    ContainerName::new("rg1", "sqlvm1")
}
pub fn item_path() -> ItemPath {
    ItemPath { vault: vault_path(), container: container_name(), item: ItemName::new("MSSQLSERVER", "salesdb") }
}
pub fn caller() -> Caller {
    let id = uuid::Uuid::new_v4();
    Caller {
        principal: Principal {
            id: PrincipalId(uuid::Uuid::nil()),
            client_id: "t".into(),
            tenant: TenantId(uuid::Uuid::nil()),
            name: "t".into(),
        },
        activity_id: id.to_string(),
        request_key: Some(id.to_string()),
        guard_requests: Vec::new(),
    }
}
pub fn enable(policy: &str) -> Change {
    Change::Enable { policy_id: format!("{}/backupPolicies/{policy}", vault_path().arm_id()) }
}

impl Default for Database {
    fn default() -> Self {
        Self { fork: uuid::Uuid::from_u128(7), model: RecoveryModel::Full, base: Lsn(0), log_from: None, clock_back: SignedDuration::ZERO }
    }
}

impl TestBox {
    pub async fn new() -> Self {
        Self::with(None).await
    }

    /// With a second region that lags so far behind.
    pub async fn in_regions(lag: SignedDuration) -> Self {
        Self::with(Some(lag)).await
    }

    async fn with(lag: Option<SignedDuration>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = rsvault_storage::SqlStore::open(&format!("sqlite:{}", dir.path().join("t.db").display())).await.unwrap();
        let faults = Arc::new(Faults::default());
        let plain_objects = rsvault_storage::testing::memory_objects();
        let clock = Arc::new(ManualClock(tokio::sync::watch::Sender::new("2026-11-25T10:00:00Z".parse().unwrap())));
        let keys = rsvault_storage::FileKeyRing::open(dir.path().join("keys")).unwrap();
        let objects = Arc::new(FaultyObjects { inner: plain_objects.clone(), faults: faults.clone() });
        let plain_store: Arc<dyn Store> = store;
        let far_objects = rsvault_storage::testing::memory_objects();
        let secondary = lag.map(|lag| {
            let objects = Arc::new(FaultyObjects { inner: far_objects.clone(), faults: faults.clone() });
            Secondary { objects, region: None, lag }
        });
        let engine = Engine::in_regions(
            Arc::new(faults::FaultyStore { inner: plain_store.clone(), faults: faults.clone() }),
            objects,
            secondary,
            keys,
            clock.clone(),
            Arc::new(NoWake),
        );
        let server = Server {
            id: ServerId(uuid::Uuid::new_v4()),
            subscription: SUB,
            resource_group: "rg1".into(),
            name: "sqlvm1".into(),
            location: "westeurope".into(),
            state: ServerState::Running,
            created_at: clock.now(),
        };
        let mut tx = engine.store.begin().await.unwrap();
        tx.put_subscription(&Subscription { id: SUB, tenant: TenantId(uuid::Uuid::nil()), name: "s".into() }).await.unwrap();
        tx.put_group(&ResourceGroup { subscription: SUB, name: "rg1".into(), location: "westeurope".into(), tags: Default::default() })
            .await
            .unwrap();
        let server = tx.put_server(&server).await.unwrap();
        tx.commit().await.unwrap();
        let (token, _) = agents::create_token(&engine, server.id, SignedDuration::from_hours(1)).await.unwrap();
        let enrolled = agents::enroll(&engine, &token, "test").await.unwrap();
        let agent = agents::authenticate(&engine, enrolled.agent_id, &enrolled.secret).await.unwrap();
        Self {
            engine,
            clock,
            faults,
            plain_objects,
            far_objects,
            plain_store,
            agent,
            server,
            database: Database::default().into(),
            _dir: dir,
        }
    }

    /// A vault with the server registered and `salesdb` protected.
    pub async fn protected(&self) {
        let e = &self.engine;
        vaults::put(e, &caller(), &vault_path(), VaultChange { location: Some("westeurope".into()), ..Default::default() }).await.unwrap();
        discovery::refresh(e, &caller(), &vault_path()).await.unwrap();
        discovery::register(e, &caller(), &vault_path(), &container_name(), None).await.unwrap();
        self.play().await;
        protection::put(e, &caller(), &item_path(), &enable("HourlyLogBackup")).await.unwrap();
        self.settle().await;
    }

    pub async fn full(&self) -> rsvault_domain::operation::Operation {
        let request = backups::BackupRequest { kind: BackupKind::Full, compress: None, expires_at: None };
        backups::trigger(&self.engine, &caller(), &item_path(), &request).await.unwrap()
    }

    /// The loops: tasks and reconcilers, until there is nothing to do.
    pub async fn settle(&self) {
        for _ in 0..4 {
            let _ = tasks::run_due(&self.engine, "test").await;
            let _ = reconcile::round(&self.engine).await;
        }
    }

    /// Plays the agent until no command is queued. Failing calls are tried again as the real agent
    /// does; a command that cannot be ended is left to its lease.
    pub async fn play(&self) {
        loop {
            let Ok(Some(leased)) = again(|| agents::next_command(&self.engine, &self.agent, "test", Duration::ZERO)).await else { return };
            let (id, generation) = (leased.command.id, leased.command.generation);
            let outcome = match &leased.command.work {
                CommandWork::Inquire { .. } => Some(Outcome::Inquired(inventory())),
                CommandWork::Backup { kind, .. } => match self.back_up_as(*kind, id, generation, 2).await {
                    Ok(()) => None,
                    Err(fault) => Some(Outcome::Failed(JobFault::catalogue(&fault.code, fault.message))),
                },
                CommandWork::Restore { plan, .. } => Some(self.restore(id, plan.steps[0].set_id).await),
            };
            if let Some(outcome) = outcome {
                let _ = again(|| agents::finish(&self.engine, &self.agent, id, generation, &outcome)).await;
            }
        }
    }

    pub async fn back_up(&self, id: CommandId, generation: i64, chunks: u32) -> Result<()> {
        self.back_up_as(BackupKind::Full, id, generation, chunks).await
    }

    pub async fn back_up_as(&self, kind: BackupKind, id: CommandId, generation: i64, chunks: u32) -> Result<()> {
        self.back_up_by(&self.agent, kind, id, generation, chunks).await
    }

    /// The same by another agent.
    pub async fn back_up_by(&self, agent: &AgentRecord, kind: BackupKind, id: CommandId, generation: i64, chunks: u32) -> Result<()> {
        let facts = self.facts_of(kind);
        let opened = again(|| agents::open_set(&self.engine, agent, id, generation)).await?;
        let size = opened.set.chunk_size as usize;
        let mut digests = Vec::new();
        let mut sealed = 0u64;
        for seq in 0..chunks {
            let len = if seq + 1 == chunks { 1000 } else { size };
            let bytes = Bytes::from(vec![seq as u8; len]);
            let digest = *blake3::hash(&bytes).as_bytes();
            again(|| agents::put_chunk(&self.engine, agent, opened.set.id, generation, 0, seq, digest, bytes.clone())).await?;
            digests.extend(digest);
            sealed += len as u64;
        }
        let request = CommitRequest {
            generation,
            facts: facts.clone(),
            key: WrappedKey { key_id: opened.recipient.key_id, version: opened.recipient.version, wrapped: "AA==".into() },
            streams: vec![StreamSummary {
                stream: 0,
                chunks,
                sealed_bytes: sealed,
                packed_bytes: sealed,
                source_bytes: sealed,
                digest: blake3::hash(&digests).to_hex().to_string(),
                compression: "none".into(),
            }],
        };
        again(|| agents::commit(&self.engine, agent, opened.set.id, &request)).await?;
        let mut database = self.database.lock().unwrap();
        match kind {
            BackupKind::Full => {
                database.base = facts.checkpoint_lsn;
                database.log_from.get_or_insert(facts.first_lsn);
            }
            BackupKind::Log => database.log_from = Some(facts.last_lsn),
            _ => {}
        }
        Ok(())
    }

    /// Facts of a backup of this kind taken now.
    pub fn facts_of(&self, kind: BackupKind) -> BackupFacts {
        let (database, facts) = (self.database.lock().unwrap().clone(), self.facts());
        let now = facts.last_lsn;
        BackupFacts {
            first_lsn: if kind == BackupKind::Log { database.log_from.unwrap_or(now) } else { now },
            checkpoint_lsn: now,
            database_backup_lsn: if kind == BackupKind::Full { Lsn(0) } else { database.base },
            recovery_fork: database.fork,
            recovery_model: database.model,
            started_at: facts.started_at - database.clock_back,
            consistent_at: facts.consistent_at - database.clock_back,
            ..facts
        }
    }

    /// Offers a slot as the agent does at its time, and runs what comes of it.
    pub async fn slot(&self, kind: BackupKind, at: Timestamp) -> agents::SlotVerdict {
        let item = self.item().await.id;
        let verdict = agents::slot(&self.engine, &self.agent, agents::SlotOffer { item, slot: Slot { kind, at } }).await.unwrap();
        if let agents::SlotVerdict::Run(leased) = &verdict {
            let CommandWork::Backup { kind, .. } = &leased.command.work else { panic!("no backup") };
            if let Err(fault) = self.back_up_as(*kind, leased.command.id, leased.command.generation, 1).await {
                let outcome = Outcome::Failed(JobFault::catalogue(&fault.code, fault.message));
                agents::finish(&self.engine, &self.agent, leased.command.id, leased.command.generation, &outcome).await.unwrap();
            }
        }
        verdict
    }

    /// The item as it is stored.
    pub async fn item(&self) -> rsvault_domain::protection::ProtectedItem {
        protection::get(&self.engine, &item_path()).await.unwrap().item
    }

    async fn restore(&self, id: CommandId, set: SetId) -> Outcome {
        let mut bytes = 0;
        for seq in 0..2 {
            match again(|| agents::read_chunk(&self.engine, &self.agent, id, set, 0, seq)).await {
                Ok(chunk) => bytes += chunk.len() as u64,
                Err(fault) => return Outcome::Failed(JobFault::catalogue(&fault.code, fault.message)),
            }
        }
        Outcome::Restored { bytes }
    }

    pub fn facts(&self) -> BackupFacts {
        let now = self.clock.now();
        BackupFacts {
            started_at: now,
            consistent_at: now,
            first_lsn: Lsn(1),
            last_lsn: Lsn(now.as_second() as u128),
            checkpoint_lsn: Lsn(1),
            database_backup_lsn: Lsn(0),
            recovery_fork: uuid::Uuid::from_u128(7),
            recovery_model: RecoveryModel::Full,
            bulk_logged: false,
            files: vec![DatabaseFile { kind: FileKind::Data, path: "/d/salesdb.mdf".into(), logical_name: "salesdb".into(), size: 1 }],
            source_bytes: 1,
            engine_version: "test".into(),
        }
    }

    /// Digest of every object of every committed set of the item is right, and nothing else is stored.
    pub async fn assert_store_is_exact(&self) {
        let mut tx = self.plain_store.read().await.unwrap();
        let mut wanted = std::collections::BTreeSet::new();
        let vault = tx.vault(SUB, &"rg1".into(), &"v1".into()).await.unwrap().unwrap();
        let items: Vec<ItemId> =
            tx.items(vault.id, &Default::default(), &Default::default()).await.unwrap().items.iter().map(|item| item.id).collect();
        for set in tx.sets_in(SetState::Committed, Timestamp::MAX, 10_000).await.unwrap() {
            assert!(items.contains(&set.item_id), "a committed set has its item");
            let manifest = tx.set(set.id).await.unwrap().unwrap().manifest.unwrap();
            wanted.insert(set.manifest_key());
            for stream in &manifest.streams {
                for (seq, chunk) in (0u32..).zip(&stream.chunk_list) {
                    let key = set.chunk_key(stream.summary.stream, seq);
                    let bytes = self.plain_objects.get(&key).await.unwrap();
                    assert_eq!(blake3::hash(&bytes).to_hex().as_str(), chunk.blake3, "{key}");
                    wanted.insert(key);
                }
            }
            assert!(tx.point_of_set(set.id).await.unwrap().is_some(), "a committed set has its point");
        }
        let stored: std::collections::BTreeSet<String> = self.plain_objects.list("", None, 10_000).await.unwrap().into_iter().collect();
        assert_eq!(stored, wanted, "stored objects are exactly those of committed sets");
    }
}

/// Tries a call again while it fails as the network or a store may: at most eight times.
pub async fn again<T, F: Future<Output = Result<T>>>(mut call: impl FnMut() -> F) -> Result<T> {
    let mut last = None;
    for _ in 0..8 {
        match call().await {
            Err(fault) if matches!(fault.kind, FaultKind::Internal | FaultKind::Unavailable) => last = Some(fault),
            other => return other,
        }
    }
    Err(last.unwrap_or_else(|| Fault::internal("no try")))
}

pub fn inventory() -> Inventory {
    Inventory {
        instances: vec![InstanceInventory {
            name: "MSSQLSERVER".into(),
            version: "16.0".into(),
            directories: vec![DataDirectory { kind: FileKind::Data, path: "/d/".into() }],
            databases: vec![
                DatabaseInventory { name: "master".into(), recovery_model: RecoveryModel::Simple, size: 1, read_only: false },
                DatabaseInventory { name: "salesdb".into(), recovery_model: RecoveryModel::Full, size: 1, read_only: false },
            ],
            fault: None,
        }],
        ..Inventory::default()
    }
}
