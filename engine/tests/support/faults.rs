//! Decorators that fail at call N, before or after the call's effect.

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use rsvault_domain::access::*;
use rsvault_domain::alert::*;
use rsvault_domain::backup::*;
use rsvault_domain::discovery::*;
use rsvault_domain::guard::*;
use rsvault_domain::health::*;
use rsvault_domain::id::*;
use rsvault_domain::intent::*;
use rsvault_domain::job::*;
use rsvault_domain::limits::Quota;
use rsvault_domain::operation::*;
use rsvault_domain::policy::*;
use rsvault_domain::ports::*;
use rsvault_domain::protection::*;
use rsvault_domain::tenancy::*;
use rsvault_domain::vault::*;
use rsvault_domain::work::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// When to fail: the call that brings the countdown to zero does.
#[derive(Default)]
pub struct Faults {
    before: AtomicI64,
    after: AtomicI64,
    /// Calls seen since armed.
    pub calls: AtomicI64,
}

impl Faults {
    /// Fails call `n` (from 1), before or after its effect.
    pub fn arm(&self, n: i64, after: bool) {
        self.calls.store(0, Ordering::SeqCst);
        self.before.store(if after { 0 } else { n }, Ordering::SeqCst);
        self.after.store(if after { n } else { 0 }, Ordering::SeqCst);
    }
    fn enter(&self) -> bool {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.before.fetch_sub(1, Ordering::SeqCst) == 1
    }
    fn leave(&self) -> bool {
        self.after.fetch_sub(1, Ordering::SeqCst) == 1
    }
}

/// An object store that fails on command.
pub struct FaultyObjects {
    pub inner: Arc<dyn ObjectStore>,
    pub faults: Arc<Faults>,
}

impl FaultyObjects {
    async fn around<T>(&self, call: impl Future<Output = Result<T, ObjectError>>) -> Result<T, ObjectError> {
        if self.faults.enter() {
            return Err(ObjectError::Unavailable("injected before".into()));
        }
        let result = call.await;
        if self.faults.leave() { Err(ObjectError::Unavailable("injected after".into())) } else { result }
    }
}

#[async_trait]
impl ObjectStore for FaultyObjects {
    async fn put_new(&self, key: &str, bytes: Bytes) -> Result<PutOutcome, ObjectError> {
        self.around(self.inner.put_new(key, bytes)).await
    }
    async fn get(&self, key: &str) -> Result<Bytes, ObjectError> {
        self.around(self.inner.get(key)).await
    }
    async fn get_range(&self, key: &str, range: std::ops::Range<u64>) -> Result<Bytes, ObjectError> {
        self.around(self.inner.get_range(key, range)).await
    }
    async fn size(&self, key: &str) -> Result<Option<u64>, ObjectError> {
        self.around(self.inner.size(key)).await
    }
    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, ObjectError> {
        self.around(self.inner.list(prefix, after, limit)).await
    }
    async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        self.around(self.inner.delete(key)).await
    }
}

/// A store that fails on command: a transaction that cannot begin, or a commit that fails before or
/// after it became durable.
pub struct FaultyStore {
    pub inner: Arc<dyn Store>,
    pub faults: Arc<Faults>,
}

#[async_trait]
impl Store for FaultyStore {
    async fn begin(&self) -> StoreResult<Box<dyn Tx>> {
        if self.faults.enter() {
            return Err(StoreError::Unavailable("injected at begin".into()));
        }
        Ok(Box::new(FaultyTx { inner: self.inner.begin().await?, faults: self.faults.clone() }))
    }
    async fn read(&self) -> StoreResult<Box<dyn Tx>> {
        if self.faults.enter() {
            return Err(StoreError::Unavailable("injected at read".into()));
        }
        self.inner.read().await
    }
    async fn rehearse(&self) -> StoreResult<Arc<dyn Store>> {
        self.inner.rehearse().await
    }
}

struct FaultyTx {
    inner: Box<dyn Tx>,
    faults: Arc<Faults>,
}

#[async_trait]
impl Tx for FaultyTx {
    async fn commit(self: Box<Self>) -> StoreResult<()> {
        if self.faults.enter() {
            return Err(StoreError::Unavailable("injected before commit".into()));
        }
        self.inner.commit().await?;
        if self.faults.leave() { Err(StoreError::Unavailable("injected after commit".into())) } else { Ok(()) }
    }
}

