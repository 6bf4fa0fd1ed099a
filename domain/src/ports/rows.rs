//! What stands on an open transaction: one trait an aggregate. Rules for implementers: see [`super`].

use super::store::{ItemFilter, JobFilter, Page, PointFilter, PointSummary, Slice, StoreResult};
use crate::access::{Principal, RoleAssignment};
use crate::backup::{BackupKind, BackupSet, ChunkRow, Manifest, PointMark, RecoveryPoint, RecoveryPointName, SetState};
use crate::discovery::{AgentRecord, Container, Registration, Server};
use crate::id::{
    AgentId, AssignmentId, CommandId, ContainerId, ItemId, JobId, NameKey, OperationId, PolicyId, PrincipalId, ServerId, SetId,
    SubscriptionId, TaskId, VaultId,
};
use crate::job::Job;
use crate::operation::Operation;
use crate::policy::Policy;
use crate::protection::ProtectedItem;
use crate::tenancy::{RegionKey, ResourceGroup, Subscription};
use crate::vault::Vault;
use crate::work::{AgentCommand, Task, TaskKind};
use async_trait::async_trait;
use jiff::Timestamp;

/// Subscriptions and resource groups.
#[async_trait]
pub trait TenancyRows: Send {
    /// Inserts or replaces.
    async fn put_subscription(&mut self, subscription: &Subscription) -> StoreResult<()>;
    /// All, by id.
    async fn subscriptions(&mut self) -> StoreResult<Vec<Subscription>>;
    /// One.
    async fn subscription(&mut self, id: SubscriptionId) -> StoreResult<Option<Subscription>>;
    /// Inserts, or replaces location and tags of the group of this name; the first casing stays.
    /// Returns the stored group and whether it is new.
    async fn put_group(&mut self, group: &ResourceGroup) -> StoreResult<(ResourceGroup, bool)>;
    /// One.
    async fn group(&mut self, subscription: SubscriptionId, name: &NameKey) -> StoreResult<Option<ResourceGroup>>;
    /// By name.
    async fn groups(&mut self, subscription: SubscriptionId, page: &Page) -> StoreResult<Slice<ResourceGroup>>;
    /// Deletes; false if there was none.
    async fn delete_group(&mut self, subscription: SubscriptionId, name: &NameKey) -> StoreResult<bool>;
}

/// Principals and role assignments.
#[async_trait]
pub trait AccessRows: Send {
    /// Inserts or replaces a principal and the SHA-256 of its secret.
    async fn put_principal(&mut self, principal: &Principal, secret_hash: [u8; 32]) -> StoreResult<()>;
    /// By client id (exact), with the hash of its secret.
    async fn principal_by_client(&mut self, client_id: &str) -> StoreResult<Option<(Principal, [u8; 32])>>;
    /// By object id.
    async fn principal_by_id(&mut self, id: PrincipalId) -> StoreResult<Option<Principal>>;
    /// Inserts; `Exists` if the principal has the role at the scope, or the name is taken.
    async fn insert_assignment(&mut self, assignment: &RoleAssignment) -> StoreResult<()>;
    /// Of one principal.
    async fn assignments(&mut self, principal: PrincipalId) -> StoreResult<Vec<RoleAssignment>>;
    /// By name.
    async fn assignment(&mut self, id: AssignmentId) -> StoreResult<Option<RoleAssignment>>;
    /// At exactly these scopes and, if `below` is one, under it; by scope.
    async fn assignments_at(&mut self, scopes: &[NameKey], below: Option<&NameKey>, page: &Page) -> StoreResult<Slice<RoleAssignment>>;
    /// Deletes; false if there was none.
    async fn delete_assignment(&mut self, id: AssignmentId) -> StoreResult<bool>;
    /// Deletes those at a scope and below it; how many.
    async fn delete_assignments_of(&mut self, scope: &NameKey) -> StoreResult<u64>;
}

