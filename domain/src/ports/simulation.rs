//! The simulated servers of the emulator, as the rest of the house drives them.

use crate::backup::BackupKind;
use crate::discovery::Server;
use crate::fault::Result;
use crate::id::ServerId;
use crate::simulation::{GroupSpec, ServerSpec};
use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

/// Checksum of a database's state, known to the simulator without any backup.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OracleChecksum {
    /// LSN of the state.
    pub lsn: crate::backup::Lsn,
    /// When that LSN was committed.
    pub committed_at: Timestamp,
    /// Hash over all pages, hex.
    pub hash: String,
}

/// What a write on a simulated database did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OracleWrite {
    /// LSN of its commit.
    pub lsn: crate::backup::Lsn,
    /// When.
    pub committed_at: Timestamp,
}

/// A change to a simulated database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OracleChange {
    /// How many pages.
    pub pages: u32,
    /// From which the pages and their content are drawn.
    pub seed: u64,
    /// As a bulk operation: minimally logged if the recovery model is BulkLogged.
    pub bulk: bool,
}

/// At which moment the oracle is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OracleMoment {
    /// Now.
    Latest,
    /// At this LSN.
    Lsn(crate::backup::Lsn),
    /// At this time.
    Time(Timestamp),
}

/// The emulator's simulated servers. `put` makes or changes a server and its in-process agent.
#[async_trait]
pub trait Simulation: Send + Sync + 'static {
    /// Makes or changes the server `name`.
    async fn put(&self, server: &Server, spec: &ServerSpec) -> Result<()>;
    /// What it was made of and holds now (restored databases included).
    async fn get(&self, server: ServerId) -> Result<Option<ServerSpec>>;
    /// Powers down, forgets, deletes its files.
    async fn delete(&self, server: ServerId) -> Result<()>;
    /// Restarts a running server; what its agent does is cancelled by it.
    async fn reboot(&self, server: &Server) -> Result<()>;
    /// Changes pages of a database.
    async fn write(&self, server: ServerId, instance: &str, database: &str, change: OracleChange) -> Result<OracleWrite>;
    /// Lets another product take a backup of `kind` that no vault sees; answers where it ended. A log
    /// moves the log chain on, a full the differential base. `product`: its name, if it gives it.
    async fn foreign_backup(
        &self,
        server: ServerId,
        instance: &str,
        database: &str,
        kind: BackupKind,
        product: Option<String>,
    ) -> Result<OracleWrite>;
    /// Checksum of a database at a moment.
    async fn checksum(&self, server: ServerId, instance: &str, database: &str, at: OracleMoment) -> Result<OracleChecksum>;
    /// Makes or changes the availability group `name`; `servers` are those of its replicas, in their order. Its id.
    async fn put_group(&self, name: &str, servers: &[Server], spec: &GroupSpec) -> Result<Uuid>;
    /// All availability groups by name.
    async fn groups(&self) -> Result<Vec<(String, GroupSpec)>>;
    /// Takes a group apart; its databases stay on the primary's instance. False if there is none.
    async fn delete_group(&self, name: &str) -> Result<bool>;
}
