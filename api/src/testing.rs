//! A whole edge over the real storage in a temporary folder, called in process.

use crate::identity::Tokens;
use crate::{AppState, EdgeSettings, app};
use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::access::{Principal, RoleAssignment};
use rsvault_domain::backup::{BackupKind, Lsn};
use rsvault_domain::discovery::{Server, ServerState};
use rsvault_domain::fault::Result;
use rsvault_domain::id::{PrincipalId, ServerId, SubscriptionId, TenantId};
use rsvault_domain::ports::{
    Advanced, Bell, Clock, ClockChange, ClockReading, Event, EventKind, OracleChange, OracleChecksum, OracleMoment, OracleWrite,
    Simulation, Timeline, Until, Wake,
};
use rsvault_domain::simulation::{GroupSpec, ServerSpec};
use rsvault_domain::tenancy::Subscription;
use rsvault_engine::regions::Secondary;
use rsvault_engine::{Engine, secret};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;
use uuid::Uuid;

pub(crate) const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";
pub(crate) const TENANT: &str = "00000000-0000-0000-0000-00000000000a";

/// A clock that a test moves.
pub(crate) struct FixedClock(tokio::sync::watch::Sender<Timestamp>);

impl FixedClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(tokio::sync::watch::Sender::new("2026-11-25T12:00:00Z".parse().unwrap())))
    }
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.send_modify(|now| *now = now.checked_add(SignedDuration::from_secs(seconds)).unwrap());
    }
}

#[async_trait::async_trait]
impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }
    async fn until(&self, at: Timestamp) {
        let _ = self.0.subscribe().wait_for(|now| *now >= at).await;
    }
}

struct Silence;

#[async_trait::async_trait]
impl Wake for Silence {
    fn ring(&self, _: Bell) {}
    async fn wait(&self, _: Bell, _: std::time::Duration) {}
}

fn seeded() -> ServerSpec {
    ServerSpec {
        subscription: None,
        resource_group: "rg1".into(),
        location: "westeurope".into(),
        state: ServerState::Running,
        faults: rsvault_domain::simulation::ServerFaults::default(),
        instances: Vec::new(),
    }
}

pub(crate) fn principal(client: &str) -> Principal {
    Principal {
        id: PrincipalId(Uuid::new_v5(&Uuid::NAMESPACE_OID, client.as_bytes())),
        client_id: client.to_owned(),
        tenant: TENANT.parse::<TenantId>().unwrap(),
        name: client.to_owned(),
    }
}

/// An edge with its storage; principal `owner` (secret `owner`) is Owner of all, subscription and
/// tenant are those of the default seed.
pub(crate) struct TestApp {
    _folder: tempfile::TempDir,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) state: Arc<AppState>,
    pub(crate) simulated: Arc<Simulated>,
    router: axum::Router,
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with(EdgeSettings { emulator: true, loopback: true, public_urls: Vec::new(), recorder: None }).await
    }

    pub(crate) async fn with(edge: EdgeSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = FixedClock::new();
        let store = rsvault_storage::SqlStore::open(&format!("sqlite:{}", folder.path().join("vault.db").display())).await.unwrap();
        let keys = rsvault_storage::FileKeyRing::open(folder.path().join("keys")).unwrap();
        let objects = rsvault_storage::testing::memory_objects;
        let secondary = Secondary { objects: objects(), region: None, lag: jiff::SignedDuration::from_hours(12) };
        let engine = Engine::in_regions(store, objects(), Some(secondary), keys, clock.clone(), Arc::new(Silence));
        let tokens = Arc::new(Tokens::open(folder.path(), clock.clone()).unwrap());
        let simulated = Arc::new(Simulated::default());
        let state = Arc::new(AppState {
            engine,
            tokens,
            simulation: Some(simulated.clone()),
            timeline: Some(Arc::new(Told(clock.clone()))),
            soft_delete_off: crate::arm::SoftDeleteOff::default(),
            edge,
            seed: vec![("sqlvm1".to_owned(), seeded())],
            seed_groups: Vec::new(),
        });
        let app = Self { _folder: folder, clock, router: app(state.clone()), state, simulated };
        let mut tx = app.state.engine.store.begin().await.unwrap();
        let id: SubscriptionId = SUBSCRIPTION.parse().unwrap();
        tx.put_subscription(&Subscription { id, tenant: TENANT.parse().unwrap(), name: "rsvault".into() }).await.unwrap();
        tx.commit().await.unwrap();
        app.principal("owner", &[("Owner", "/")]).await;
        app
    }

    /// Makes a principal whose secret is its name.
    pub(crate) async fn principal(&self, client: &str, roles: &[(&str, &str)]) {
        let principal = principal(client);
        let mut tx = self.state.engine.store.begin().await.unwrap();
        tx.put_principal(&principal, secret::hash(client)).await.unwrap();
        for (role, scope) in roles {
            tx.insert_assignment(&RoleAssignment::seeded(principal.id, role, scope, Timestamp::UNIX_EPOCH)).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    pub(crate) fn token(&self, client: &str) -> String {
        self.state.tokens.issue(&principal(client), "https://localhost/adfs", "https://localhost").unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends as `client` (no token if empty) and reads the answer's JSON (null if empty).
    pub(crate) async fn call(&self, client: &str, method: &str, uri: &str, body: Option<Value>) -> (StatusCode, http::HeaderMap, Value) {
        let mut request = Request::builder().method(method).uri(uri).header("host", "localhost:8443");
        if !client.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token(client)));
        }
        let body = body.map_or_else(Body::empty, |b| Body::from(b.to_string()));
        let response = self.send(request.header("content-type", "application/json").body(body).unwrap()).await;
        read(response).await
    }
}

