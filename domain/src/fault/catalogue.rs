//! The catalogue of faults (rulebook 9).

use super::codes;

/// Catalogue entries raised by what is built so far: code, number, text, recommendation.
pub(super) const CATALOGUE: &[(&str, i64, &str, &str)] = &[
    (
        "UserErrorSQLNoSysadminMembership",
        520_901,
        "The backup account is not a member of sysadmin on the instance.",
        "Grant sysadmin to the backup account on every instance, then rediscover the databases.",
    ),
    (
        "UserErrorOpeningSQLConnection",
        520_902,
        "The agent could not connect to the instance.",
        "Start the instance and check that it accepts connections, then try again.",
    ),
    (
        "UserErrorNoSQlInstancesOnMachine",
        520_903,
        "No SQL Server instance was found on the machine.",
        "Install or start an instance, then rediscover the databases.",
    ),
    ("UserErrorSQLPODoesNotExist", 520_904, "The database does not exist on the instance any more.", "Restore it, or stop protecting it."),
    (
        "UserErrorSQLPODoesNotSupportBackupType",
        520_905,
        "The database does not support this type of backup.",
        "Choose a type that its recovery model allows.",
    ),
    (
        "OperationCancelledBecauseConflictingOperationRunningUserError",
        510_008,
        "Another backup of the same type is running on this database.",
        "Wait until it has ended, then try again.",
    ),
    (
        "UserErrorGenericSQLUserCorrectableFault",
        520_906,
        "The database engine reported an error.",
        "Act on the engine's message, then try again.",
    ),
    (
        "UserErrorCannotRestoreExistingDBWithoutForceOverwrite",
        520_907,
        "A database of this name exists on the target instance.",
        "Choose another name, or allow overwriting.",
    ),
    ("UserErrorDatabaseFileCollision", 520_908, "A target file exists already.", "Choose other target paths, or allow overwriting."),
    (
        "UserErrorRestoreFailedTargetFileAlreadyExists",
        520_123,
        "A file of this name exists in the target directory.",
        "Choose another directory, or remove the file.",
    ),
    ("WorkloadRestoreFailed", 510_011, "The restore failed.", "Act on the details, then try again."),
    ("VMNotInRunningStateUserError", 520_909, "The server is not running.", "Start the server and try again."),
    (
        "DataTransferInterrupted",
        520_919,
        "The agent could not move the data to or from the vault.",
        "Check the network between server and vault and the free space of the vault's object store, then try again.",
    ),
    (
        "WorkloadExtensionNotReachable",
        520_910,
        "The agent on the server does not answer.",
        "Check that the server is up and its agent runs and reaches the vault; then re-register the server.",
    ),
    ("UserErrorJobSuccessfullyCancelled", 520_911, "The job was cancelled on request.", "Start it again when needed."),
    (
        "UserErrorRecoveryPointDataCorrupt",
        520_912,
        "Stored backup data failed its integrity check. Nothing of it was delivered.",
        "Restore another recovery point and verify the object store.",
    ),
    (
        "UserErrorInsufficientSpaceForRestoreOnDisk",
        520_913,
        "There is not enough space on the target disk.",
        "Free space or choose another target, then try again.",
    ),
    (
        "WlExtGenericIOFaultUserError",
        520_914,
        "The agent met an input/output error.",
        "Check the path, its rights and free space, then try again.",
    ),
    (
        "UserErrorRestoreOperationInProgress",
        520_915,
        "A restore of this database is running already.",
        "Wait until it has ended, then try again.",
    ),
    (
        "BMSUserErrorKeyUnavailable",
        520_916,
        "The key of this recovery point is not available to the vault.",
        "Bring back the key file of the vault, then try again.",
    ),
    (
        codes::MISSED,
        520_940,
        "A scheduled backup did not happen.",
        "Check that the server is up, that its agent runs and that it reaches the vault; what is due runs when it is back.",
    ),
    (
        "UserErrorJobInterruptedByRegistration",
        520_917,
        "The server was registered again or unregistered while the job ran.",
        "Start the job again once the server is registered.",
    ),
    (
        "UserErrorRecoveryPointDeleted",
        520_918,
        "The recovery point was deleted for good while it was being restored.",
        "Restore another recovery point.",
    ),
    (
        codes::LSN,
        520_920,
        "The log chain is broken: a backup between this one and the last was taken by another product, or is missing.",
        "Stop other products from backing up the database, then take a full backup; scheduled backups take it by themselves.",
    ),
    (
        codes::OTHER_PRODUCT,
        520_921,
        "Another backup product broke the log chain.",
        "Disable it for this database, or let it take copy-only backups; then take a full backup.",
    ),
    (codes::NO_FULL, 520_922, "There is no full backup that this backup could build on.", "Take a full backup first."),
    (
        codes::FULL_OLD,
        520_923,
        "The latest full backup is older than 15 days.",
        "Take a full backup, then try again; scheduled backups take it by themselves.",
    ),
    (
        codes::MODEL_CHANGED,
        520_924,
        "The recovery model of the database changed since its last backup, so the log is not whole.",
        "Take a full backup, then try again; scheduled backups take it by themselves.",
    ),
    (
        codes::GUID_CHANGED,
        520_925,
        "The database was replaced by another since its last full backup.",
        "Take a full backup, then try again; scheduled backups take it by themselves.",
    ),
    (
        codes::AFTER_RESTORE,
        520_926,
        "The database was restored over and no full backup was taken since.",
        "Take a full backup, then try again; scheduled backups take it by themselves.",
    ),
    (codes::REMEDIAL_RUNS, 520_927, "A remedial full backup of the database is running.", "Wait until it has ended, then try again."),
    (
        codes::UPGRADED,
        520_928,
        "The job was cancelled because the agent was upgraded.",
        "Scheduled backups are taken again once the agent is back; start others again.",
    ),
    (
        codes::BULK_LOGGED,
        520_929,
        "The time lies within a log backup that contains bulk-logged changes; such a log restores to its end only.",
        "Choose another time: the end of that log backup, or one before it begins.",
    ),
    (
        codes::NOT_IN_RANGE,
        520_930,
        "The time lies in no restorable range.",
        "Choose a time within the ranges that the item's recovery points list.",
    ),
    (
        codes::CHAIN_BROKEN,
        520_931,
        "A backup that this recovery point builds on is missing.",
        "Restore a full recovery point, or another point.",
    ),
];

/// The codes of the catalogue, for documentation and tests.
pub fn catalogue_codes() -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().map(|(code, ..)| *code)
}
