//! Records to store: each differs from the others in its id, and where it says so in its name.

use jiff::{SignedDuration, Timestamp};
use rsvault_domain::archive::Tier;
use rsvault_domain::backup::*;
use rsvault_domain::discovery::*;
use rsvault_domain::fault::JobFault;
use rsvault_domain::id::*;
use rsvault_domain::job::{Job, JobKind, JobStatus};
use rsvault_domain::operation::{Operation, OperationStatus, Subject, vault_key};
use rsvault_domain::policy::{Policy, PolicySpec, Schedule, SqlPolicy, SubPolicy, SubPolicyType};
use rsvault_domain::ports::Tx;
use rsvault_domain::protection::{ItemState, ProtectedItem, Track};
use rsvault_domain::vault::identity::Identity;
use rsvault_domain::vault::{Immutability, SoftDelete, SoftDeleteState, StorageModel, Vault, VaultSettings};
use rsvault_domain::work::{AgentCommand, CommandState, CommandWork, InquiryPurpose};
use serde_json::json;
use uuid::Uuid;

/// `seconds` (and a few microseconds) after the tests' day began.
pub(crate) fn at(seconds: i64) -> Timestamp {
    let day: Timestamp = "2026-03-08T09:30:00.000123Z".parse().unwrap();
    day + SignedDuration::from_secs(seconds)
}
pub(crate) fn id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}
pub(crate) fn subscription() -> SubscriptionId {
    Uuid::from_u128(7).into()
}

pub(crate) fn vault(name: &str) -> Vault {
    let soft_delete = SoftDelete { state: SoftDeleteState::AlwaysOn, retention_days: 14, enhanced: SoftDeleteState::Enabled };
    Vault {
        id: id(),
        subscription: subscription(),
        resource_group: "Rg-1".into(),
        name: name.into(),
        location: "westeurope".into(),
        sku: "RS0".into(),
        tags: [("z".to_owned(), "1".to_owned()), ("a".to_owned(), "ü".to_owned())].into(),
        settings: VaultSettings {
            soft_delete,
            storage_model: StorageModel::ZoneRedundant,
            cross_region_restore: false,
            public_network_access: "Enabled".into(),
            monitoring: json!({"b": 1, "a": [true, null, 1.5]}),
            cost_management: json!(null),
            restore_settings: json!({}),
            identity: Some(Identity { system: true, tenant: None, users: Vec::new() }),
            encryption: None,
            private_endpoints: Vec::new(),
            immutability: Immutability::Unlocked,
            guard: None,
        },
        used: true,
        etag: 3,
        created_at: at(0),
        updated_at: at(1),
        soft_deleted: None,
    }
}

pub(crate) fn server(name: &str) -> Server {
    Server {
        id: id(),
        subscription: subscription(),
        resource_group: "Rg-1".into(),
        name: name.into(),
        location: "westeurope".into(),
        state: ServerState::Stopped,
        created_at: at(0),
    }
}

