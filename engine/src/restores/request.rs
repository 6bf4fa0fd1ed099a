//! What a caller asks of a restore, in the words of the house.

use jiff::Timestamp;
use rsvault_domain::archive::Priority;
use rsvault_domain::restore::FileMapping;

/// Where to restore to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Over the original database.
    Original,
    /// Another name, instance or server: `targetInfo.databaseName` is `INSTANCE/name`.
    Alternate {
        /// `targetInfo.containerId` or `containerName`; None = the item's own server.
        container: Option<String>,
        /// `INSTANCE/name`.
        database: String,
    },
    /// Files in a folder.
    Files {
        /// As for Alternate.
        container: Option<String>,
        /// `targetInfo.targetDirectoryForFileRestore`.
        directory: String,
    },
}

/// Which state to restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The state that a distinct point holds.
    Point(String),
    /// The state at a second.
    Time {
        /// When; fractions of a second are dropped.
        at: Timestamp,
        /// The full to begin with; None = what is cheapest.
        from: Option<String>,
    },
}

/// How archived points are brought back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rehydration {
    /// `rehydrationRetentionDuration`: days that the copies live.
    pub keep_days: i32,
    /// `rehydrationPriority`.
    pub priority: Priority,
}

/// What the body asks for.
#[derive(Clone, Debug)]
pub struct RestoreRequest {
    /// Which state.
    pub wanted: Wanted,
    /// Where to.
    pub destination: Destination,
    /// `overwriteOption eq Overwrite`.
    pub overwrite: bool,
    /// `alternateDirectoryPaths`.
    pub files: Vec<FileMapping>,
    /// `isFallbackOnDefaultDirectoryEnabled`: what cannot be mapped goes to the default folders.
    pub fallback: bool,
    /// `isNonRecoverable`: leave in NORECOVERY.
    pub no_recovery: bool,
    /// `recoveryPointRehydrationInfo` of the requests that have it.
    pub rehydrate: Option<Rehydration>,
}
