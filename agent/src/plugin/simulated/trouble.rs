//! What is wrong with the server, as its spec says: where the engine meets it, and in whose words it
//! answers.
//!
//! Always holds: a backup or restore that is refused here has read and written nothing; what is held goes on
//! by itself when the switch is cleared, and ends at once when it is cancelled.

use super::format::Header;
use super::instance::Instance;
use super::pages::PAGES_PER_MIB;
use super::server::SimulatedServer;
use crate::plugin::WorkloadError;
use rsvault_domain::fault::JobFault;
use rsvault_domain::id::NameKey;
use rsvault_domain::simulation::{DatabaseFaults, Extension, MOST_FILES, ServerFaults};
use std::io::{Error, ErrorKind};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Between two looks at a switch that holds work.
const LOOK: Duration = Duration::from_millis(50);
/// `EIO`.
const BROKEN_DISK: i32 = 5;

/// A fault with the message of the engine that stands behind it.
fn engine_says(code: &str, detail: impl Into<String>, number: u32, text: &str) -> WorkloadError {
    WorkloadError::Fault(JobFault::catalogue(code, detail).saying(format!("SQL error {number}: {text}")))
}

impl SimulatedServer {
    /// Refuses all work of a server on which the agent could not do any.
    pub(super) fn ready(&self) -> Result<(), WorkloadError> {
        let ServerFaults { extension, guest_agent_missing, no_internet, old_dot_net } = self.faults();
        let code = if guest_agent_missing {
            "GuestAgentStatusUnavailableUserError"
        } else if no_internet {
            "UserErrorVMInternetConnectivityIssue"
        } else if old_dot_net {
            "UserErrorDotNetVersionUpgradeRequired"
        } else {
            match extension {
                Extension::NotInstalled => "UserErrorWorkloadExtensionNotInstalled",
                Extension::NotPresent => "WorkloadExtensionNotPresent",
                Extension::Running | Extension::NotPolling | Extension::Stopped => return Ok(()),
            }
        };
        Err(WorkloadError::fault(code, format!("Server '{}'.", self.name())))
    }
}

impl Instance {
    fn faults_of(&self, database: &str) -> DatabaseFaults {
        self.settings().faults_of.get(&NameKey::new(database)).cloned().unwrap_or_default()
    }

    /// Refuses a backup of a database that something is wrong with.
    pub(super) fn may_back_up(&self, database: &str) -> Result<(), WorkloadError> {
        let faults = self.faults_of(database);
        let named = format!("Database '{database}'.");
        if faults.permission_denied {
            let text = format!("BACKUP DATABASE permission denied in database '{database}'.");
            return Err(engine_says("UserErrorPermissionDenied", named, 262, &text));
        }
        if faults.mirrored {
            return Err(WorkloadError::fault("UserErrorOperationNotAllowedDatabaseMirroringEnabled", named));
        }
        if faults.single_user {
            let text = format!("Database '{database}' is already open and can only have one user at a time.");
            return Err(engine_says("UserErrorOperationFailedAsDatasourceIsOpenedByAnotherUser", named, 924, &text));
        }
        if let Some(files) = faults.files.filter(|files| *files > MOST_FILES) {
            return Err(WorkloadError::fault("UserErrorBackupFailedDatabaseFilesLimitExceeded", format!("It has {files} files.")));
        }
        if faults.log_full {
            let text = format!("The transaction log for database '{database}' is full due to 'LOG_BACKUP'.");
            return Err(engine_says("UserErrorBackupFailedAsTransactionLogIsFull", named, 9002, &text));
        }
        if faults.files_changing {
            let text = "Backup, file manipulation operations (such as ALTER DATABASE ADD FILE) and encryption changes on a database must be serialized. Reissue the statement after the current backup or file manipulation operation is completed.";
            return Err(engine_says("UserErrorFileManipulationIsNotAllowedDuringBackup", named, 3023, text));
        }
        self.answers(&faults)?;
        self.reads("read the database")
    }