/// Vaults.
#[async_trait]
pub trait VaultRows: Send {
    /// Inserts; `Exists` if a live vault has the name.
    async fn insert_vault(&mut self, vault: &Vault) -> StoreResult<()>;
    /// The live vault of this name.
    async fn vault(&mut self, subscription: SubscriptionId, group: &NameKey, name: &NameKey) -> StoreResult<Option<Vault>>;
    /// By id, live or deleted.
    async fn vault_by_id(&mut self, id: VaultId) -> StoreResult<Option<Vault>>;
    /// Writes the whole record.
    async fn update_vault(&mut self, vault: &Vault) -> StoreResult<()>;
    /// Live vaults of a subscription or group, by name.
    async fn vaults(&mut self, subscription: SubscriptionId, group: Option<&NameKey>, page: &Page) -> StoreResult<Slice<Vault>>;
    /// Deleted vaults of a subscription, by region and then by the time of their deletion.
    async fn deleted_vaults(
        &mut self,
        subscription: SubscriptionId,
        location: Option<&RegionKey>,
        page: &Page,
    ) -> StoreResult<Slice<Vault>>;
    /// Deleted vaults whose time to be purged has come by `now`, oldest first, at most `limit`; they may still hold something.
    async fn vaults_to_purge(&mut self, now: Timestamp, limit: u32) -> StoreResult<Vec<Vault>>;
    /// Removes the row and what hangs on it (policies, discovered marks). Items, containers must be gone.
    async fn remove_vault(&mut self, id: VaultId) -> StoreResult<()>;
}

/// Servers, their agents, enrolment tokens, and which vault has seen which server.
#[async_trait]
pub trait ServerRows: Send {
    /// Inserts or replaces by (subscription, group, name).
    async fn put_server(&mut self, server: &Server) -> StoreResult<Server>;
    /// By ARM identity.
    async fn server(&mut self, subscription: SubscriptionId, group: &NameKey, name: &NameKey) -> StoreResult<Option<Server>>;
    /// By id.
    async fn server_by_id(&mut self, id: ServerId) -> StoreResult<Option<Server>>;
    /// All of a subscription, by name.
    async fn servers(&mut self, subscription: SubscriptionId) -> StoreResult<Vec<Server>>;
    /// Deletes the server, its agents and tokens; false if there was none.
    async fn delete_server(&mut self, id: ServerId) -> StoreResult<bool>;
    /// Inserts an agent.
    async fn insert_agent(&mut self, agent: &AgentRecord) -> StoreResult<()>;
    /// One.
    async fn agent(&mut self, id: AgentId) -> StoreResult<Option<AgentRecord>>;
    /// Newest enrolment of a server.
    async fn agent_of(&mut self, server: ServerId) -> StoreResult<Option<AgentRecord>>;
    /// Notes that it was heard of.
    async fn touch_agent(&mut self, id: AgentId, version: &str, at: Timestamp) -> StoreResult<()>;
    /// Notes the revision of the schedule that an agent has on its disk.
    async fn ack_schedule(&mut self, id: AgentId, revision: &str, at: Timestamp) -> StoreResult<()>;
    /// Stores the SHA-256 of a one-time token.
    async fn insert_token(&mut self, hash: [u8; 32], server: ServerId, expires_at: Timestamp) -> StoreResult<()>;
    /// Uses a token up: its server if it was there and not expired.
    async fn take_token(&mut self, hash: [u8; 32], now: Timestamp) -> StoreResult<Option<ServerId>>;
    /// Marks servers as seen by a vault's refresh.
    async fn mark_discovered(&mut self, vault: VaultId, servers: &[ServerId], at: Timestamp) -> StoreResult<()>;
    /// Servers seen by this vault's refresh that are registered to no vault, by name.
    async fn discovered(&mut self, vault: VaultId) -> StoreResult<Vec<Server>>;
}

