//! What is wrong with a simulated server, instance or database: switches that make its agent meet the
//! faults of the catalogue.
//!
//! Always holds: nothing is wrong unless said; a switch that is left out of the next body is cleared.

use serde::{Deserialize, Serialize};

/// The workload backup extension (the agent) of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Extension {
    /// It is installed, runs and takes work.
    #[default]
    Running,
    /// It is not installed: `UserErrorWorkloadExtensionNotInstalled`.
    NotInstalled,
    /// It was removed: `WorkloadExtensionNotPresent`.
    NotPresent,
    /// It runs, but takes no work: `WorkloadExtensionDidntDequeueMsg` once the patience of a command is over.
    NotPolling,
    /// It does not run: `WorkloadExtensionNotReachable` once the patience of a command is over.
    Stopped,
}

/// What is wrong with a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ServerFaults {
    /// The state of its extension.
    pub extension: Extension,
    /// `GuestAgentStatusUnavailableUserError`.
    pub guest_agent_missing: bool,
    /// `UserErrorVMInternetConnectivityIssue`.
    pub no_internet: bool,
    /// `UserErrorDotNetVersionUpgradeRequired`.
    pub old_dot_net: bool,
}

/// What is wrong with an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InstanceFaults {
    /// Restores to it fail: `UserErrorOperationFailedTargetSQLServerInSingleUserMode`.
    pub single_user: bool,
    /// Its disk cannot be read or written: `WlExtGenericIOFaultUserError`.
    pub io_error: bool,
    /// Its availability groups cannot be seen: `UserErrorSQLNoViewServerStatePermission`.
    pub no_view_server_state: bool,
    /// Restores to it wait, once they have begun, until this is cleared.
    pub hold_restores: bool,
    /// Free space of its disk; a restore of more fails with `UserErrorInsufficientSpaceForRestoreOnDisk`.
    #[serde(rename = "freeSpaceMiB", skip_serializing_if = "Option::is_none")]
    pub free_space_mib: Option<u64>,
}

/// What is wrong with a database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DatabaseFaults {
    /// `UserErrorPermissionDenied`.
    pub permission_denied: bool,
    /// `UserErrorOperationNotAllowedDatabaseMirroringEnabled`.
    pub mirrored: bool,
    /// Message 9002: `UserErrorBackupFailedAsTransactionLogIsFull`.
    pub log_full: bool,
    /// Message 3023: `UserErrorFileManipulationIsNotAllowedDuringBackup`.
    pub files_changing: bool,
    /// Another user has it open alone: `UserErrorOperationFailedAsDatasourceIsOpenedByAnotherUser`.
    pub single_user: bool,
    /// A restore cannot take it offline: `UserErrorRestoreFailedDatabaseCannotBeOfflined`.
    pub in_use: bool,
    /// Backups wait, once they have begun, until this is cleared.
    pub hold_backups: bool,
    /// Its files; above 1,000 `UserErrorBackupFailedDatabaseFilesLimitExceeded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<u32>,
    /// What the engine answers to backups and restores: `UserErrorGenericSQLUserCorrectableFault`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql_error: Option<SqlError>,
}

/// A message of the database engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SqlError {
    /// Its number (`3204`).
    pub number: u32,
    /// Its text.
    pub text: String,
}

/// Most files that a database may have to be backed up (rulebook 2.2).
pub const MOST_FILES: u32 = 1_000;

/// Whether nothing is wrong: such a switchboard is left out of what is stored.
pub(super) fn none<T: Default + PartialEq>(faults: &T) -> bool {
    *faults == T::default()
}
