//! Restores: what is asked, checked here, and the plan an agent runs step by step.

mod files;
mod plan;

pub use files::{FILE_LIST_MAX, is_listed, mapped};
pub use plan::{PlanPreview, PlanRequest, PreviewStep, plan, preview};

use crate::backup::{BackupKind, FileKind};
use crate::id::SetId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where one file of the database goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileMapping {
    /// Data or log.
    pub kind: FileKind,
    /// Logical name in the backup.
    pub logical_name: String,
    /// Path at backup time.
    pub source_path: String,
    /// Path to write.
    pub target_path: String,
}

/// What a restore makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum RestoreTarget {
    /// A database on an instance.
    #[serde(rename_all = "camelCase")]
    Database {
        /// Instance.
        instance: String,
        /// Database name.
        database: String,
        /// Replace a database or files that exist.
        overwrite: bool,
        /// File moves; empty = engine's default folders.
        files: Vec<FileMapping>,
        /// False leaves the database in NORECOVERY.
        recover: bool,
    },
    /// Backup files in a folder (`<db>_Full_<point>_<time>.bak` plus a JSON file list).
    #[serde(rename_all = "camelCase")]
    Files {
        /// Folder on the server.
        directory: String,
    },
}

/// One backup set to apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreStep {
    /// Set to read.
    pub set_id: SetId,
    /// Kind.
    pub kind: BackupKind,
    /// Recovery point name, for file names.
    pub point: String,
    /// Time of the state the set holds.
    pub time: Timestamp,
}

/// What the agent is to do, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestorePlan {
    /// Database the sets were taken of.
    pub source_database: String,
    /// Steps in order.
    pub steps: Vec<RestoreStep>,
    /// Stop applying log at this moment (point in time restore).
    pub stop_at: Option<Timestamp>,
    /// What to make.
    pub target: RestoreTarget,
}

impl RestoreTarget {
    /// The text of the job's `Job Type` property (wire-facts 7).
    pub fn job_type(&self, original: bool) -> &'static str {
        match self {
            Self::Files { .. } => "Restore as files",
            Self::Database { .. } if original => "Recovery to the original database",
            Self::Database { .. } => "Recovery to an alternate database",
        }
    }
}