/// Protection containers.
#[async_trait]
pub trait ContainerRows: Send {
    /// Inserts; `Exists` if the vault has one of this name.
    async fn insert_container(&mut self, container: &Container) -> StoreResult<()>;
    /// By name.
    async fn container(&mut self, vault: VaultId, name: &NameKey) -> StoreResult<Option<Container>>;
    /// By id.
    async fn container_by_id(&mut self, id: ContainerId) -> StoreResult<Option<Container>>;
    /// The container (Registering or Registered) that a server is registered as, in whatever vault.
    async fn container_of_server(&mut self, server: ServerId) -> StoreResult<Option<Container>>;
    /// Of a vault, by name.
    async fn containers(&mut self, vault: VaultId, page: &Page) -> StoreResult<Slice<Container>>;
    /// Those of them in one state, in the same order.
    async fn containers_in(&mut self, vault: VaultId, registration: Registration, page: &Page) -> StoreResult<Slice<Container>>;
    /// Writes the whole record.
    async fn update_container(&mut self, container: &Container) -> StoreResult<()>;
    /// Registered containers to inquire by `now`, by that time.
    async fn containers_to_discover(&mut self, now: Timestamp, limit: u32) -> StoreResult<Vec<Container>>;
    /// Deletes; false if there was none.
    async fn delete_container(&mut self, id: ContainerId) -> StoreResult<bool>;
}

/// Policies.
#[async_trait]
pub trait PolicyRows: Send {
    /// Inserts or replaces by (vault, name).
    async fn put_policy(&mut self, policy: &Policy) -> StoreResult<()>;
    /// By name.
    async fn policy(&mut self, vault: VaultId, name: &NameKey) -> StoreResult<Option<Policy>>;
    /// By id.
    async fn policy_by_id(&mut self, id: PolicyId) -> StoreResult<Option<Policy>>;
    /// Of a vault, in order of creation (then name).
    async fn policies(&mut self, vault: VaultId, page: &Page) -> StoreResult<Slice<Policy>>;
    /// Items under a policy.
    async fn policy_use(&mut self, id: PolicyId) -> StoreResult<i64>;
    /// Deletes; false if there was none.
    async fn delete_policy(&mut self, id: PolicyId) -> StoreResult<bool>;
}

/// Protected items.
#[async_trait]
pub trait ItemRows: Send {
    /// Inserts; `Exists` if the container has one of this name.
    async fn insert_item(&mut self, item: &ProtectedItem) -> StoreResult<()>;
    /// By name in a container.
    async fn item(&mut self, container: ContainerId, name: &NameKey) -> StoreResult<Option<ProtectedItem>>;
    /// By id.
    async fn item_by_id(&mut self, id: ItemId) -> StoreResult<Option<ProtectedItem>>;
    /// Of a vault, in order of creation.
    async fn items(&mut self, vault: VaultId, filter: &ItemFilter, page: &Page) -> StoreResult<Slice<ProtectedItem>>;
    /// Those of a vault whose database has this name, in order of creation.
    async fn items_named(&mut self, vault: VaultId, database: &NameKey, page: &Page) -> StoreResult<Slice<ProtectedItem>>;
    /// Soft-deleted items to be purged by `now`, oldest first, at most `limit`.
    async fn items_to_purge(&mut self, now: Timestamp, limit: u32) -> StoreResult<Vec<ProtectedItem>>;
    /// Names of a container's items from `from` to `to`, both inclusive, in order; with each whether it is soft-deleted.
    async fn item_names(&mut self, container: ContainerId, from: &NameKey, to: &NameKey) -> StoreResult<Vec<(NameKey, bool)>>;
    /// Items whose points retention is to look at by `now`, by that time.
    async fn items_to_reap(&mut self, now: Timestamp, limit: u32) -> StoreResult<Vec<ProtectedItem>>;
    /// Items whose schedule is to be looked at by `now`, by that time.
    async fn items_to_watch(&mut self, now: Timestamp, limit: u32) -> StoreResult<Vec<ProtectedItem>>;
    /// Writes the whole record.
    async fn update_item(&mut self, item: &ProtectedItem) -> StoreResult<()>;
    /// Deletes the item and its recovery points; its sets become Aborted, for the collector.
    async fn delete_item(&mut self, id: ItemId, at: Timestamp) -> StoreResult<bool>;
}

