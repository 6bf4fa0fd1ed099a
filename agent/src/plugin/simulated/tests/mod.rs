//! Tests of the engine as the agent uses it, with the oracle as the judge.

mod backups;
mod chains;
mod groups;
mod restores;
mod resume;
mod servers;
mod writers;

use super::{At, SimulatedEngine, SimulatedServer};
use crate::plugin::{BackupOutput, BackupRequest, RestoreInput, Workload, WorkloadError};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::backup::{BackupFacts, BackupKind, FileKind};
use rsvault_domain::id::SetId;
use rsvault_domain::ports::{Clock, OracleChange};
use rsvault_domain::restore::{FileMapping, RestorePlan, RestoreStep, RestoreTarget};
use rsvault_domain::simulation::ServerSpec;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A clock that stands where it was put, and moves as far as told with each look.
pub(super) struct Stand(AtomicI64, i64);
impl Stand {
    pub(super) fn still() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(0), 0))
    }
    fn ticking() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(0), 1000))
    }
    pub(super) fn go_on(&self, by: SignedDuration) {
        self.0.fetch_add(by.as_micros() as i64, Ordering::Relaxed);
    }
}
#[async_trait]
impl Clock for Stand {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_760_000_000).unwrap() + SignedDuration::from_micros(self.0.fetch_add(self.1, Ordering::Relaxed))
    }
    async fn until(&self, _: Timestamp) {
        std::future::pending::<()>().await;
    }
}

/// Databases `sales` (2 MiB, `rate`) and `hr` (1 MiB) on MSSQLSERVER.
pub(super) fn spec(rate: u32) -> ServerSpec {
    serde_json::from_value(json!({"resourceGroup": "rg1", "location": "westeurope", "instances": [{"name": "MSSQLSERVER", "databases": [
        {"name": "sales", "sizeMiB": 2, "writeRate": rate}, {"name": "hr", "sizeMiB": 1, "recoveryModel": "Simple"}]}]}))
    .unwrap()
}

pub(super) const INSTANCE: &str = "MSSQLSERVER";

pub(super) async fn open(root: &Path, spec: &ServerSpec) -> Arc<SimulatedServer> {
    SimulatedServer::open(root, "sqlvm1", spec, Stand::ticking()).await.unwrap()
}

/// A server in a folder of its own.
pub(super) struct World {
    pub(super) root: tempfile::TempDir,
    pub(super) server: Arc<SimulatedServer>,
    pub(super) engine: SimulatedEngine,
}

impl World {
    pub(super) async fn new(rate: u32) -> Self {
        let root = tempfile::tempdir().unwrap();
        let server = open(root.path(), &spec(rate)).await;
        Self { engine: SimulatedEngine::new(Arc::clone(&server)), server, root }
    }
    /// On a clock of the test's own.
    pub(super) async fn with(clock: &Arc<Stand>, spec: &ServerSpec) -> Self {
        let root = tempfile::tempdir().unwrap();
        let server = SimulatedServer::open(root.path(), "sqlvm1", spec, clock.clone()).await.unwrap();
        Self { engine: SimulatedEngine::new(Arc::clone(&server)), server, root }
    }
    /// Drops the server as a crash would and opens it again.
    pub(super) async fn reopen(&mut self, clock: &Arc<Stand>, spec: &ServerSpec) {
        self.server = SimulatedServer::open(self.root.path(), "sqlvm1", spec, clock.clone()).await.unwrap();
        self.engine = SimulatedEngine::new(Arc::clone(&self.server));
    }
    pub(super) async fn hash(&self, database: &str, at: Option<At>) -> String {
        self.server.checksum(INSTANCE, database, at).await.unwrap().hash
    }
    pub(super) async fn backup(&self, database: &str) -> (BackupFacts, Vec<u8>) {
        self.backup_of(database, BackupKind::Full).await.unwrap()
    }
    /// A backup that the vault has committed.
    pub(super) async fn backup_of(&self, database: &str, kind: BackupKind) -> Result<(BackupFacts, Vec<u8>), WorkloadError> {
        let (facts, bytes) = self.unconfirmed(database, kind).await?;
        self.engine.confirm(&request(database, kind), &facts).await.unwrap();
        Ok((facts, bytes))
    }
    /// A backup that the vault does not commit.
    pub(super) async fn unconfirmed(&self, database: &str, kind: BackupKind) -> Result<(BackupFacts, Vec<u8>), WorkloadError> {
        let mut output = Taken::default();
        let facts = self.engine.backup(&request(database, kind), &mut output, &CancellationToken::new()).await?;
        assert_eq!(facts.source_bytes, output.0.len() as u64);
        Ok((facts, output.0))
    }
    pub(super) async fn restore(&self, target: RestoreTarget, bytes: &[u8]) -> Result<(), WorkloadError> {
        let plan = plan(target);
        let result =
            self.engine.restore_step(uuid::Uuid::nil(), &plan, 0, &plan.steps[0], &mut Given::new(bytes), &CancellationToken::new()).await;
        if result.is_err() {
            self.engine.abandon_restore(uuid::Uuid::nil(), &plan).await.unwrap();
        }
        result
    }
    /// Takes a backup and keeps it.
    pub(super) async fn keep(&self, database: &str, kind: BackupKind) -> Kept {
        let (facts, bytes) = self.backup_of(database, kind).await.unwrap();
        Kept { kind, facts, bytes }
    }
    /// Applies a chain of backups.
    pub(super) async fn apply(&self, chain: &[&Kept], stop_at: Option<Timestamp>, target: RestoreTarget) -> Result<(), WorkloadError> {
        let (plan, mut input) = chain_plan(chain, stop_at, target);
        let id = uuid::Uuid::new_v4();
        self.engine.check_restore(&plan).await?;
        for (index, step) in plan.steps.iter().enumerate() {
            let applied = self.engine.restore_step(id, &plan, index, step, &mut input, &CancellationToken::new()).await;
            if applied.is_err() {
                self.engine.abandon_restore(id, &plan).await.unwrap();
                return applied;
            }
        }
        Ok(())
    }
    /// All files under the root, but for the logs that the oracle keeps of what was overwritten.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    if !path.ends_with("History") {
                        walk(&path, into);
                    }
                } else {
                    into.push(path);
                }
            }
        }
        let mut files = Vec::new();
        walk(self.root.path(), &mut files);
        files.sort();
        files
    }
}