pub(crate) fn container(vault: VaultId, server: &Server) -> Container {
    let fault = JobFault::catalogue("UserErrorOpeningSQLConnection", "");
    let database = DatabaseInventory {
        name: "Sales".into(),
        recovery_model: RecoveryModel::BulkLogged,
        size: u64::from(u32::MAX) * 8,
        read_only: false,
    };
    let directory = DataDirectory { kind: FileKind::Log, path: r"F:\log\".into() };
    Container {
        id: id(),
        vault_id: vault,
        server_id: server.id,
        name: server.container_name(),
        source_resource_id: server.vm_id(),
        registration: Registration::Registering,
        healthy: true,
        inventory: Inventory {
            instances: vec![InstanceInventory {
                name: "MSSQLSERVER".into(),
                version: "16.0".into(),
                directories: vec![directory],
                databases: vec![database],
                fault: Some(fault),
            }],
            ..Inventory::default()
        },
        discover_at: None,
        updated_at: at(2),
    }
}

pub(crate) fn policy(vault: VaultId, name: &str) -> Policy {
    let log = SubPolicy {
        policy_type: SubPolicyType::Log,
        schedule: Some(Schedule::Log { interval_minutes: 15 }),
        retention: None,
        tiering: None,
        snapshot_details: None,
    };
    let spec = SqlPolicy {
        time_zone: "Pacific Standard Time".into(),
        sql_compression: true,
        compression: false,
        workload_policy_type: None,
        sub_policies: vec![log],
    };
    Policy {
        id: id(),
        vault_id: vault,
        name: name.into(),
        spec: PolicySpec::Sql(spec),
        system: false,
        created_at: at(3),
        updated_at: at(3),
        etag: 1,
    }
}

pub(crate) fn item(container: &Container, database: &str) -> ProtectedItem {
    ProtectedItem {
        id: id(),
        vault_id: container.vault_id,
        container_id: container.id,
        name: ItemName::new("MSSQLSERVER", database),
        policy_id: None,
        state: ItemState::IRPending,
        data_source_id: "123456789012345".into(),
        recovery_model: RecoveryModel::Simple,
        last_backup: None,
        soft_deleted: None,
        track: Track::default(),
        reap_at: None,
        watch_at: None,
        created_at: at(4),
        updated_at: at(4),
    }
}

/// A vault, a container in it and an item in that, stored.
pub(crate) async fn stored_item(tx: &mut dyn Tx, name: &str) -> ProtectedItem {
    let vault = vault(name);
    tx.insert_vault(&vault).await.unwrap();
    let server = tx.put_server(&server(name)).await.unwrap();
    let container = container(vault.id, &server);
    tx.insert_container(&container).await.unwrap();
    let item = item(&container, "Sales");
    tx.insert_item(&item).await.unwrap();
    item
}

pub(crate) fn set(item: &ProtectedItem, slot: &str) -> BackupSet {
    BackupSet {
        id: id(),
        vault_id: item.vault_id,
        item_id: item.id,
        command_id: id(),
        kind: BackupKind::CopyOnlyFull,
        state: SetState::Open,
        generation: 1,
        dedupe_key: DedupeKey(slot.into()),
        chunk_size: 8 << 20,
        key_id: "key".into(),
        key_version: 1,
        opened_at: at(5),
        closed_at: None,
        manifest: None,
    }
}

pub(crate) fn chunk(stream: u32, seq: u32) -> ChunkRow {
    ChunkRow { stream, seq, size: u32::MAX, digest: [seq as u8; 32] }
}

pub(crate) fn facts() -> BackupFacts {
    BackupFacts {
        started_at: at(5),
        consistent_at: at(6),
        first_lsn: Lsn(10u128.pow(24)),
        last_lsn: Lsn(10u128.pow(24) + 7),
        checkpoint_lsn: Lsn(3),
        database_backup_lsn: Lsn(0),
        recovery_fork: Uuid::from_u128(9),
        recovery_model: RecoveryModel::Full,
        bulk_logged: true,
        files: vec![DatabaseFile { kind: FileKind::Data, path: r"F:\data\Sales.mdf".into(), logical_name: "Sales".into(), size: 1 << 40 }],
        source_bytes: 1 << 41,
        engine_version: "16.0".into(),
    }
}

pub(crate) fn manifest(set: &BackupSet) -> Manifest {
    Manifest {
        format: 1,
        set_id: set.id,
        generation: set.generation,
        vault_id: set.vault_id,
        item_id: set.item_id,
        source_resource_id: "/subscriptions/s".into(),
        instance: "MSSQLSERVER".into(),
        database: "Sales".into(),
        kind: set.kind,
        facts: facts(),
        chunk_size: set.chunk_size,
        key: WrappedKey { key_id: "key".into(), version: 1, wrapped: "AAAA".into() },
        streams: vec![],
    }
}

pub(crate) fn point(set: &BackupSet, name: &str, kind: BackupKind, seconds: i64) -> RecoveryPoint {
    RecoveryPoint {
        item_id: set.item_id,
        name: RecoveryPointName(name.into()),
        set_id: set.id,
        kind,
        time: at(seconds),
        expires_at: Some(at(1_000_000)),
        soft_deleted: None,
        on_demand: true,
        tier: Tier::Standard,
        facts: facts(),
        sealed_bytes: 1 << 42,
    }
}

pub(crate) fn job(vault: VaultId, kind: JobKind, seconds: i64) -> Job {
    Job {
        id: id(),
        vault_id: vault,
        item_id: None,
        kind,
        status: JobStatus::InProgress,
        entity_name: "sales [vm1]".into(),
        started_at: at(seconds),
        ended_at: None,
        user_triggered: true,
        activity_id: "activity".into(),
        properties: vec![("z".into(), "1".into()), ("a".into(), "2".into())],
        faults: vec![],
    }
}

pub(crate) fn operation(vault: &Vault, subject: Subject) -> Operation {
    Operation {
        id: id(),
        vault_id: vault.id,
        vault_key: vault_key(vault.subscription, &vault.resource_group, &vault.name),
        subject,
        status: OperationStatus::InProgress,
        job_id: None,
        error: None,
        started_at: at(0),
        ended_at: None,
        request_key: None,
    }
}

pub(crate) fn command(server: ServerId, seconds: i64) -> AgentCommand {
    AgentCommand {
        id: id(),
        server_id: server,
        vault_id: id(),
        item_id: Some(id()),
        work: CommandWork::Inquire { container: id(), purpose: InquiryPurpose::Register },
        state: CommandState::Queued,
        generation: 0,
        lease_expires_at: None,
        cancel_requested: false,
        job_id: Some(id()),
        operation_id: Some(id()),
        created_at: at(seconds),
        deadline_at: at(seconds + 100),
    }
}
