//! Codes that rules of the domain raise, so that they are spelled once.

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