pub(super) fn request(database: &str, kind: BackupKind) -> BackupRequest {
    BackupRequest { instance: INSTANCE.into(), database: database.into(), kind, stripes: 1 }
}
pub(super) fn change(pages: u32, seed: u64) -> OracleChange {
    OracleChange { pages, seed, bulk: false }
}
pub(super) fn to(database: &str, overwrite: bool) -> RestoreTarget {
    RestoreTarget::Database { instance: INSTANCE.into(), database: database.into(), overwrite, files: vec![], recover: true }
}
pub(super) fn to_files(database: &str, overwrite: bool, data: &Path, log: &Path) -> RestoreTarget {
    let file = |kind, logical: &str, path: &Path| FileMapping {
        kind,
        logical_name: logical.into(),
        source_path: String::new(),
        target_path: path.display().to_string(),
    };
    let files = vec![file(FileKind::Data, "sales", data), file(FileKind::Log, "sales_log", log)];
    RestoreTarget::Database { instance: INSTANCE.into(), database: database.into(), overwrite, files, recover: true }
}
pub(super) fn plan(target: RestoreTarget) -> RestorePlan {
    let step = RestoreStep { set_id: SetId(uuid::Uuid::new_v4()), kind: BackupKind::Full, point: "1".into(), time: Timestamp::UNIX_EPOCH };
    RestorePlan { source_database: "sales".into(), steps: vec![step], stop_at: None, target }
}
/// A backup as the vault keeps it.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) kind: BackupKind,
    pub(super) facts: BackupFacts,
    pub(super) bytes: Vec<u8>,
}
/// The plan that applies `chain` in order, and its bytes.
pub(super) fn chain_plan(chain: &[&Kept], stop_at: Option<Timestamp>, target: RestoreTarget) -> (RestorePlan, Chain) {
    let step = |kept: &&Kept| RestoreStep {
        set_id: SetId(uuid::Uuid::from_u128(kept.facts.last_lsn.0)),
        kind: kept.kind,
        point: "1".into(),
        time: kept.facts.consistent_at,
    };
    let plan = RestorePlan { source_database: "sales".into(), steps: chain.iter().map(step).collect(), stop_at, target };
    (plan, Chain(chain.iter().map(|kept| Given::new(&kept.bytes)).collect()))
}
/// Gives the bytes of several steps.
pub(super) struct Chain(pub(super) Vec<Given>);
#[async_trait]
impl RestoreInput for Chain {
    fn streams(&self, step: usize) -> u32 {
        self.0[step].streams(0)
    }
    async fn read(&mut self, step: usize, stream: u32) -> Result<Option<Bytes>, WorkloadError> {
        self.0[step].read(0, stream).await
    }
}
pub(super) fn code<T>(result: Result<T, WorkloadError>) -> String {
    match result {
        Ok(_) => "ok".into(),
        Err(error) => error.to_job_fault().code,
    }
}

/// Takes a backup into memory.
#[derive(Default)]
pub(super) struct Taken(pub(super) Vec<u8>);
#[async_trait]
impl BackupOutput for Taken {
    async fn write(&mut self, stream: u32, bytes: Bytes) -> Result<(), WorkloadError> {
        assert_eq!(stream, 0);
        assert!(bytes.len() <= 1024 * 1024);
        self.0.extend_from_slice(&bytes);
        tokio::task::yield_now().await;
        Ok(())
    }
}

/// Gives a backup in pieces of an odd size.
pub(super) struct Given {
    bytes: Bytes,
    /// Fails with a transport error once this many bytes were given.
    pub(super) fails_after: usize,
    given: usize,
}
impl Given {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self { bytes: Bytes::copy_from_slice(bytes), fails_after: usize::MAX, given: 0 }
    }
}
#[async_trait]
impl RestoreInput for Given {
    fn streams(&self, _step: usize) -> u32 {
        1
    }
    async fn read(&mut self, step: usize, stream: u32) -> Result<Option<Bytes>, WorkloadError> {
        assert_eq!((step, stream), (0, 0));
        if self.given >= self.fails_after {
            return Err(WorkloadError::Transport("the vault is gone".into()));
        }
        tokio::task::yield_now().await;
        let piece = self.bytes.split_to(self.bytes.len().min(300_007));
        self.given += piece.len();
        Ok((!piece.is_empty()).then_some(piece))
    }
}