/// Backup sets and their chunk ledger.
#[async_trait]
pub trait SetRows: Send {
    /// Inserts, or returns the one with the same dedupe key of the same item.
    async fn open_set(&mut self, set: &BackupSet) -> StoreResult<BackupSet>;
    /// One.
    async fn set(&mut self, id: SetId) -> StoreResult<Option<BackupSet>>;
    /// One, without its manifest: what a set of any size costs the same to look up.
    async fn set_head(&mut self, id: SetId) -> StoreResult<Option<BackupSet>>;
    /// The set that a command opened.
    async fn set_of_command(&mut self, command: CommandId) -> StoreResult<Option<BackupSet>>;
    /// Writes generation, key id and key version of an open set that another attempt takes over.
    async fn reopen_set(&mut self, set: &BackupSet) -> StoreResult<()>;
    /// Adds a ledger row for `generation`. The row that stands there: the new one, or the older one
    /// of the same position (its digest tells whether the repeat is the same).
    async fn put_chunk(&mut self, set: SetId, generation: i64, chunk: &ChunkRow) -> StoreResult<ChunkRow>;
    /// One ledger row.
    async fn chunk(&mut self, set: SetId, generation: i64, stream: u32, seq: u32) -> StoreResult<Option<ChunkRow>>;
    /// Ledger of a generation by stream and seq.
    async fn ledger(&mut self, set: SetId, generation: i64) -> StoreResult<Vec<ChunkRow>>;
    /// Open → Committed if the generation is still this one; false otherwise.
    async fn commit_set(&mut self, id: SetId, generation: i64, manifest: &Manifest, at: Timestamp) -> StoreResult<bool>;
    /// Moves a set from any of `from` to `to`; false if it was in none of them.
    async fn move_set(&mut self, id: SetId, from: &[SetState], to: SetState, at: Timestamp) -> StoreResult<bool>;
    /// Sets in `state` that were opened (Open) or closed (others) before `before`, without their manifests.
    async fn sets_in(&mut self, state: SetState, before: Timestamp, limit: u32) -> StoreResult<Vec<BackupSet>>;
    /// Deletes a Collecting set and its ledger.
    async fn remove_set(&mut self, id: SetId) -> StoreResult<()>;
}

/// Recovery points.
#[async_trait]
pub trait PointRows: Send {
    /// Inserts; `Exists` if the item has one of this name.
    async fn insert_point(&mut self, point: &RecoveryPoint) -> StoreResult<()>;
    /// By name.
    async fn point(&mut self, item: ItemId, name: &RecoveryPointName) -> StoreResult<Option<RecoveryPoint>>;
    /// The point of a set.
    async fn point_of_set(&mut self, set: SetId) -> StoreResult<Option<RecoveryPoint>>;
    /// Newest first; the filter's times are both inclusive.
    async fn points(&mut self, item: ItemId, filter: &PointFilter, page: &Page) -> StoreResult<Slice<RecoveryPoint>>;
    /// All points of an item as retention and the chain see them, oldest first, logs included.
    async fn marks(&mut self, item: ItemId) -> StoreResult<Vec<PointMark>>;
    /// The newest point of a kind.
    async fn latest_point(&mut self, item: ItemId, kind: BackupKind) -> StoreResult<Option<RecoveryPoint>>;
    /// Writes expiry and soft deletion of points (found by their set).
    async fn mark_points(&mut self, marks: &[PointMark]) -> StoreResult<()>;
    /// Deletes the points of these sets; the sets become Aborted, for the collector.
    async fn delete_points(&mut self, item: ItemId, sets: &[SetId], at: Timestamp) -> StoreResult<()>;
    /// At a glance.
    async fn point_summary(&mut self, item: ItemId) -> StoreResult<PointSummary>;
}

