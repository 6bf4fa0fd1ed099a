//! In-process tests of the control plane over the real storage. Tests play the agent by calling the engine's
//! own agent use cases.

mod archive;
mod cross_region;
mod dry_run;
mod exports;
mod features;
mod intents;
mod jobs;
mod lifecycle;
mod lists;
mod monitor;
mod readers;
mod refusals;
mod retention;
mod settings;
mod story;
mod times;
mod verdicts;

use crate::testing::{SUBSCRIPTION, TestApp};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::backup::{BackupFacts, DatabaseFile, FileKind, Lsn, RecoveryModel, StreamSummary, WrappedKey};
use rsvault_domain::discovery::{AgentRecord, DataDirectory, DatabaseInventory, InstanceInventory, Inventory, Server, ServerState};
use rsvault_domain::id::ServerId;
use rsvault_domain::work::{AgentCommand, CommandWork};
use rsvault_engine::{Engine, agents, tasks};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

pub(super) const CONTAINER: &str = "VMAppContainer%3BCompute%3Brg1%3Bsqlvm1";

/// An answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name}")).to_str().unwrap()
    }
    /// Asserts the status and gives the body.
    pub(super) fn is(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }
    /// Asserts a 202 as every 202 must be, and gives the operation's id and its two paths.
    pub(super) fn accepted(&self) -> Started {
        assert_eq!(self.status, StatusCode::ACCEPTED, "{}", self.body);
        assert_eq!(self.header("retry-after"), "1");
        let path = |name: &str| {
            let url =
                self.header(name).strip_prefix("https://localhost:8443").unwrap_or_else(|| panic!("{name} is not absolute")).to_owned();
            assert!(url.ends_with("?api-version=2026-08-01"), "{url}");
            url.strip_suffix("?api-version=2026-08-01").unwrap().to_owned()
        };
        let (status, result) = (path("azure-asyncoperation"), path("location"));
        let id = status.rsplit('/').next().unwrap().to_owned();
        assert_eq!(result.rsplit('/').next(), Some(id.as_str()));
        Started { id, status, result }
    }
    /// Asserts an ARM error, and gives its message.
    pub(super) fn error(self, status: u16, code: &str) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.body["error"]["code"], code, "{}", self.body);
        self.body["error"]["message"].as_str().unwrap().to_owned()
    }
}

/// A started operation.
pub(super) struct Started {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) result: String,
}

/// An edge with resource group `rg1`, server `sqlvm1`, its agent, and a vault `vault1`.
pub(super) struct World {
    pub(super) app: TestApp,
    pub(super) agent: AgentRecord,
}

