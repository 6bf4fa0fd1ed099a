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
/// The server was rebooted while the job ran.
pub const REBOOTED: &str = "UserErrorJobCancelledOnMachineReboot";
/// The moment lies within a log with bulk-logged changes.
pub const BULK_LOGGED: &str = "UserErrorRestoreNotPossibleBecauseLogBackupContainsBulkLoggedChanges";
/// The moment is in no restorable range; rsvault's own word.
pub const NOT_IN_RANGE: &str = "UserErrorRestorePointInTimeNotInRange";
/// Backups that the point needs are missing; rsvault's own word.
pub const CHAIN_BROKEN: &str = "UserErrorRecoveryPointChainBroken";
/// A vault protects no database of this name; rsvault's own word.
pub const NAME_UNFIT: &str = "UserErrorDatabaseNameNotSupported";
/// The vault protects as many databases as it may.
pub const QUOTA: &str = "UserErrorProtectionQuotaExceeded";
/// Auto-protection ended while it configured a database.
pub const AUTO_PROTECTION_ENDED: &str = "AutoProtectionCancelledOrNotValid";
/// The database's backups were deleted under auto-protection, which leaves it alone; rsvault's own word.
pub const OPTED_OUT: &str = "UserErrorDatabaseLeftOutOfAutoProtection";
/// There is no such recovery point.
pub const POINT_NOT_FOUND: &str = "BMSUserErrorRecoveryPointNotFound";
/// A database that stood by itself is in an availability group now.
pub const MOVED_IN: &str = "UserErrorBackupFailedStandaloneDatabaseMovedInToAG";
/// A database of an availability group stands by itself now.
pub const MOVED_OUT: &str = "UserErrorBackupFailedDatabaseMovedOutOfAG";
/// Another node of the availability group takes the backup.
pub const OTHER_NODE: &str = "UserErrorBailingOutFromBackupOtherNodeMarkerExists";
/// The backup preference of the group keeps the node from it.
pub const NOT_PREFERRED: &str = "UserErrorCannotTakeBackupBasedOnBackupPreference";
/// A secondary replica cannot take this kind of backup.
pub const NOT_ON_SECONDARY: &str = "UserErrorSQLPODoesNotSupportBackupTypeOnSecondaryNode";
/// A failover of the group is under way.
pub const REPLICA_RESOLVING: &str = "UserErrorAGReplicaRoleIsResolving";
/// The secondary replica does not follow its primary.
pub const NOT_IN_STEP: &str = "UserErrorBackupFailedAsReplicaIsNotInSynchronizingOrSynchronizedState";
/// The full that is missing cannot be taken on this node, and no node that could is registered.
pub const FULL_NOT_POSSIBLE: &str = "UserErrorParentFullBackupMissingRemedialFullNotPossible";
/// The nodes that a group's backups need are not registered.
pub const PREFERENCE_CHECK: &str = "FabricSvcBackupPreferenceCheckFailedUserError";
/// The agent may not read the state of the server's availability groups; rsvault's own word.
pub const NO_VIEW_SERVER_STATE: &str = "UserErrorSQLNoViewServerStatePermission";
