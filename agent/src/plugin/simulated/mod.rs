//! A simulated SQL Server that is an oracle for tests: it knows what every database held at every
//! moment, without asking a backup.
//!
//! A database is a data file of 8 KiB pages and a transaction log ([`txlog`]); a change is logged
//! before it is written. Because the content of a page follows from a seed, the log is small, is
//! never truncated, and carries the checksum of the whole database after each change ([`oracle`]).
//! Backups are fuzzy page copies plus the log over them ([`backup`], [`format`]); restores build
//! aside and swap ([`restore`]).

mod aside;
mod backup;
mod catalog;
mod database;
mod format;
mod instance;
mod oracle;
mod pages;
mod restore;
mod server;
#[cfg(test)]
mod tests;
mod txlog;
mod writer;

pub use database::WriteReceipt;
pub use oracle::{At, Checksum};
pub use server::SimulatedServer;

use super::{BackupOutput, BackupRequest, RestoreInput, Workload, WorkloadError};
use async_trait::async_trait;
use rsvault_domain::backup::BackupFacts;
use rsvault_domain::discovery::InstanceInventory;
use rsvault_domain::restore::{RestorePlan, RestoreStep};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A simulated server as a workload of an agent.
pub struct SimulatedEngine(Arc<SimulatedServer>);

impl SimulatedEngine {
    /// Wraps a server; tests keep their own handle for the oracle.
    pub fn new(server: Arc<SimulatedServer>) -> Self {
        Self(server)
    }
    /// The server.
    pub fn server(&self) -> &Arc<SimulatedServer> {
        &self.0
    }
}

#[async_trait]
impl Workload for SimulatedEngine {
    fn engine(&self) -> &'static str {
        "simulated"
    }

    async fn discover(&self) -> Result<Vec<InstanceInventory>, WorkloadError> {
        Ok(self.0.inventory())
    }

    async fn backup(
        &self,
        request: &BackupRequest,
        output: &mut dyn BackupOutput,
        cancel: &CancellationToken,
    ) -> Result<BackupFacts, WorkloadError> {
        backup::run(&self.0.instance(&request.instance)?, request, output, cancel).await
    }

    async fn check_restore(&self, plan: &RestorePlan) -> Result<(), WorkloadError> {
        restore::check(&self.0, plan).map(|_| ())
    }

    async fn restore_step(
        &self,
        _id: Uuid,
        plan: &RestorePlan,
        index: usize,
        _step: &RestoreStep,
        input: &mut dyn RestoreInput,
        cancel: &CancellationToken,
    ) -> Result<(), WorkloadError> {
        restore::run(&self.0, plan, index, input, cancel).await?;
        // The database that was swapped in may be one that has a background writer.
        self.0.retune();
        Ok(())
    }

    async fn abandon_restore(&self, _id: Uuid, _plan: &RestorePlan) -> Result<(), WorkloadError> {
        // A step that fails or is dropped removes what it built, and nothing is kept between steps.
        Ok(())
    }
}
