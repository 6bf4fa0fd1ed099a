//! Switches of simulated servers: what is wrong with them, on the wire. One that is left out is off.

use rsvault_domain::simulation::{DatabaseFaults, Extension, InstanceFaults, ServerFaults, SqlError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The workload backup extension of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ExtensionWord {
    /// Installed, runs, takes work.
    #[default]
    Running,
    /// `UserErrorWorkloadExtensionNotInstalled`.
    NotInstalled,
    /// `WorkloadExtensionNotPresent`.
    NotPresent,
    /// Runs, but takes no work: `WorkloadExtensionDidntDequeueMsg` after two minutes.
    NotPolling,
    /// Does not run: `WorkloadExtensionNotReachable` after two minutes.
    Stopped,
}

/// What is wrong with a server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schema(as = ServerFaults)]
pub(crate) struct ServerSwitches {
    /// State of its extension.
    #[schema(required = false)]
    extension: ExtensionWord,
    /// The guest agent is missing: `GuestAgentStatusUnavailableUserError`.
    #[schema(required = false)]
    guest_agent_missing: bool,
    /// No way out: `UserErrorVMInternetConnectivityIssue`.
    #[schema(required = false)]
    no_internet: bool,
    /// `UserErrorDotNetVersionUpgradeRequired`.
    #[schema(required = false)]
    old_dot_net: bool,
}

/// What is wrong with an instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schema(as = InstanceFaults)]
pub(crate) struct InstanceSwitches {
    /// Restores to it fail: `UserErrorOperationFailedTargetSQLServerInSingleUserMode`.
    #[schema(required = false)]
    single_user: bool,
    /// Its disk fails: `WlExtGenericIOFaultUserError`.
    #[schema(required = false)]
    io_error: bool,
    /// Restores to it wait, once they have begun, until this is off.
    #[schema(required = false)]
    hold_restores: bool,
    /// Free space of its disk; a larger restore fails: `UserErrorInsufficientSpaceForRestoreOnDisk`.
    #[serde(rename = "freeSpaceMiB", skip_serializing_if = "Option::is_none")]
    free_space_mib: Option<u64>,
    /// The backup account may not read the state of its availability groups: `UserErrorSQLNoViewServerStatePermission`.
    #[schema(required = false)]
    no_view_server_state: bool,
}

/// What is wrong with a database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schema(as = DatabaseFaults)]
pub(crate) struct DatabaseSwitches {
    /// `UserErrorPermissionDenied`.
    #[schema(required = false)]
    permission_denied: bool,
    /// `UserErrorOperationNotAllowedDatabaseMirroringEnabled`.
    #[schema(required = false)]
    mirrored: bool,
    /// Message 9002: `UserErrorBackupFailedAsTransactionLogIsFull`.
    #[schema(required = false)]
    log_full: bool,
    /// Message 3023: `UserErrorFileManipulationIsNotAllowedDuringBackup`.
    #[schema(required = false)]
    files_changing: bool,
    /// Another user has it alone: `UserErrorOperationFailedAsDatasourceIsOpenedByAnotherUser`.
    #[schema(required = false)]
    single_user: bool,
    /// It cannot be taken offline: `UserErrorRestoreFailedDatabaseCannotBeOfflined`.
    #[schema(required = false)]
    in_use: bool,
    /// Backups of it wait, once they have begun, until this is off.
    #[schema(required = false)]
    hold_backups: bool,
    /// Its files, 2 or more; above 1,000 `UserErrorBackupFailedDatabaseFilesLimitExceeded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 2)]
    files: Option<u32>,
    /// What the engine answers: `UserErrorGenericSQLUserCorrectableFault`.
    #[serde(skip_serializing_if = "Option::is_none")]
    sql_error: Option<SqlErrorBody>,
}

/// A message of the database engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SqlError)]
pub(crate) struct SqlErrorBody {
    /// Its number, as 3204.
    number: u32,
    /// Its text: 1 to 2048 characters.
    #[schema(min_length = 1, max_length = 2048)]
    text: String,
}

impl From<ServerSwitches> for ServerFaults {
    fn from(body: ServerSwitches) -> Self {
        let ServerSwitches { extension, guest_agent_missing, no_internet, old_dot_net } = body;
        let extension = match extension {
            ExtensionWord::Running => Extension::Running,
            ExtensionWord::NotInstalled => Extension::NotInstalled,
            ExtensionWord::NotPresent => Extension::NotPresent,
            ExtensionWord::NotPolling => Extension::NotPolling,
            ExtensionWord::Stopped => Extension::Stopped,
        };
        Self { extension, guest_agent_missing, no_internet, old_dot_net }
    }
}
impl From<&ServerFaults> for ServerSwitches {
    fn from(faults: &ServerFaults) -> Self {
        let extension = match faults.extension {
            Extension::Running => ExtensionWord::Running,
            Extension::NotInstalled => ExtensionWord::NotInstalled,
            Extension::NotPresent => ExtensionWord::NotPresent,
            Extension::NotPolling => ExtensionWord::NotPolling,
            Extension::Stopped => ExtensionWord::Stopped,
        };
        let ServerFaults { guest_agent_missing, no_internet, old_dot_net, .. } = *faults;
        Self { extension, guest_agent_missing, no_internet, old_dot_net }
    }
}

impl From<InstanceSwitches> for InstanceFaults {
    fn from(body: InstanceSwitches) -> Self {
        let InstanceSwitches { single_user, io_error, hold_restores, free_space_mib, no_view_server_state } = body;
        Self { single_user, io_error, hold_restores, free_space_mib, no_view_server_state }
    }
}
impl From<&InstanceFaults> for InstanceSwitches {
    fn from(faults: &InstanceFaults) -> Self {
        let InstanceFaults { single_user, io_error, hold_restores, free_space_mib, no_view_server_state } = *faults;
        Self { single_user, io_error, hold_restores, free_space_mib, no_view_server_state }
    }
}

impl From<DatabaseSwitches> for DatabaseFaults {
    fn from(body: DatabaseSwitches) -> Self {
        Self {
            permission_denied: body.permission_denied,
            mirrored: body.mirrored,
            log_full: body.log_full,
            files_changing: body.files_changing,
            single_user: body.single_user,
            in_use: body.in_use,
            hold_backups: body.hold_backups,
            files: body.files,
            sql_error: body.sql_error.map(|error| SqlError { number: error.number, text: error.text }),
        }
    }
}
impl From<&DatabaseFaults> for DatabaseSwitches {
    fn from(faults: &DatabaseFaults) -> Self {
        Self {
            permission_denied: faults.permission_denied,
            mirrored: faults.mirrored,
            log_full: faults.log_full,
            files_changing: faults.files_changing,
            single_user: faults.single_user,
            in_use: faults.in_use,
            hold_backups: faults.hold_backups,
            files: faults.files,
            sql_error: faults.sql_error.as_ref().map(|error| SqlErrorBody { number: error.number, text: error.text.clone() }),
        }
    }
}

/// Whether nothing is wrong: such switches are left out of answers.
pub(crate) fn off<T: Default + PartialEq>(switches: &T) -> bool {
    *switches == T::default()
}
