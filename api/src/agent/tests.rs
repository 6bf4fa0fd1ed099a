//! The agent surface in process, over the real storage: a scripted agent plays its part of the main
//! job and breaks every rule once.

mod schedule;

use crate::testing::{SUBSCRIPTION, TestApp, read};
use axum::body::Body;
use http::{Request, StatusCode};
use jiff::SignedDuration;
use rsvault_domain::backup::{BackupFacts, Lsn, RecoveryModel, StreamSummary, WrappedKey};
use rsvault_domain::discovery::{DatabaseInventory, InstanceInventory, Inventory, Server, ServerState};
use rsvault_domain::id::ServerId;
use rsvault_engine::{agents, reconcile, tasks};
use rsvault_protocol::messages::*;
use rsvault_protocol::seal::{Chunker, DataKey, Sealer, associated_data, chunk_digest, to_content_digest, wrap_key};
use serde_json::{Value, json};

const API: &str = "api-version=2025-02-01";

struct World {
    app: TestApp,
    server: ServerId,
    bearer: String,
}

impl World {
    /// A vault and a server whose agent is enrolled.
    async fn new() -> Self {
        let app = TestApp::new().await;
        let now = app.state.engine.clock.now();
        let server = Server {
            id: uuid::Uuid::new_v4().into(),
            subscription: SUBSCRIPTION.parse().unwrap(),
            resource_group: "rg1".into(),
            name: "sqlvm1".into(),
            location: "westeurope".into(),
            state: ServerState::Running,
            created_at: now,
        };
        let mut tx = app.state.engine.store.begin().await.unwrap();
        let server = tx.put_server(&server).await.unwrap();
        tx.commit().await.unwrap();
        let mut world = Self { app, server: server.id, bearer: String::new() };
        let token = world.token().await;
        let (status, _, view) = world.json("POST", "enroll", json!({"token": token, "agentVersion": "1"})).await;
        assert_eq!((status, &view["serverName"]), (StatusCode::OK, &json!("sqlvm1")));
        world.bearer = format!("{}.{}", view["agentId"].as_str().unwrap(), view["secret"].as_str().unwrap());
        world
    }
    async fn token(&self) -> String {
        agents::create_token(&self.app.state.engine, self.server, SignedDuration::from_mins(5)).await.unwrap().0
    }
    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let request = Request::builder().method(method).uri(format!("/agent/v1/{path}")).header("host", "localhost:8443");
        if self.bearer.is_empty() { request } else { request.header("authorization", format!("Bearer {}", self.bearer)) }
    }
    async fn json(&self, method: &str, path: &str, body: Value) -> (StatusCode, http::HeaderMap, Value) {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        read(self.app.send(self.request(method, path).body(body).unwrap()).await).await
    }
    async fn put(&self, path: &str, bytes: &[u8], digest: Option<&[u8; 32]>) -> (StatusCode, Value) {
        let mut request = self.request("PUT", path);
        if let Some(digest) = digest {
            request = request.header("Content-Digest", to_content_digest(digest));
        }
        let (status, _, body) = read(self.app.send(request.body(Body::from(bytes.to_vec())).unwrap()).await).await;
        (status, body)
    }
    async fn arm(&self, method: &str, path: &str, body: Value) -> Value {
        let uri = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1{path}?{API}");
        let (status, _, answer) = self.app.call("owner", method, &uri, (!body.is_null()).then_some(body)).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        tasks::run_due(&self.app.state.engine, "test").await.unwrap();
        answer
    }
    async fn next(&self) -> CommandView {
        let (status, _, body) = self.json("POST", "commands/next", json!({"waitSeconds": 0})).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        serde_json::from_value(body).unwrap()
    }
    async fn report(&self, command: &CommandView, outcome: Outcome) -> (StatusCode, Value) {
        let body = serde_json::to_value(ResultBody { generation: command.generation, outcome }).unwrap();
        let (status, _, body) = self.json("POST", &format!("commands/{}/result", command.id), body).await;
        (status, body)
    }
    /// Registers the server and protects its database by the default policy.
    async fn protect(&self) {
        self.arm("PUT", "", json!({"location": "westeurope"})).await;
        self.arm("PUT", VAULT, json!({"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}})).await;
        self.arm("POST", &format!("{VAULT}/backupFabrics/Azure/refreshContainers"), Value::Null).await;
        let source = rsvault_domain::id::vm_id(SUBSCRIPTION.parse().unwrap(), "rg1", "sqlvm1");
        let container = json!({"properties": {"containerType": "VMAppContainer", "backupManagementType": "AzureWorkload", "workloadType": "SQLDataBase", "sourceResourceId": source}});
        self.arm("PUT", &format!("{VAULT}/{CONTAINER}"), container).await;
        let inquiry = self.next().await;
        assert_eq!(inquiry.work, Work::Inquire {});
        let database = DatabaseInventory { name: "salesdb".into(), recovery_model: RecoveryModel::Full, size: 1, read_only: false };
        let instance = InstanceInventory {
            name: "MSSQLSERVER".into(),
            version: "16".into(),
            directories: vec![],
            databases: vec![database],
            fault: None,
        };
        let seen = Outcome::Inquired { inventory: Inventory { instances: vec![instance], ..Inventory::default() } };
        for _ in 0..2 {
            assert_eq!(self.report(&inquiry, seen.clone()).await.0, StatusCode::OK, "a result may be sent again");
        }
        let policy = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1{VAULT}/backupPolicies/HourlyLogBackup");
        self.arm(
            "PUT",
            &format!("{VAULT}/{CONTAINER}/{ITEM}"),
            json!({"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": policy}}),
        )
        .await;
    }
    /// Protects and triggers a full: the command of it, leased.
    async fn backup_command(&self) -> CommandView {
        self.protect().await;
        let trigger = json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full", "enableCompression": true}});
        self.arm("POST", &format!("{VAULT}/{CONTAINER}/{ITEM}/backup"), trigger).await;
        let command = self.next().await;
        assert!(
            matches!(&command.work, Work::Backup { instance, database, compress: true, .. } if instance == "MSSQLSERVER" && database == "salesdb")
        );
        command
    }
    async fn open(&self, command: &CommandView) -> OpenSetView {
        let (status, _, body) =
            self.json("POST", &format!("commands/{}/set", command.id), json!({"generation": command.generation, "streams": 1})).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        serde_json::from_value(body).unwrap()
    }
}

const VAULT: &str = "/providers/Microsoft.RecoveryServices/vaults/v1";
const CONTAINER: &str = "backupFabrics/Azure/protectionContainers/VMAppContainer;Compute;rg1;sqlvm1";
const ITEM: &str = "protectedItems/SQLDataBase;MSSQLSERVER;salesdb";

fn facts() -> BackupFacts {
    let at = "2026-11-25T12:00:00Z".parse().unwrap();
    BackupFacts {
        started_at: at,
        consistent_at: at,
        first_lsn: Lsn(1),
        last_lsn: Lsn(2),
        checkpoint_lsn: Lsn(1),
        database_backup_lsn: Lsn(0),
        recovery_fork: uuid::Uuid::nil(),
        recovery_model: RecoveryModel::Full,
        bulk_logged: false,
        files: vec![],
        source_bytes: 5,
        engine_version: "16".into(),
    }
}
fn chunk(set: &OpenSetView, seq: u32) -> String {
    format!("sets/{}/{}/streams/0/chunks/{seq}", set.set_id, set.generation)
}

#[tokio::test]
async fn only_the_newest_enrolment_with_its_secret_gets_in() {
    let mut world = World::new().await;
    let ask = || json!({"waitSeconds": 0});
    assert_eq!(world.json("POST", "commands/next", ask()).await.0, StatusCode::NO_CONTENT);
    let good = world.bearer.clone();
    for bad in ["", "x", "x.y", &format!("{good}0"), &good[..good.len() - 1], &format!("{}.00", uuid::Uuid::nil())] {
        world.bearer = bad.to_owned();
        let (status, headers, problem) = world.json("POST", "commands/next", ask()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{bad}");
        assert_eq!(headers["content-type"], "application/problem+json");
        assert!(headers.contains_key("www-authenticate"));
        assert!(problem["code"].as_str().unwrap().starts_with("AgentCredentials") && problem["status"] == 401, "{problem}");
    }
    let token = world.token().await;
    let enroll = json!({"token": token, "agentVersion": "1"});
    assert_eq!(world.json("POST", "enroll", enroll.clone()).await.0, StatusCode::OK);
    let (status, _, problem) = world.json("POST", "enroll", enroll).await;
    assert_eq!((status, &problem["field"]), (StatusCode::UNAUTHORIZED, &json!("token")), "a token is used up");
    world.bearer = good;
    assert_eq!(world.json("POST", "commands/next", ask()).await.0, StatusCode::UNAUTHORIZED, "the older enrolment is out");
}

#[tokio::test]
async fn bad_requests_are_refused_by_name() {
    let world = World::new().await;
    let (status, _, problem) = world.json("POST", "commands/next", json!({"waitSeconds": "long"})).await;
    assert_eq!((status, &problem["field"]), (StatusCode::BAD_REQUEST, &json!("waitSeconds")));
    let (status, _, problem) = world.json("POST", "commands/17/heartbeat", json!({"generation": 1})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("InvalidPath")));
    let (status, ..) = world.json("POST", &format!("commands/{}/heartbeat", uuid::Uuid::nil()), json!({"generation": 1})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, headers, _) = world.json("GET", "nothing", Value::Null).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (StatusCode::NOT_FOUND, "application/problem+json"));
}

