//! Tests of the engine as the agent uses it, with the oracle as the judge.

mod backups;
mod restores;
mod servers;

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

/// A clock that moves a millisecond with each look.
pub(super) struct Ticking(AtomicI64);
#[async_trait::async_trait]
impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_760_000_000).unwrap() + SignedDuration::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }
    async fn until(&self, _: Timestamp) {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
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
    SimulatedServer::open(root, "sqlvm1", spec, Arc::new(Ticking(AtomicI64::new(0)))).await.unwrap()
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
    pub(super) async fn hash(&self, database: &str, at: Option<At>) -> String {
        self.server.checksum(INSTANCE, database, at).await.unwrap().hash
    }
    pub(super) async fn backup(&self, database: &str) -> (BackupFacts, Vec<u8>) {
        let mut output = Taken::default();
        let facts = self.engine.backup(&request(database, BackupKind::Full), &mut output, &CancellationToken::new()).await.unwrap();
        assert_eq!(facts.source_bytes, output.0.len() as u64);
        (facts, output.0)
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
    /// All files under the root.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, into) } else { into.push(path) }
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
