//! PostgreSQL: a real cluster, backed up by the server's own streaming base backup.
//!
//! A base backup is of the whole cluster, so the instance `PostgreSQL-{port}` shows one database,
//! `cluster`. Fulls and copy-only fulls are the same thing here: neither starts a chain that
//! something hangs on. No differentials and no logs, so its recovery model is Simple.

mod backup;
mod owner;
mod process;
mod restore;
mod server;
mod settings;
mod tar_scan;
mod target;
mod unpack;

pub use settings::PostgresSettings;

use super::{BackupOutput, BackupRequest, RestoreInput, Workload, WorkloadError};
use async_trait::async_trait;
use rsvault_domain::backup::{BackupFacts, BackupKind, FileKind, RecoveryModel};
use rsvault_domain::discovery::{DataDirectory, DatabaseInventory, InstanceInventory};
use rsvault_domain::ports::Clock;
use rsvault_domain::restore::{RestorePlan, RestoreStep};
use server::Server;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use target::Target;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Name of the one database that a cluster shows.
pub const CLUSTER: &str = "cluster";

/// The PostgreSQL engine.
pub struct PostgresWorkload {
    settings: PostgresSettings,
    clock: Arc<dyn Clock>,
    restoring: Mutex<HashSet<PathBuf>>,
}

impl PostgresWorkload {
    /// The cluster that `settings` lead to.
    pub fn new(settings: PostgresSettings, clock: Arc<dyn Clock>) -> Self {
        Self { settings, clock, restoring: Mutex::default() }
    }

    fn check(&self, request: &BackupRequest) -> Result<(), WorkloadError> {
        let instance = self.settings.instance();
        if !request.instance.eq_ignore_ascii_case(&instance) || !request.database.eq_ignore_ascii_case(CLUSTER) {
            return Err(WorkloadError::fault(
                "UserErrorSQLPODoesNotExist",
                format!("This server has '{CLUSTER}' on '{instance}', not '{}' on '{}'.", request.database, request.instance),
            ));
        }
        if matches!(request.kind, BackupKind::Full | BackupKind::CopyOnlyFull) {
            return Ok(());
        }
        Err(WorkloadError::fault(
            "UserErrorSQLPODoesNotSupportBackupType",
            format!("A PostgreSQL cluster supports Full and CopyOnlyFull, not {}.", request.kind.as_str()),
        ))
    }
}

#[async_trait]
impl Workload for PostgresWorkload {
    fn engine(&self) -> &'static str {
        "postgresql"
    }

    async fn discover(&self) -> Result<Vec<InstanceInventory>, WorkloadError> {
        let mut instance = InstanceInventory {
            name: self.settings.instance(),
            version: String::new(),
            directories: vec![],
            databases: vec![],
            fault: None,
        };
        match Server::ask(&self.settings).await {
            Err(error) => instance.fault = Some(error.to_job_fault()),
            Ok(server) => {
                // Clients make the target paths of a restore from these folders.
                let root = format!("{}/", self.settings.restore_root.display());
                instance.directories = [FileKind::Data, FileKind::Log].map(|kind| DataDirectory { kind, path: root.clone() }).into();
                match server.check_rights(&self.settings.user) {
                    Err(error) => instance.fault = Some(error.to_job_fault()),
                    Ok(()) => {
                        instance.databases = vec![DatabaseInventory {
                            name: CLUSTER.into(),
                            recovery_model: RecoveryModel::Simple,
                            size: server.size,
                            read_only: false,
                        }];
                    }
                }
                instance.version = server.version;
            }
        }
        Ok(vec![instance])
    }

    async fn backup(
        &self,
        request: &BackupRequest,
        output: &mut dyn BackupOutput,
        cancel: &CancellationToken,
    ) -> Result<BackupFacts, WorkloadError> {
        self.check(request)?;
        backup::run(&self.settings, self.clock.as_ref(), output, cancel).await
    }

    async fn check_restore(&self, plan: &RestorePlan) -> Result<(), WorkloadError> {
        Target::of(plan, &self.settings)?.check_free()
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
        let target = Target::of(plan, &self.settings)?;
        let _claim = Claim::take(&self.restoring, &target)?;
        restore::run(&self.settings, &target, index, input, cancel).await
    }

    async fn abandon_restore(&self, _id: Uuid, plan: &RestorePlan) -> Result<(), WorkloadError> {
        let target = Target::of(plan, &self.settings)?;
        let _claim = Claim::take(&self.restoring, &target)?;
        restore::on_disk(&target, Target::clean_up).await
    }
}

/// Holds a target for one restore: two would build in the same place.
struct Claim<'a> {
    held: &'a Mutex<HashSet<PathBuf>>,
    directory: PathBuf,
}

impl<'a> Claim<'a> {
    fn take(held: &'a Mutex<HashSet<PathBuf>>, target: &Target) -> Result<Self, WorkloadError> {
        let directory = target.directory.clone();
        if held.lock().unwrap_or_else(PoisonError::into_inner).insert(directory.clone()) {
            return Ok(Self { held, directory });
        }
        Err(WorkloadError::fault("UserErrorRestoreOperationInProgress", format!("'{}' is its target.", directory.display())))
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.directory);
    }
}