#[tokio::test]
async fn chunks_are_verified_created_once_and_fenced() {
    let world = World::new().await;
    let command = world.backup_command().await;
    let set = world.open(&command).await;
    assert_eq!(
        (world.open(&command).await, set.associated_data_prefix.as_str()),
        (set.clone(), format!("rsvault/v1/{}/", set.set_id).as_str())
    );
    let (bytes, digest) = (b"ciphertext".as_slice(), chunk_digest(b"ciphertext"));
    let code = |body: &Value| body["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(world.put(&chunk(&set, 0), bytes, Some(&digest)).await.0, StatusCode::CREATED);
    assert_eq!(world.put(&chunk(&set, 0), bytes, Some(&digest)).await.0, StatusCode::OK);
    let (status, body) = world.put(&chunk(&set, 0), b"otherbytes", Some(&chunk_digest(b"otherbytes"))).await;
    assert_eq!((status, code(&body).as_str()), (StatusCode::CONFLICT, "ChunkExists"));
    let (status, body) = world.put(&chunk(&set, 1), b"otherbytes", Some(&digest)).await;
    assert_eq!((status, code(&body).as_str()), (StatusCode::BAD_REQUEST, "ContentDigestMismatch"));
    let (status, body) = world.put(&chunk(&set, 1), bytes, None).await;
    assert_eq!((status, code(&body).as_str()), (StatusCode::BAD_REQUEST, "ContentDigestMissing"));
    let stale = format!("sets/{}/{}/streams/0/chunks/1", set.set_id, set.generation + 1);
    assert_eq!(world.put(&stale, bytes, Some(&digest)).await.0, StatusCode::PRECONDITION_FAILED);
    let large = vec![0; set.chunk_size as usize + 1];
    assert_eq!(world.put(&chunk(&set, 1), &large, Some(&digest)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let (_, _, ledger) = world.json("GET", &format!("sets/{}/{}/chunks", set.set_id, set.generation), Value::Null).await;
    assert_eq!(ledger["chunks"].as_array().unwrap().len(), 1, "only what was acknowledged counts");
    let abort = json!({"generation": set.generation});
    for _ in 0..2 {
        assert_eq!(world.json("POST", &format!("sets/{}/abort", set.set_id), abort.clone()).await.0, StatusCode::NO_CONTENT);
    }
    assert_eq!(world.put(&chunk(&set, 1), bytes, Some(&digest)).await.0, StatusCode::CONFLICT, "an aborted set takes nothing");
}

#[tokio::test]
async fn a_commit_answers_the_same_again_and_ends_the_command() {
    let world = World::new().await;
    let command = world.backup_command().await;
    let set = world.open(&command).await;
    let key = DataKey::generate().unwrap();
    let (mut sealer, mut sealed) = (Sealer::new(&key, &associated_data(&set.associated_data_prefix, 0)).unwrap(), Vec::new());
    let mut emit = |bytes: &[u8]| {
        sealed.extend_from_slice(bytes);
        Ok::<(), rsvault_protocol::seal::SealError>(())
    };
    sealer.push(b"pages", &mut emit).unwrap();
    sealer.finish(&mut emit).unwrap();
    let mut chunker = Chunker::new(set.chunk_size);
    chunker.provide(Vec::new());
    chunker.push(&sealed);
    let cut = chunker.finish().unwrap();
    let streams = vec![StreamSummary {
        stream: 0,
        chunks: 1,
        sealed_bytes: sealed.len() as u64,
        packed_bytes: 5,
        source_bytes: 5,
        digest: chunker.stream_digest(),
        compression: "none".into(),
    }];
    let wrapped = wrap_key(&key, &set.recipient.public_key_pem).unwrap();
    let key = WrappedKey { key_id: set.recipient.key_id.clone(), version: set.recipient.version, wrapped };
    let commit = serde_json::to_value(CommitSetBody { generation: set.generation, facts: facts(), key, streams }).unwrap();
    let path = format!("sets/{}/commit", set.set_id);
    let (status, _, problem) = world.json("POST", &path, commit.clone()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("ManifestMismatch")), "bytes come first");
    assert_eq!(
        world.report(&command, Outcome::BackedUp { set_id: set.set_id }).await.0,
        StatusCode::BAD_REQUEST,
        "no backup without a commit"
    );
    assert_eq!(world.put(&chunk(&set, 0), &cut.bytes, Some(&cut.digest)).await.0, StatusCode::CREATED);
    let (status, _, first) = world.json("POST", &path, commit.clone()).await;
    assert_eq!(status, StatusCode::OK, "{first}");
    assert_eq!(world.json("POST", &path, commit).await.2, first);
    assert_eq!(world.report(&command, Outcome::BackedUp { set_id: set.set_id }).await.0, StatusCode::OK);
    let (_, _, beat) = world.json("POST", &format!("commands/{}/heartbeat", command.id), json!({"generation": command.generation})).await;
    assert_eq!(beat["verdict"], "stale", "the command has ended");
    // No restore command names the set: nobody gets its key.
    let (status, _, problem) = world.json("GET", &format!("commands/{}/sets/{}", command.id, set.set_id), Value::Null).await;
    assert!(status.is_client_error() && problem.get("dataKey").is_none(), "{status} {problem}");
}

#[tokio::test]
async fn a_command_given_back_or_silent_is_handed_out_again_at_a_new_generation() {
    let world = World::new().await;
    let first = world.backup_command().await;
    let set = world.open(&first).await;
    assert_eq!(world.report(&first, Outcome::Interrupted { reason: "shutdown".into() }).await.0, StatusCode::OK);
    world.app.clock.advance(1);
    reconcile::round(&world.app.state.engine).await.unwrap();
    let second = world.next().await;
    assert_eq!((second.id, second.generation), (first.id, first.generation + 1));
    let bytes = b"of the dead";
    assert_eq!(world.open(&second).await.set_id, set.set_id, "the set is taken over");
    assert_eq!(world.put(&chunk(&set, 0), bytes, Some(&chunk_digest(bytes))).await.0, StatusCode::PRECONDITION_FAILED);
    assert_eq!(world.report(&first, Outcome::Cancelled {}).await.0, StatusCode::PRECONDITION_FAILED);
    let (_, _, beat) = world.json("POST", &format!("commands/{}/heartbeat", first.id), json!({"generation": first.generation})).await;
    assert_eq!(beat["verdict"], "stale");
    world.app.clock.advance(31);
    reconcile::round(&world.app.state.engine).await.unwrap();
    assert_eq!(world.next().await.generation, second.generation + 1);
}
