//! A simulated SQL Server that is an oracle for tests: it knows what every database held at every
//! moment, without asking a backup.
//!
//! A database is a data file of 8 KiB pages and a transaction log ([`txlog`]); a change is logged
//! before it is written ([`change`]). Because the content of a page follows from a seed, the log is
//! small, is never truncated, and carries the checksum of the whole database after each change
//! ([`oracle`]). Its writer commits at fixed moments of the server's clock ([`writer`]). Backups are
//! fuzzy page copies plus the log over them, or log alone ([`backup`], [`chain`], [`format`]); restores
//! apply a chain aside, step by step, and swap ([`restore`], [`apply`]).

mod apply;
mod aside;
mod backup;
mod catalog;
mod chain;
mod change;
mod database;
mod format;
mod group;
mod hand_over;
mod index;
mod instance;
mod oracle;
mod pages;
mod restore;
mod server;
#[cfg(test)]
mod tests;
mod trouble;
mod txlog;
mod writer;

pub use database::WriteReceipt;
pub use group::SimulatedGroup;
pub use oracle::{At, Checksum};
pub use server::SimulatedServer;

use super::{BackupOutput, BackupRequest, RestoreInput, Workload, WorkloadError};
use async_trait::async_trait;
use rsvault_domain::availability::GroupInventory;
use rsvault_domain::backup::BackupFacts;
use rsvault_domain::discovery::InstanceInventory;
use rsvault_domain::fault::JobFault;
use rsvault_domain::restore::{RestorePlan, RestoreStep, RestoreTarget};
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
        self.0.ready()?;
        Ok(self.0.inventory())
    }

    async fn groups(&self) -> Result<(Vec<GroupInventory>, Option<JobFault>), WorkloadError> {
        let (groups, blind) = self.0.group_inventory();
        Ok((groups, blind.map(|error| error.to_job_fault())))
    }

    async fn backup(
        &self,
        request: &BackupRequest,
        output: &mut dyn BackupOutput,
        cancel: &CancellationToken,
    ) -> Result<BackupFacts, WorkloadError> {
        self.0.ready()?;
        let source = self.0.source(&request.instance, &request.database, request.kind)?;
        backup::run(&source, request, output, cancel).await
    }

    async fn confirm(&self, request: &BackupRequest, facts: &BackupFacts) -> Result<(), WorkloadError> {
        let (entry, database) = self.0.holder(&request.instance)?.database(&request.database)?;
        let (kind, facts) = (request.kind, facts.clone());
        server::blocking(move || database.confirm(kind, &facts, entry.recovery_model)).await
    }

    async fn steps_done(&self, id: Uuid, plan: &RestorePlan) -> Result<usize, WorkloadError> {
        Ok(restore::steps_done(&self.0, id, plan))
    }

    async fn check_restore(&self, plan: &RestorePlan) -> Result<(), WorkloadError> {
        self.0.ready()?;
        restore::check(&self.0, plan).map(|_| ())
    }

    async fn restore_step(
        &self,
        id: Uuid,
        plan: &RestorePlan,
        index: usize,
        _step: &RestoreStep,
        input: &mut dyn RestoreInput,
        cancel: &CancellationToken,
    ) -> Result<(), WorkloadError> {
        restore::run(&self.0, id, plan, index, input, cancel).await?;
        // The database that was swapped in may be one that has a background writer.
        self.0.retuned().await
    }

    async fn abandon_restore(&self, id: Uuid, plan: &RestorePlan) -> Result<(), WorkloadError> {
        let RestoreTarget::Database { instance, .. } = &plan.target else { return Ok(()) };
        // Of an instance that is gone nothing is left.
        let Ok(instance) = self.0.instance(instance) else { return Ok(()) };
        server::blocking(move || instance.abandon(id)).await
    }
}
