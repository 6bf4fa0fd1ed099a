//! What restores raise.

use super::Entry;
use super::Provoke::{Database, Instance};
use super::Raised::Restore;
use crate::fault::codes;

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        520_907,
        "UserErrorCannotRestoreExistingDBWithoutForceOverwrite",
        "The name is taken",
        "A database of this name exists on the target instance.",
        &["Choose another name.", "Or allow the restore to overwrite the database."],
    )
    .must(&[Restore])
    .steps("Restore to another location under the name of a database that is there, with FailOnConflict."),
    Entry::new(
        520_908,
        "UserErrorDatabaseFileCollision",
        "A file is in the way",
        "A target file exists already.",
        &["Choose other target paths.", "Or allow the restore to overwrite the database that the files belong to."],
    )
    .must(&[Restore])
    .steps("Restore to a new name with the target paths of the files of another database."),
    Entry::new(
        520_123,
        "UserErrorRestoreFailedTargetFileAlreadyExists",
        "The backup files are there already",
        "A file of this name exists in the target directory.",
        &["Choose another directory.", "Or remove the file."],
    )
    .must(&[Restore])
    .steps("Restore a point as files twice into one directory."),
    Entry::new(510_011, "WorkloadRestoreFailed", "The restore failed", "The restore failed.", &["Act on the details, then try again."])
        .service()
        .listed(&[Restore]),
    Entry::new(
        520_969,
        "UserErrorRestoreFailedDatabaseCannotBeOfflined",
        "The database is in use",
        "The database that is to be replaced is in use and cannot be taken offline.",
        &["Close all sessions of the database, then try again."],
    )
    .should(&[Restore])
    .by(Database(r#"{"faults": {"inUse": true}}"#), "Set the switch and restore over the database."),
    Entry::new(
        520_970,
        "UserErrorCannotFindServerCertificateWithThumbprint",
        "The certificate is missing",
        "The target instance lacks the certificate that the database is encrypted with.",
        &["Import the certificate and its private key on the target instance, then try again."],
    )
    .should(&[Restore])
    .by(
        Database(r#"{"certificate": "8A2F00C1D3"}"#),
        "Back the encrypted database up (the instance has the certificate in 'certificates'), and restore it to an instance without the certificate.",
    ),
    Entry::new(
        520_929,
        codes::BULK_LOGGED,
        "Bulk-logged changes at that time",
        "The time lies within a log backup that contains bulk-logged changes; such a log restores to its end only.",
        &["Choose another time: the end of that log backup, or one before it begins."],
    )
    .should(&[Restore])
    .by(
        Database(r#"{"recoveryModel": "BulkLogged"}"#),
        "Take a full, make a bulk change ('bulk' of POST /emulator/servers/{name}/write), take a log, and restore to a moment within it.",
    ),
    Entry::new(
        520_971,
        "UserErrorRestoreFailedIncompatibleSQLServerInstanceVersion",
        "The target is older than the source",
        "The database was backed up on a newer version of SQL Server than that of the target instance.",
        &["Choose an instance of the same or a newer version."],
    )
    .should(&[Restore])
    .by(Instance(r#"{"version": "13.0.7000.253"}"#), "Give the target an older version than the source and restore to it."),
    Entry::new(
        520_985,
        "UserErrorOperationFailedTargetSQLServerInSingleUserMode",
        "The target has a single user",
        "The target instance runs in single-user mode.",
        &["Start the instance in multi-user mode, then try again."],
    )
    .listed(&[Restore])
    .by(Instance(r#"{"faults": {"singleUser": true}}"#), "Set the switch on the target and restore to it."),
    Entry::new(
        520_915,
        "UserErrorRestoreOperationInProgress",
        "A restore runs already",
        "A restore of this database is running already.",
        &["Wait until it has ended, then try again."],
    )
    .must(&[Restore])
    .by(Instance(r#"{"faults": {"holdRestores": true}}"#), "Set the switch and start two restores of one database to one target."),
    Entry::new(
        520_986,
        "UserErrorAnotherRestoreInProgressOnSameTarget",
        "Another restore to this target",
        "A restore of another database to the same target is running already.",
        &["Wait until it has ended, then try again.", "Or choose another target."],
    )
    .should(&[Restore])
    .by(Instance(r#"{"faults": {"holdRestores": true}}"#), "Set the switch and start restores of two databases to one target."),
    Entry::new(
        520_913,
        "UserErrorInsufficientSpaceForRestoreOnDisk",
        "The disk is full",
        "There is not enough space on the target disk.",
        &["Free space on the disk.", "Or choose another target, then try again."],
    )
    .should(&[Restore])
    .by(Instance(r#"{"faults": {"freeSpaceMiB": 1}}"#), "Leave less space than the database needs, and restore to the instance."),
    Entry::new(
        520_912,
        "UserErrorRecoveryPointDataCorrupt",
        "The stored backup is damaged",
        "Stored backup data failed its integrity check. Nothing of it was delivered.",
        &["Restore another recovery point.", "Verify the object store."],
    )
    .own()
    .listed(&[Restore]),
    Entry::new(
        520_916,
        "BMSUserErrorKeyUnavailable",
        "The key is not there",
        "The key of this recovery point is not available to the vault.",
        &["Bring back the key file of the vault, then try again."],
    )
    .own()
    .listed(&[Restore]),
    Entry::new(
        520_918,
        "UserErrorRecoveryPointDeleted",
        "The point was deleted meanwhile",
        "The recovery point was deleted for good while it was being restored.",
        &["Restore another recovery point."],
    )
    .own()
    .listed(&[Restore]),
    Entry::new(
        520_930,
        codes::NOT_IN_RANGE,
        "Not a restorable time",
        "The time lies in no restorable range.",
        &["Choose a time within the ranges that the item's recovery points list."],
    )
    .own()
    .listed(&[Restore])
    .steps("Restore to a time before the first full."),
    Entry::new(
        520_931,
        codes::CHAIN_BROKEN,
        "A backup is missing",
        "A backup that this recovery point builds on is missing.",
        &["Restore a full recovery point, or another point."],
    )
    .own()
    .listed(&[Restore]),
];