/// Every row method passes straight through.
macro_rules! pass {
    ($($rows:ident { $(fn $name:ident($($arg:ident: $ty:ty),*) -> $out:ty;)* })*) => {$(
        #[async_trait]
        impl $rows for FaultyTx {
            $(async fn $name(&mut self, $($arg: $ty),*) -> $out { self.inner.$name($($arg),*).await })*
        }
    )*};
}

pass! {
    TenancyRows {
        fn put_subscription(subscription: &Subscription) -> StoreResult<()>;
        fn subscriptions() -> StoreResult<Vec<Subscription>>;
        fn subscription(id: SubscriptionId) -> StoreResult<Option<Subscription>>;
        fn put_group(group: &ResourceGroup) -> StoreResult<(ResourceGroup, bool)>;
        fn group(subscription: SubscriptionId, name: &NameKey) -> StoreResult<Option<ResourceGroup>>;
        fn groups(subscription: SubscriptionId, page: &Page) -> StoreResult<Slice<ResourceGroup>>;
        fn delete_group(subscription: SubscriptionId, name: &NameKey) -> StoreResult<bool>;
    }
    AccessRows {
        fn put_principal(principal: &Principal, secret_hash: [u8; 32]) -> StoreResult<()>;
        fn principal_by_client(client_id: &str) -> StoreResult<Option<(Principal, [u8; 32])>>;
        fn principal_by_id(id: PrincipalId) -> StoreResult<Option<Principal>>;
        fn insert_assignment(assignment: &RoleAssignment) -> StoreResult<()>;
        fn assignments(principal: PrincipalId) -> StoreResult<Vec<RoleAssignment>>;
        fn assignment(id: AssignmentId) -> StoreResult<Option<RoleAssignment>>;
        fn assignments_at(scopes: &[NameKey], below: Option<&NameKey>, page: &Page) -> StoreResult<Slice<RoleAssignment>>;
        fn delete_assignment(id: AssignmentId) -> StoreResult<bool>;
        fn delete_assignments_of(scope: &NameKey) -> StoreResult<u64>;
    }
    VaultRows {
        fn insert_vault(vault: &Vault) -> StoreResult<()>;
        fn vault(subscription: SubscriptionId, group: &NameKey, name: &NameKey) -> StoreResult<Option<Vault>>;
        fn vault_by_id(id: VaultId) -> StoreResult<Option<Vault>>;
        fn update_vault(vault: &Vault) -> StoreResult<()>;
        fn vaults(subscription: SubscriptionId, group: Option<&NameKey>, page: &Page) -> StoreResult<Slice<Vault>>;
        fn deleted_vaults(subscription: SubscriptionId, location: Option<&RegionKey>, page: &Page) -> StoreResult<Slice<Vault>>;
        fn vaults_to_purge(now: Timestamp, limit: u32) -> StoreResult<Vec<Vault>>;
        fn remove_vault(id: VaultId) -> StoreResult<()>;
    }
    GuardRows {
        fn put_guard(guard: &ResourceGuard) -> StoreResult<()>;
        fn guard(subscription: SubscriptionId, group: &NameKey, name: &NameKey) -> StoreResult<Option<ResourceGuard>>;
        fn guard_by_id(id: GuardId) -> StoreResult<Option<ResourceGuard>>;
        fn guards(subscription: SubscriptionId, group: &NameKey) -> StoreResult<Vec<ResourceGuard>>;
        fn delete_guard(id: GuardId) -> StoreResult<bool>;
        fn guarded_vaults(guard: GuardId, limit: u32) -> StoreResult<Vec<Vault>>;
        fn put_unlock(unlock: &Unlock, now: Timestamp) -> StoreResult<()>;
        fn unlocked(vault: VaultId, principal: PrincipalId, critical: Critical, item: Option<ItemId>, now: Timestamp) -> StoreResult<bool>;
        fn forget_unlocks(vault: VaultId) -> StoreResult<()>;
    }
    ServerRows {
        fn put_server(server: &Server) -> StoreResult<Server>;
        fn server(subscription: SubscriptionId, group: &NameKey, name: &NameKey) -> StoreResult<Option<Server>>;
        fn server_by_id(id: ServerId) -> StoreResult<Option<Server>>;
        fn servers(subscription: SubscriptionId) -> StoreResult<Vec<Server>>;
        fn delete_server(id: ServerId) -> StoreResult<bool>;
        fn insert_agent(agent: &AgentRecord) -> StoreResult<()>;
        fn agent(id: AgentId) -> StoreResult<Option<AgentRecord>>;
        fn agent_of(server: ServerId) -> StoreResult<Option<AgentRecord>>;
        fn touch_agent(id: AgentId, version: &str, at: Timestamp) -> StoreResult<()>;
        fn ack_schedule(id: AgentId, revision: &str, at: Timestamp) -> StoreResult<()>;
        fn insert_token(hash: [u8; 32], server: ServerId, expires_at: Timestamp) -> StoreResult<()>;
        fn take_token(hash: [u8; 32], now: Timestamp) -> StoreResult<Option<ServerId>>;
        fn mark_discovered(vault: VaultId, servers: &[ServerId], at: Timestamp) -> StoreResult<()>;
        fn discovered(vault: VaultId) -> StoreResult<Vec<Server>>;
    }
    ContainerRows {
        fn insert_container(container: &Container) -> StoreResult<()>;
        fn container(vault: VaultId, name: &NameKey) -> StoreResult<Option<Container>>;
        fn container_by_id(id: ContainerId) -> StoreResult<Option<Container>>;
        fn container_of_server(server: ServerId) -> StoreResult<Option<Container>>;
        fn containers(vault: VaultId, page: &Page) -> StoreResult<Slice<Container>>;
        fn containers_in(vault: VaultId, registration: Registration, page: &Page) -> StoreResult<Slice<Container>>;
        fn update_container(container: &Container) -> StoreResult<()>;
        fn containers_to_discover(now: Timestamp, limit: u32) -> StoreResult<Vec<Container>>;
        fn delete_container(id: ContainerId) -> StoreResult<bool>;
    }
    PolicyRows {
        fn put_policy(policy: &Policy) -> StoreResult<()>;
        fn policy(vault: VaultId, name: &NameKey) -> StoreResult<Option<Policy>>;
        fn policy_by_id(id: PolicyId) -> StoreResult<Option<Policy>>;
        fn policies(vault: VaultId, page: &Page) -> StoreResult<Slice<Policy>>;
        fn policy_use(id: PolicyId) -> StoreResult<i64>;
        fn delete_policy(id: PolicyId) -> StoreResult<bool>;
    }
    ItemRows {
        fn insert_item(item: &ProtectedItem) -> StoreResult<()>;
        fn item(container: ContainerId, name: &NameKey) -> StoreResult<Option<ProtectedItem>>;
        fn item_by_id(id: ItemId) -> StoreResult<Option<ProtectedItem>>;
        fn items(vault: VaultId, filter: &ItemFilter, page: &Page) -> StoreResult<Slice<ProtectedItem>>;
        fn items_named(vault: VaultId, database: &NameKey, page: &Page) -> StoreResult<Slice<ProtectedItem>>;
        fn item_names(container: ContainerId, from: &NameKey, to: &NameKey) -> StoreResult<Vec<(NameKey, bool)>>;
        fn items_to_purge(now: Timestamp, limit: u32) -> StoreResult<Vec<ProtectedItem>>;
        fn items_to_reap(now: Timestamp, limit: u32) -> StoreResult<Vec<ProtectedItem>>;
        fn items_to_watch(now: Timestamp, limit: u32) -> StoreResult<Vec<ProtectedItem>>;
        fn update_item(item: &ProtectedItem) -> StoreResult<()>;
        fn delete_item(id: ItemId, at: Timestamp) -> StoreResult<bool>;
    }
    SetRows {
        fn open_set(set: &BackupSet) -> StoreResult<BackupSet>;
        fn set(id: SetId) -> StoreResult<Option<BackupSet>>;
        fn set_head(id: SetId) -> StoreResult<Option<BackupSet>>;
        fn set_of_command(command: CommandId) -> StoreResult<Option<BackupSet>>;
        fn reopen_set(set: &BackupSet) -> StoreResult<()>;
        fn put_chunk(set: SetId, generation: i64, chunk: &ChunkRow) -> StoreResult<ChunkRow>;
        fn chunk(set: SetId, generation: i64, stream: u32, seq: u32) -> StoreResult<Option<ChunkRow>>;
        fn ledger(set: SetId, generation: i64) -> StoreResult<Vec<ChunkRow>>;
        fn commit_set(id: SetId, generation: i64, manifest: &Manifest, at: Timestamp) -> StoreResult<bool>;
        fn move_set(id: SetId, from: &[SetState], to: SetState, at: Timestamp) -> StoreResult<bool>;
        fn sets_in(state: SetState, before: Timestamp, limit: u32) -> StoreResult<Vec<BackupSet>>;
        fn remove_set(id: SetId) -> StoreResult<()>;
    }
    PointRows {
        fn insert_point(point: &RecoveryPoint) -> StoreResult<()>;
        fn point(item: ItemId, name: &RecoveryPointName) -> StoreResult<Option<RecoveryPoint>>;
        fn point_of_set(set: SetId) -> StoreResult<Option<RecoveryPoint>>;
        fn points(item: ItemId, filter: &PointFilter, page: &Page) -> StoreResult<Slice<RecoveryPoint>>;
        fn marks(item: ItemId) -> StoreResult<Vec<PointMark>>;
        fn latest_point(item: ItemId, kind: BackupKind) -> StoreResult<Option<RecoveryPoint>>;
        fn mark_points(marks: &[PointMark]) -> StoreResult<()>;
        fn delete_points(item: ItemId, sets: &[SetId], at: Timestamp) -> StoreResult<()>;
        fn point_summary(item: ItemId) -> StoreResult<PointSummary>;
    }
    JobRows {
        fn insert_job(job: &Job) -> StoreResult<()>;
        fn job(vault: VaultId, id: JobId) -> StoreResult<Option<Job>>;
        fn jobs(vault: VaultId, filter: &JobFilter, page: &Page) -> StoreResult<Slice<Job>>;
        fn running_jobs(item: ItemId) -> StoreResult<Vec<Job>>;
        fn update_job(job: &Job) -> StoreResult<()>;
    }
    OperationRows {
        fn insert_operation(operation: &Operation) -> StoreResult<()>;
        fn operation(id: OperationId) -> StoreResult<Option<Operation>>;
        fn operation_by_request(request_key: &str) -> StoreResult<Option<Operation>>;
        fn update_operation(operation: &Operation) -> StoreResult<()>;
    }
    TaskRows {
        fn enqueue(id: TaskId, kind: &TaskKind, run_at: Timestamp) -> StoreResult<()>;
        fn claim_tasks(owner: &str, now: Timestamp, lease_until: Timestamp, limit: u32) -> StoreResult<Vec<Task>>;
        fn finish_task(id: TaskId, owner: &str, attempt: i64) -> StoreResult<bool>;
        fn release_task(id: TaskId, owner: &str, attempt: i64, run_at: Timestamp, error: &str) -> StoreResult<bool>;
        fn next_task_at() -> StoreResult<Option<Timestamp>>;
    }
    CommandRows {
        fn insert_command(command: &AgentCommand) -> StoreResult<()>;
        fn command(id: CommandId) -> StoreResult<Option<AgentCommand>>;
        fn claim_command(server: ServerId, lease_until: Timestamp) -> StoreResult<Option<AgentCommand>>;
        fn renew_command(id: CommandId, generation: i64, lease_until: Timestamp) -> StoreResult<bool>;
        fn update_command(command: &AgentCommand) -> StoreResult<()>;
        fn overdue_commands(now: Timestamp, limit: u32) -> StoreResult<Vec<AgentCommand>>;
        fn open_commands(server: ServerId) -> StoreResult<Vec<AgentCommand>>;
        fn command_of_job(job: JobId) -> StoreResult<Option<AgentCommand>>;
    }
    AlertRows {
        fn insert_alert(alert: &Alert) -> StoreResult<()>;
        fn alert(vault: VaultId, id: uuid::Uuid) -> StoreResult<Option<Alert>>;
        fn alerts(vault: VaultId, active: bool, page: &Page) -> StoreResult<Slice<Alert>>;
        fn active_alert(vault: VaultId, about: About<'_>, kind: AlertKind) -> StoreResult<Option<Alert>>;
        fn update_alert(alert: &Alert) -> StoreResult<()>;
    }
    HealthRows {
        fn insert_health_event(event: &HealthEvent) -> StoreResult<()>;
        fn health_events(vault: VaultId, metric: HealthMetric, from: Timestamp, to: Timestamp, limit: u32) -> StoreResult<Vec<HealthEvent>>;
    }
    TimerRows {
        fn timers() -> StoreResult<Vec<(Timer, Timestamp)>>;
        fn clock_mark() -> StoreResult<Option<Timestamp>>;
        fn set_clock_mark(at: Timestamp) -> StoreResult<()>;
    }
    PruneRows {
        fn prune(what: Ended, before: Timestamp, limit: u32) -> StoreResult<u64>;
    }
    IntentRows {
        fn put_intent(intent: &Intent) -> StoreResult<()>;
        fn intent(vault: VaultId, name: &NameKey) -> StoreResult<Option<Intent>>;
        fn intent_by_id(id: IntentId) -> StoreResult<Option<Intent>>;
        fn intents(vault: VaultId, page: &Page) -> StoreResult<Slice<Intent>>;
        fn intents_of_container(container: ContainerId) -> StoreResult<Vec<Intent>>;
        fn intents_of_policy(policy: PolicyId) -> StoreResult<i64>;
        fn delete_intent(id: IntentId) -> StoreResult<bool>;
        fn put_intent_database(database: &IntentDatabase) -> StoreResult<()>;
        fn intent_database(intent: IntentId, name: &NameKey) -> StoreResult<Option<IntentDatabase>>;
        fn intent_databases(intent: IntentId) -> StoreResult<Vec<IntentDatabase>>;
        fn delete_intent_database(intent: IntentId, name: &NameKey) -> StoreResult<()>;
    }
    FeatureRows {
        fn mark_registered(vault: VaultId) -> StoreResult<()>;
        fn ever_registered(vault: VaultId) -> StoreResult<bool>;
        fn put_extended_info(vault: VaultId, info: &rsvault_domain::vault::extended::ExtendedInfo) -> StoreResult<()>;
        fn extended_info(vault: VaultId) -> StoreResult<Option<rsvault_domain::vault::extended::ExtendedInfo>>;
        fn put_certificate(certificate: &rsvault_domain::vault::certificate::VaultCertificate) -> StoreResult<()>;
        fn certificate(vault: VaultId, name: &NameKey) -> StoreResult<Option<rsvault_domain::vault::certificate::VaultCertificate>>;
        fn delete_certificate(vault: VaultId, name: &NameKey) -> StoreResult<bool>;
        fn certificate_count(vault: VaultId) -> StoreResult<i64>;
        fn put_security_pin(vault: VaultId, pin: &rsvault_domain::vault::pin::SecurityPin) -> StoreResult<()>;
        fn security_pin(vault: VaultId) -> StoreResult<Option<rsvault_domain::vault::pin::SecurityPin>>;
        fn put_outcome(operation: OperationId, outcome: &rsvault_domain::outcome::Outcome) -> StoreResult<()>;
        fn outcome(operation: OperationId) -> StoreResult<Option<rsvault_domain::outcome::Outcome>>;
        fn vault_counts(vault: VaultId, since: Timestamp) -> StoreResult<rsvault_domain::vault::usage::VaultCounts>;
    }
    GaugeRows {
        fn gauges(now: Timestamp) -> StoreResult<Gauges>;
    }
    TierRows {
        fn tiered_points(item: ItemId) -> StoreResult<Vec<TieredPoint>>;
        fn set_tier(set: SetId, tier: &rsvault_domain::archive::Tier) -> StoreResult<bool>;
        fn marks_from(item: ItemId, full: Timestamp) -> StoreResult<Vec<PointMark>>;
    }
    ExportRows {
        fn insert_export(export: &JobExport) -> StoreResult<()>;
        fn export(operation: OperationId) -> StoreResult<Option<JobExport>>;
        fn backups_asked_for(item: ItemId, kind: BackupKind, since: Timestamp) -> StoreResult<i64>;
    }
    ReplicaRows {
        fn put_replica(replica: &Replica) -> StoreResult<bool>;
        fn replica(set: SetId) -> StoreResult<Option<Replica>>;
        fn update_replica(replica: &Replica) -> StoreResult<()>;
        fn remove_replica(set: SetId) -> StoreResult<()>;
        fn unsettled_replicas(after: Option<SetId>, limit: u32) -> StoreResult<Vec<Replica>>;
        fn unreplicated(item: ItemId, limit: u32) -> StoreResult<Vec<SetId>>;
        fn ledger_from(set: SetId, generation: i64, next: (u32, u32), limit: u32) -> StoreResult<Vec<ChunkRow>>;
        fn visible_items(vault: VaultId, now: Timestamp, page: &Page) -> StoreResult<Slice<ProtectedItem>>;
        fn visible_points(item: ItemId, filter: &PointFilter, now: Timestamp, page: &Page) -> StoreResult<Slice<RecoveryPoint>>;
        fn visible_marks(item: ItemId, now: Timestamp) -> StoreResult<Vec<PointMark>>;
        fn visible_summary(item: ItemId, now: Timestamp) -> StoreResult<PointSummary>;
    }
    QuotaRows {
        fn held(vault: VaultId) -> StoreResult<Held>;
        fn vaults_in(subscription: SubscriptionId, location: &str) -> StoreResult<i64>;
        fn quota(vault: VaultId, what: &str) -> StoreResult<Option<Quota>>;
        fn put_quota(vault: VaultId, what: &str, quota: Quota) -> StoreResult<()>;
    }
}