    /// Refuses a restore to the instance, over `existing` if it replaces a database.
    pub(super) fn may_restore(&self, existing: Option<&str>) -> Result<(), WorkloadError> {
        let settings = self.settings();
        if settings.faults.single_user {
            let text = "Login failed. Reason: Server is in single user mode. Only one administrator can connect at this time.";
            return Err(engine_says(
                "UserErrorOperationFailedTargetSQLServerInSingleUserMode",
                format!("Instance '{}'.", self.name),
                18461,
                text,
            ));
        }
        if let Some(database) = existing {
            let faults = self.faults_of(database);
            if faults.in_use {
                let text = "Exclusive access could not be obtained because the database is in use.";
                return Err(engine_says("UserErrorRestoreFailedDatabaseCannotBeOfflined", format!("Database '{database}'."), 3101, text));
            }
            self.answers(&faults)?;
        }
        self.reads("write the restored database")
    }

    /// Refuses a backup that the instance cannot be given: of a newer version, encrypted with a certificate
    /// that it lacks, or larger than the space that is left.
    pub(super) fn accepts(&self, header: &Header) -> Result<(), WorkloadError> {
        let settings = self.settings();
        let (from, to) = (header.engine_version.trim_start_matches("SQL Server "), settings.version.as_str());
        if version(from) > version(to) {
            let from = from.split(' ').next().unwrap_or(from);
            let text = format!(
                "The database was backed up on a server running version {from}. That version is incompatible with this server, which is running version {to}. Either restore the database on a server that supports the backup, or use a backup that is compatible with this server."
            );
            let detail = format!("It was backed up on version {from}; the target runs {to}.");
            return Err(engine_says("UserErrorRestoreFailedIncompatibleSQLServerInstanceVersion", detail, 3169, &text));
        }
        if let Some(thumbprint) = &header.certificate
            && !settings.certificates.iter().any(|held| held.eq_ignore_ascii_case(thumbprint))
        {
            let text = format!("Cannot find server certificate with thumbprint '0x{thumbprint}'.");
            let detail = format!("Instance '{}' has no certificate with thumbprint 0x{thumbprint}.", self.name);
            return Err(engine_says("UserErrorCannotFindServerCertificateWithThumbprint", detail, 33111, &text));
        }
        let needs = u64::from(header.pages.div_ceil(PAGES_PER_MIB));
        if let Some(free) = settings.faults.free_space_mib.filter(|free| *free < needs) {
            let context = format!("write the restored database of {needs} MiB ({free} MiB are free)");
            return Err(WorkloadError::io(context, Error::from(ErrorKind::StorageFull)));
        }
        Ok(())
    }

    /// Waits while backups of the database are held.
    pub(super) async fn backups_go_on(&self, database: &str, cancel: &CancellationToken) -> Result<(), WorkloadError> {
        self.while_held(|| self.faults_of(database).hold_backups, cancel).await
    }
    /// Waits while restores to the instance are held.
    pub(super) async fn restores_go_on(&self, cancel: &CancellationToken) -> Result<(), WorkloadError> {
        self.while_held(|| self.settings().faults.hold_restores, cancel).await
    }
    async fn while_held(&self, held: impl Fn() -> bool, cancel: &CancellationToken) -> Result<(), WorkloadError> {
        while held() {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(WorkloadError::Cancelled),
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        Ok(())
    }

    fn answers(&self, faults: &DatabaseFaults) -> Result<(), WorkloadError> {
        let Some(error) = &faults.sql_error else { return Ok(()) };
        Err(engine_says("UserErrorGenericSQLUserCorrectableFault", error.text.clone(), error.number, &error.text))
    }
    fn reads(&self, what: &str) -> Result<(), WorkloadError> {
        if self.settings().faults.io_error {
            return Err(WorkloadError::io(format!("{what} of instance '{}'", self.name), Error::from_raw_os_error(BROKEN_DISK)));
        }
        Ok(())
    }
}

/// Major and minor number of a version: what makes a backup of one unfit for the other.
fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}
