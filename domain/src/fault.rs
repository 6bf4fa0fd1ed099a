//! The one error type of the house. A [`Fault`] says what went wrong in terms the caller can act
//! on (`code`, `message`, `target`) and, apart from that, what only the log may see (`internal`).
//!
//! Always holds: the internal part is never displayed and never serialised; the public message
//! names the field, the rule and the cure. The edge maps [`FaultKind`] to a status code once.

use std::borrow::Cow;
use std::fmt;

/// What kind of answer a fault is. The edge turns each into one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The request breaks a rule (400).
    Invalid,
    /// No valid token (401).
    Unauthenticated,
    /// A valid token without the right (403).
    Forbidden,
    /// The thing does not exist (404).
    NotFound,
    /// The thing is in a state that forbids this (409).
    Conflict,
    /// A generation, lease or precondition is stale (412).
    Stale,
    /// The body is larger than the rule allows (413).
    TooLarge,
    /// Part of Azure's surface that rsvault does not serve yet (400, typed).
    Unsupported,
    /// Too many requests (429).
    Throttled,
    /// The vault cannot serve now, e.g. its disk is full (503).
    Unavailable,
    /// A defect or a broken store (500). Never caused by what a client can send.
    Internal,
}

/// An error with a public and a private half.
#[derive(Clone)]
pub struct Fault {
    /// Which answer it is.
    pub kind: FaultKind,
    /// Stable machine word: Azure's own code where one is known.
    pub code: Cow<'static, str>,
    /// For the caller: field, rule, cure.
    pub message: String,
    /// Path of the field at fault, if there is one (`properties.policyId`).
    pub target: Option<String>,
    /// Whether the same request may succeed later unchanged.
    pub retryable: bool,
    internal: Option<String>,
}

/// Result with a [`Fault`].
pub type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    /// A fault of `kind` with a stable code and a message for the caller.
    pub fn new(kind: FaultKind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            target: None,
            retryable: matches!(kind, FaultKind::Throttled | FaultKind::Unavailable | FaultKind::Internal),
            internal: None,
        }
    }
    /// [`FaultKind::Invalid`] with the given code.
    pub fn invalid(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Invalid, code, message)
    }
    /// [`FaultKind::NotFound`] with the given code.
    pub fn not_found(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(FaultKind::NotFound, code, message)
    }
    /// [`FaultKind::Conflict`] with the given code.
    pub fn conflict(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Conflict, code, message)
    }
    /// A defect or broken store: the caller sees only a code, the log sees `internal`.
    pub fn internal(internal: impl fmt::Display) -> Self {
        Self::new(
            FaultKind::Internal,
            "InternalServerError",
            "An internal error occurred. Retry; if it persists, look up the request id in the server's log.",
        )
        .because(internal)
    }
    /// Names the field at fault.
    #[must_use]
    pub fn at(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }
    /// Adds what only the log may see.
    #[must_use]
    pub fn because(mut self, internal: impl fmt::Display) -> Self {
        self.internal = Some(internal.to_string());
        self
    }
    /// The private half, for the log alone.
    pub fn internal_detail(&self) -> Option<&str> {
        self.internal.as_deref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) {}", self.code, self.message)
    }
}
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault {{ {:?} {} {:?} internal: {:?} }}", self.kind, self.code, self.message, self.internal)
    }
}
impl std::error::Error for Fault {}

/// An error of a job as people see it: from the catalogue (rulebook 9), with number, title, text
/// and recommendations.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct JobFault {
    /// The number `az` prints as `errorCode`.
    pub number: i64,
    /// The catalogue code, shown as `errorTitle` (`UserErrorSQLPODoesNotExist`).
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub recommendations: Vec<String>,
}

impl JobFault {
    /// A catalogue entry by code. Numbers: those Azure was seen to use; others are rsvault's own
    /// (stable, from 520900 on).
    pub fn catalogue(code: &str, detail: impl Into<String>) -> Self {
        let (number, text, recommendation) = CATALOGUE
            .iter()
            .find(|(c, ..)| *c == code)
            .map_or((520_999, "The operation failed.", "See the details and try again."), |(_, n, t, r)| (*n, *t, *r));
        let detail = detail.into();
        let message = if detail.is_empty() { text.to_owned() } else { format!("{text} {detail}") };
        Self { number, code: code.to_owned(), message, recommendations: vec![recommendation.to_owned()] }
    }
}

/// Codes that rules of the domain raise, so that they are spelled once.
pub mod codes {
    /// Nothing was heard of a scheduled backup (rsvault's own).
    pub const MISSED: &str = "UserErrorScheduledBackupMissed";
    /// The log chain is broken.
    pub const LSN: &str = "UserErrorSQLLSNValidationFailure";
    /// The same, and another backup product was found to be the cause.
    pub const OTHER_PRODUCT: &str = "UserErrorOtherBackupProductCausingSQLLSNValidationFailure";
    /// A differential or log without a full.
    pub const NO_FULL: &str = "UserErrorParentFullBackupMissing";
    /// The latest full is older than 15 days.
    pub const FULL_OLD: &str = "UserErrorLatestFullPitIsOld";
    /// The recovery model changed since the last backup.
    pub const MODEL_CHANGED: &str = "UserErrorLogBackupFailedAsRecoveryModelChanged";
    /// The database is another one than at its last full.
    pub const GUID_CHANGED: &str = "UserErrorBackupFailedDBGuidChanged";
    /// The database was restored over and has no full since.
    pub const AFTER_RESTORE: &str = "UserErrorNoFullBackupTriggeredAfterRestore";
    /// A remedial full runs.
    pub const REMEDIAL_RUNS: &str = "UserErrorBackupFailedAsRemedialBackupInProgress";
    /// The database cannot do this kind of backup.
    pub const UNSUPPORTED_TYPE: &str = "UserErrorSQLPODoesNotSupportBackupType";
    /// The agent was upgraded while the job ran; rsvault's own word.
    pub const UPGRADED: &str = "UserErrorJobCancelledOnExtensionUpgrade";
    /// The moment lies within a log with bulk-logged changes.
    pub const BULK_LOGGED: &str = "UserErrorRestoreNotPossibleBecauseLogBackupContainsBulkLoggedChanges";
    /// The moment is in no restorable range; rsvault's own word.
    pub const NOT_IN_RANGE: &str = "UserErrorRestorePointInTimeNotInRange";
    /// Backups that the point needs are missing; rsvault's own word.
    pub const CHAIN_BROKEN: &str = "UserErrorRecoveryPointChainBroken";
    /// There is no such recovery point.
    pub const POINT_NOT_FOUND: &str = "BMSUserErrorRecoveryPointNotFound";
}

/// Catalogue entries raised by what is built so far: code, number, text, recommendation.
const CATALOGUE: &[(&str, i64, &str, &str)] = &[
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