impl World {
    pub(super) async fn new() -> Self {
        let app = TestApp::new().await;
        let engine = app.state.engine.clone();
        let group = format!("/subscriptions/{SUBSCRIPTION}/resourcegroups/rg1?api-version=2024-11-01");
        let (status, _, body) = app.call("owner", "PUT", &group, Some(json!({"location": "westeurope"}))).await;
        assert!(status.is_success(), "{body}");
        let server = Server {
            id: ServerId(Uuid::new_v4()),
            subscription: SUBSCRIPTION.parse().unwrap(),
            resource_group: "rg1".into(),
            name: "sqlvm1".into(),
            location: "westeurope".into(),
            state: ServerState::Running,
            created_at: engine.clock.now(),
        };
        let mut tx = engine.store.begin().await.unwrap();
        let server = tx.put_server(&server).await.unwrap();
        tx.commit().await.unwrap();
        let (token, _) = agents::create_token(&engine, server.id, SignedDuration::from_secs(60)).await.unwrap();
        let enrolled = agents::enroll(&engine, &token, "test").await.unwrap();
        let agent = agents::authenticate(&engine, enrolled.agent_id, &enrolled.secret).await.unwrap();
        let world = Self { app, agent };
        world.call("PUT", "", Some(json!({"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}}))).await.is(201);
        world
    }
    pub(super) fn engine(&self) -> &Engine {
        &self.app.state.engine
    }
    /// Calls below the vault; `rest` may carry a query.
    pub(super) async fn call(&self, method: &str, rest: &str, body: Option<Value>) -> Answer {
        self.at(
            method,
            &format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.RecoveryServices/vaults/vault1{rest}"),
            body,
        )
        .await
    }
    /// Calls any path.
    pub(super) async fn at(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let glue = if path.contains('?') { '&' } else { '?' };
        let (status, headers, body) = self.app.call("owner", method, &format!("{path}{glue}api-version=2026-08-01"), body).await;
        Answer { status, headers, body }
    }
    /// Path below the item of `database`.
    pub(super) fn item(database: &str, rest: &str) -> String {
        format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}/protectedItems/SQLDataBase%3BMSSQLSERVER%3B{database}{rest}")
    }
    pub(super) async fn run_tasks(&self) {
        tasks::run_due(self.engine(), "test").await.unwrap();
    }
    /// The command the agent is handed.
    pub(super) async fn next_command(&self) -> AgentCommand {
        agents::next_command(self.engine(), &self.agent, "test", Duration::ZERO).await.unwrap().expect("no command").command
    }
    /// The agent answers an inquiry.
    pub(super) async fn answer_inquiry(&self) {
        self.answer_inquiry_with(inventory()).await;
    }
    pub(super) async fn answer_inquiry_with(&self, inventory: Inventory) {
        let command = self.next_command().await;
        assert!(matches!(command.work, CommandWork::Inquire { .. }));
        agents::finish(self.engine(), &self.agent, command.id, command.generation, &agents::Outcome::Inquired(inventory)).await.unwrap();
    }
    /// The agent takes a backup of one chunk.
    pub(super) async fn answer_backup(&self) {
        self.answer_backup_with(facts(self.engine().clock.now())).await;
    }
    /// The same, with what the engine reported.
    pub(super) async fn answer_backup_with(&self, facts: BackupFacts) {
        let command = self.next_command().await;
        let opened = agents::open_set(self.engine(), &self.agent, command.id, command.generation).await.unwrap();
        let bytes = Bytes::from_static(b"ciphertext");
        let digest = *blake3::hash(&bytes).as_bytes();
        agents::put_chunk(self.engine(), &self.agent, opened.set.id, command.generation, 0, 0, digest, bytes.clone()).await.unwrap();
        let summary = StreamSummary {
            stream: 0,
            chunks: 1,
            sealed_bytes: bytes.len() as u64,
            packed_bytes: 8192,
            source_bytes: 8192,
            digest: blake3::hash(&digest).to_hex().to_string(),
            compression: "none".into(),
        };
        let key = WrappedKey { key_id: opened.recipient.key_id, version: opened.recipient.version, wrapped: "AAAA".into() };
        let request = agents::CommitRequest { generation: command.generation, facts, key, streams: vec![summary] };
        agents::commit(self.engine(), &self.agent, opened.set.id, &request).await.unwrap();
    }
    /// Registers `sqlvm1`.
    pub(super) async fn register(&self) {
        self.call("POST", "/backupFabrics/Azure/refreshContainers", None).await.accepted();
        self.call("PUT", &format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}"), Some(register_body())).await.accepted();
        self.answer_inquiry().await;
    }
    /// Protects `database` with the default policy.
    pub(super) async fn protect(&self, database: &str) {
        self.call("PUT", &Self::item(database, ""), Some(enable_body())).await.accepted();
        self.run_tasks().await;
    }
    /// The job that a started operation names.
    pub(super) async fn job_of(&self, started: &Started) -> Value {
        let operation = self.call("GET", &format!("/backupOperations/{}", started.id), None).await.is(200);
        assert_eq!(operation["status"], "Succeeded", "{operation}");
        self.call("GET", &format!("/backupJobs/{}", operation["properties"]["jobId"].as_str().unwrap()), None).await.is(200)
    }
}

/// What the engine reports of a full at this moment.
pub(super) fn facts(at: Timestamp) -> BackupFacts {
    BackupFacts {
        started_at: at,
        consistent_at: at,
        first_lsn: Lsn(1),
        last_lsn: Lsn(2),
        checkpoint_lsn: Lsn(1),
        database_backup_lsn: Lsn(0),
        recovery_fork: Uuid::nil(),
        recovery_model: RecoveryModel::Full,
        bulk_logged: false,
        files: vec![DatabaseFile {
            kind: FileKind::Data,
            path: "F:\\data\\salesdb.mdf".into(),
            logical_name: "salesdb".into(),
            size: 8192,
        }],
        source_bytes: 8192,
        engine_version: "test".into(),
    }
}

pub(super) fn inventory() -> Inventory {
    let database = |name: &str, recovery_model| DatabaseInventory { name: name.into(), recovery_model, size: 8 << 20, read_only: false };
    Inventory {
        instances: vec![InstanceInventory {
            name: "MSSQLSERVER".into(),
            version: "16.0".into(),
            directories: vec![
                DataDirectory { kind: FileKind::Data, path: "F:\\data\\".into() },
                DataDirectory { kind: FileKind::Log, path: "G:\\log\\".into() },
            ],
            databases: vec![
                database("salesdb", RecoveryModel::Full),
                database("hrdb", RecoveryModel::Full),
                database("master", RecoveryModel::Simple),
            ],
            fault: None,
        }],
        ..Inventory::default()
    }
}

pub(super) fn vm_id() -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.Compute/virtualMachines/sqlvm1")
}

pub(super) fn vault_id() -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.RecoveryServices/vaults/vault1")
}

pub(super) fn register_body() -> Value {
    json!({"properties": {"backupManagementType": "AzureWorkload", "sourceResourceId": vm_id(), "workloadType": "SQLDataBase", "containerType": "VMAppContainer"}})
}

pub(super) fn enable_body() -> Value {
    json!({"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": format!("{}/backupPolicies/HourlyLogBackup", vault_id())}})
}
