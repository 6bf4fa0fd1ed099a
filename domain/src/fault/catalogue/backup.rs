//! What backups raise.

use super::Entry;
use super::Provoke::{Database, Instance, Request};
use super::Raised::{Backup, Restore};
use crate::fault::codes;

const FOREIGN: &str = "/emulator/servers/{name}/instances/{instance}/databases/{database}/foreignBackup";
/// What a full cures, by hand or by itself.
const FULL: &[&str] = &["Take a full backup, then try again.", "Scheduled backups take it by themselves."];

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        520_950,
        "UserErrorPermissionDenied",
        "No right to the database",
        "The backup account has no right to back up the database.",
        &["Grant sysadmin to the backup account on the instance.", "Rediscover the databases of the server, then try again."],
    )
    .should(&[Backup])
    .by(Database(r#"{"faults": {"permissionDenied": true}}"#), "Set the switch and start a backup of the database."),
    Entry::new(
        520_905,
        codes::UNSUPPORTED_TYPE,
        "Not possible for this database",
        "The database does not support this type of backup.",
        &["Choose a type that its recovery model allows: no log in the Simple model, nothing but fulls of master and of read-only databases.", "Or change the recovery model of the database."],
    )
    .must(&[Backup])
    .by(
        Database(r#"{"recoveryModel": "Simple"}"#),
        "Protect the database and ask for a Log backup. A schedule skips the type, with one warning.",
    ),
    Entry::new(
        510_008,
        "OperationCancelledBecauseConflictingOperationRunningUserError",
        "The same backup runs already",
        "Another backup of the same type is running on this database.",
        &["Wait until it has ended, then try again."],
    )
    .must(&[Backup])
    .by(Database(r#"{"faults": {"holdBackups": true}}"#), "Set the switch and start two backups of one type."),
    Entry::new(
        520_952,
        "UserErrorFileManipulationIsNotAllowedDuringBackup",
        "Files of the database were changed",
        "Files of the database were added or shrunk, or another product backed it up, during the backup.",
        &["Do not change the files of the database while a backup runs.", "Stop other products from backing up the database.", "Then try again."],
    )
    .should(&[Backup])
    .by(Database(r#"{"faults": {"filesChanging": true}}"#), "Set the switch and start a backup of the database."),
    Entry::new(
        520_904,
        "UserErrorSQLPODoesNotExist",
        "The database is gone",
        "The database does not exist on the instance any more.",
        &["Restore the database, if it was dropped.", "Stop protecting it, if it was renamed or is not needed any more."],
    )
    .must(&[Backup])
    .by(Instance(r#"{"databases": []}"#), "Protect a database, drop it by leaving it out of the body (or rename it), and start a backup."),
    Entry::new(
        520_920,
        codes::LSN,
        "The log chain is broken",
        "The log chain is broken: a backup between this one and the last was taken by another product, or is missing.",
        &["Stop other products from backing up the database.", "Take a full backup; scheduled backups take it by themselves."],
    )
    .must(&[Backup])
    .by(Request("POST", FOREIGN, r#"{"kind": "Log"}"#), "Take a full and a log, let another product take a log, and take the next log."),
    Entry::new(
        520_921,
        codes::OTHER_PRODUCT,
        "Another product broke the log chain",
        "Another backup product broke the log chain.",
        &["Disable that product for this database, or let it take copy-only backups.", "Let backups of the virtual machine be VSS copies.", "Then take a full backup; scheduled backups take it by themselves."],
    )
    .should(&[Backup])
    .by(
        Request("POST", FOREIGN, r#"{"kind": "Log", "product": "Contoso Backup"}"#),
        "Take a full and a log, let a product that gives its name take a log, and take the next log.",
    ),
    Entry::new(
        520_922,
        codes::NO_FULL,
        "There is no full backup",
        "There is no full backup that this backup could build on.",
        &["Take a full backup first."],
    )
    .must(&[Backup])
    .steps("Protect a database and ask for a Log backup before the first full."),
    Entry::new(
        520_923,
        codes::FULL_OLD,
        "The latest full is too old",
        "The latest full backup is older than 15 days.",
        FULL,
    )
    .must(&[Backup])
    .by(
        Request("POST", "/emulator/clock/advance", r#"{"by": 1382400}"#),
        "Take a full, stop protection, advance the clock by 16 days, resume it, and ask for a Log backup.",
    ),
    Entry::new(
        520_924,
        codes::MODEL_CHANGED,
        "The recovery model changed",
        "The recovery model of the database changed since its last backup, so the log is not whole.",
        FULL,
    )
    .must(&[Backup])
    .by(
        Database(r#"{"recoveryModel": "Simple"}"#),
        "Take a full and a log, set the model to Simple, then back to Full, and ask for a Log backup.",
    ),
    Entry::new(
        520_925,
        codes::GUID_CHANGED,
        "Another database under this name",
        "The database was replaced by another since its last full backup.",
        FULL,
    )
    .should(&[Backup])
    .by(
        Instance(r#"{"databases": []}"#),
        "Take a full, drop the database by leaving it out of the body, make it again, let another product take a full of it, and ask for a Log backup.",
    ),
    Entry::new(
        520_926,
        codes::AFTER_RESTORE,
        "No full since the restore",
        "The database was restored over and no full backup was taken since.",
        FULL,
    )
    .must(&[Backup])
    .steps("Take a full, restore it over its database, and ask for a Log backup."),
    Entry::new(
        520_927,
        codes::REMEDIAL_RUNS,
        "A remedial full runs",
        "A remedial full backup of the database is running.",
        &["Wait until it has ended, then try again."],
    )
    .should(&[Backup])
    .by(
        Database(r#"{"faults": {"holdBackups": true}}"#),
        "Break the chain of a database with a schedule, set the switch, let its next log be due, and ask for a backup while the remedial full waits.",
    ),
    Entry::new(
        520_953,
        "UserErrorBackupFailedAsTransactionLogIsFull",
        "The transaction log is full",
        "The transaction log of the database is full.",
        &["Free space in the log, or let it grow, as message 9002 of the database engine says.", "Then try again."],
    )
    .should(&[Backup])
    .by(Database(r#"{"faults": {"logFull": true}}"#), "Set the switch and start a backup of the database."),
    Entry::new(
        520_954,
        "UserErrorBackupFailedDatabaseFilesLimitExceeded",
        "Too many files",
        "The database has more than 1,000 files; such a database cannot be backed up.",
        &["Reduce the number of files of the database, then try again."],
    )
    .should(&[Backup])
    .by(Database(r#"{"faults": {"files": 1001}}"#), "Set the number of files and start a backup of the database."),
    Entry::new(
        520_984,
        "UserErrorBackupOperationInProgress",
        "Another backup runs",
        "Another backup of the database is running, and the two cannot run side by side.",
        &["Wait until it has ended, then try again."],
    )
    .should(&[Backup])
    .by(Database(r#"{"faults": {"holdBackups": true}}"#), "Set the switch, start a Full, and a CopyOnlyFull beside it."),
    Entry::new(
        520_966,
        "UserErrorOperationFailedAsDatasourceIsOpenedByAnotherUser",
        "The database has a single user",
        "The database is in single-user mode and another user has it open.",
        &["End the other session, or set the database to multi-user.", "Then try again."],
    )
    .listed(&[Backup])
    .by(Database(r#"{"faults": {"singleUser": true}}"#), "Set the switch and start a backup of the database."),
    Entry::new(
        520_967,
        "UserErrorSQLVDIInitFailed",
        "The backup interface does not start",
        "The virtual device interface of the database engine could not be initialised.",
        &["Register sqlvdi.dll again.", "Check the database with DBCC CHECKDB, then try again."],
    )
    .listed(&[Backup]),
    Entry::new(
        520_906,
        "UserErrorGenericSQLUserCorrectableFault",
        "An error of the database engine",
        "The database engine reported an error.",
        &["Act on the engine's message, then try again."],
    )
    .must(&[Backup, Restore])
    .by(
        Database(r#"{"faults": {"sqlError": {"number": 3204, "text": "The backup or restore was aborted."}}}"#),
        "Set number and text and start a backup of the database; 'additionalDetails' of the job has them.",
    ),
    Entry::new(
        520_968,
        "UserErrorOperatingSystemFault",
        "An error of the operating system",
        "The operating system of the server reported an error.",
        &["Act on its message (a page file that is too small, for one), then try again."],
    )
    .listed(&[Backup, Restore]),
    Entry::new(
        520_914,
        "WlExtGenericIOFaultUserError",
        "An input/output error",
        "The agent met an input/output error.",
        &["Check the path, the rights of the service account to it, and its free space.", "Then try again."],
    )
    .should(&[Backup, Restore])
    .by(Instance(r#"{"faults": {"ioError": true}}"#), "Set the switch and start a backup or a restore on the instance."),
    Entry::new(
        520_919,
        "DataTransferInterrupted",
        "The transfer broke off",
        "The agent could not move the data to or from the vault.",
        &["Check the network between server and vault and the free space of the vault's object store.", "Then try again."],
    )
    .own()
    .service()
    .listed(&[Backup, Restore]),
];