pub(crate) async fn read(response: Response) -> (StatusCode, http::HeaderMap, Value) {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let json = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()))
    };
    (parts.status, parts.headers, json)
}

/// A timeline that moves the test's clock and fires one purge on the way.
struct Told(Arc<FixedClock>);

#[async_trait::async_trait]
impl Timeline for Told {
    fn read(&self) -> ClockReading {
        ClockReading { now: self.0.now(), frozen: true, scale: 1.0 }
    }
    async fn change(&self, change: ClockChange) -> Result<ClockReading> {
        if let Some(now) = change.now {
            self.0.0.send_replace(now);
        }
        Ok(ClockReading { now: self.0.now(), frozen: change.frozen.unwrap_or(true), scale: change.scale.unwrap_or(1.0) })
    }
    async fn advance(&self, until: Until) -> Result<Advanced> {
        let from = self.0.now();
        let to = match until {
            Until::By(span) => from.to_zoned(jiff::tz::TimeZone::UTC).checked_add(span).unwrap().timestamp(),
            Until::To(to) => to,
        };
        self.0.0.send_replace(to);
        let event = Event { at: to, kind: EventKind::SoftDelete, subject: "i".into(), text: "purged".into() };
        Ok(Advanced {
            from,
            to,
            steps: 1,
            counts: [(EventKind::SoftDelete, 1)].into(),
            fired: vec![event],
            truncated: false,
            unfinished: Vec::new(),
        })
    }
}

/// Simulated servers that only remember what they were told.
#[derive(Default)]
pub(crate) struct Simulated(Mutex<HashMap<ServerId, ServerSpec>>, Mutex<std::collections::BTreeMap<String, (String, GroupSpec)>>);

#[async_trait::async_trait]
impl Simulation for Simulated {
    async fn put(&self, server: &Server, spec: &ServerSpec) -> Result<()> {
        self.0.lock().unwrap().insert(server.id, spec.clone());
        Ok(())
    }
    async fn get(&self, server: ServerId) -> Result<Option<ServerSpec>> {
        Ok(self.0.lock().unwrap().get(&server).cloned())
    }
    async fn delete(&self, server: ServerId) -> Result<()> {
        self.0.lock().unwrap().remove(&server);
        Ok(())
    }
    async fn write(&self, _: ServerId, _: &str, _: &str, change: OracleChange) -> Result<OracleWrite> {
        let sum = u128::from(change.pages) + u128::from(change.seed) + if change.bulk { 100 } else { 0 };
        Ok(OracleWrite { lsn: Lsn(sum), committed_at: Timestamp::UNIX_EPOCH })
    }
    async fn reboot(&self, _: &Server) -> Result<()> {
        Ok(())
    }
    async fn put_group(&self, name: &str, _: &[Server], spec: &GroupSpec) -> Result<uuid::Uuid> {
        self.1.lock().unwrap().insert(name.to_lowercase(), (name.to_owned(), spec.clone()));
        Ok(uuid::Uuid::nil())
    }
    async fn groups(&self) -> Result<Vec<(String, GroupSpec)>> {
        Ok(self.1.lock().unwrap().values().cloned().collect())
    }
    async fn delete_group(&self, name: &str) -> Result<bool> {
        Ok(self.1.lock().unwrap().remove(&name.to_lowercase()).is_some())
    }
    async fn foreign_backup(
        &self,
        _: ServerId,
        instance: &str,
        database: &str,
        kind: BackupKind,
        product: Option<String>,
    ) -> Result<OracleWrite> {
        let named = product.map_or(0, |name| 1000 * name.len());
        let told = instance.len() + 10 * database.len() + 100 * kind.as_str().len() + named;
        Ok(OracleWrite { lsn: Lsn(told as u128), committed_at: Timestamp::UNIX_EPOCH })
    }
    async fn checksum(&self, _: ServerId, instance: &str, database: &str, at: OracleMoment) -> Result<OracleChecksum> {
        Ok(OracleChecksum { lsn: Lsn(7), committed_at: Timestamp::UNIX_EPOCH, hash: format!("{instance}/{database} {at:?}") })
    }
}

impl Simulated {
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}