/// Jobs.
#[async_trait]
pub trait JobRows: Send {
    /// Inserts.
    async fn insert_job(&mut self, job: &Job) -> StoreResult<()>;
    /// One of a vault.
    async fn job(&mut self, vault: VaultId, id: JobId) -> StoreResult<Option<Job>>;
    /// Newest first.
    async fn jobs(&mut self, vault: VaultId, filter: &JobFilter, page: &Page) -> StoreResult<Slice<Job>>;
    /// Running jobs (not final) of an item.
    async fn running_jobs(&mut self, item: ItemId) -> StoreResult<Vec<Job>>;
    /// Writes the whole record.
    async fn update_job(&mut self, job: &Job) -> StoreResult<()>;
}

/// Operations.
#[async_trait]
pub trait OperationRows: Send {
    /// Inserts; `Exists` if the request key stands already.
    async fn insert_operation(&mut self, operation: &Operation) -> StoreResult<()>;
    /// One, by id alone.
    async fn operation(&mut self, id: OperationId) -> StoreResult<Option<Operation>>;
    /// The one a request key started.
    async fn operation_by_request(&mut self, request_key: &str) -> StoreResult<Option<Operation>>;
    /// Writes the whole record.
    async fn update_operation(&mut self, operation: &Operation) -> StoreResult<()>;
}

/// Tasks.
#[async_trait]
pub trait TaskRows: Send {
    /// Enqueues.
    async fn enqueue(&mut self, id: TaskId, kind: &TaskKind, run_at: Timestamp) -> StoreResult<()>;
    /// Leases up to `limit` due tasks (or expired leases) to `owner`, raising their attempt.
    async fn claim_tasks(&mut self, owner: &str, now: Timestamp, lease_until: Timestamp, limit: u32) -> StoreResult<Vec<Task>>;
    /// Deletes a finished task; false (0 rows) if the lease is not this one any more.
    async fn finish_task(&mut self, id: TaskId, owner: &str, attempt: i64) -> StoreResult<bool>;
    /// Gives a task back, to run at `run_at`, with the error; false if the lease is lost.
    async fn release_task(&mut self, id: TaskId, owner: &str, attempt: i64, run_at: Timestamp, error: &str) -> StoreResult<bool>;
    /// When the next task is due.
    async fn next_task_at(&mut self) -> StoreResult<Option<Timestamp>>;
}

/// Agent commands.
#[async_trait]
pub trait CommandRows: Send {
    /// Queues.
    async fn insert_command(&mut self, command: &AgentCommand) -> StoreResult<()>;
    /// One.
    async fn command(&mut self, id: CommandId) -> StoreResult<Option<AgentCommand>>;
    /// Leases the oldest queued command of a server: state Leased, generation + 1.
    async fn claim_command(&mut self, server: ServerId, lease_until: Timestamp) -> StoreResult<Option<AgentCommand>>;
    /// Extends a lease; false if the generation is not this one any more or it has ended.
    async fn renew_command(&mut self, id: CommandId, generation: i64, lease_until: Timestamp) -> StoreResult<bool>;
    /// Writes the whole record.
    async fn update_command(&mut self, command: &AgentCommand) -> StoreResult<()>;
    /// Queued past their deadline, or Leased past their lease.
    async fn overdue_commands(&mut self, now: Timestamp, limit: u32) -> StoreResult<Vec<AgentCommand>>;
    /// Commands of a server that have not ended.
    async fn open_commands(&mut self, server: ServerId) -> StoreResult<Vec<AgentCommand>>;
    /// The not-ended command of a job.
    async fn command_of_job(&mut self, job: JobId) -> StoreResult<Option<AgentCommand>>;
}
