//! Commands: work leased to an agent, and what it answers.

use rsvault_domain::backup::BackupKind;
use rsvault_domain::discovery::Inventory;
use rsvault_domain::fault::JobFault;
use rsvault_domain::id::{CommandId, ItemId, SetId};
use rsvault_domain::restore::RestorePlan;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Asks for work; the answer may wait.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextCommandBody {
    /// Seconds the vault may hold the request open; it may hold it shorter.
    #[serde(default)]
    pub wait_seconds: u32,
    /// Version of the agent.
    #[serde(default)]
    pub agent_version: String,
    /// Commands it works on.
    #[serde(default)]
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub running: Vec<CommandId>,
}

/// A leased command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommandView {
    /// Id.
    #[schema(value_type = uuid::Uuid)]
    pub id: CommandId,
    /// Number of this lease; goes into everything that is said about the command.
    pub generation: i64,
    /// Seconds without a heartbeat after which the lease is lost.
    pub lease_seconds: u32,
    /// What to do.
    pub work: Work,
}

/// What an agent is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Work {
    /// List instances and databases.
    Inquire {},
    /// Back up one database.
    #[serde(rename_all = "camelCase")]
    Backup {
        /// Item.
        #[schema(value_type = uuid::Uuid)]
        item_id: ItemId,
        /// Instance.
        instance: String,
        /// Database.
        database: String,
        /// Full, Differential, Log or CopyOnlyFull.
        #[serde(rename = "backupKind")]
        #[schema(value_type = String, example = "Full")]
        backup: BackupKind,
        /// Whether to compress before sealing.
        compress: bool,
    },
    /// Restore.
    #[serde(rename_all = "camelCase")]
    Restore {
        /// Sets to apply in order, and what to make of them.
        #[schema(value_type = Object)]
        plan: RestorePlan,
    },
}

/// What an agent is doing with a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Getting ready.
    #[default]
    Starting,
    /// Bytes flow.
    Transferring,
    /// Bytes are over; committing or swapping in.
    Finishing,
}

/// Extends a lease and says how far the work is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeartbeatBody {
    /// Generation of the lease.
    pub generation: i64,
    /// Bytes read from the engine (backup) or given to it (restore).
    #[serde(default)]
    pub bytes_done: u64,
    /// Bytes in all, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_total: Option<u64>,
    /// Phase.
    #[serde(default)]
    pub phase: Phase,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Go on.
    Continue,
    /// Someone asked to cancel: stop, clean up, report `cancelled`.
    Cancel,
    /// The lease is another's: stop, clean up, report nothing.
    Stale,
}

/// The vault's answer to a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeartbeatView {
    /// Whether to go on.
    pub verdict: Verdict,
    /// Seconds the lease holds from now.
    pub lease_seconds: u32,
}

/// Ends a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResultBody {
    /// Generation of the lease.
    pub generation: i64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Outcome {
    /// What is on the server.
    Inquired {
        /// Instances and databases.
        #[schema(value_type = Object)]
        inventory: Inventory,
    },
    /// The set was committed.
    #[serde(rename_all = "camelCase")]
    BackedUp {
        /// Set.
        #[schema(value_type = uuid::Uuid)]
        set_id: SetId,
    },
    /// The plan was applied.
    Restored {
        /// Bytes given to the engine.
        bytes: u64,
    },
    /// It failed.
    Failed {
        /// Why, in the words of the catalogue.
        #[schema(value_type = Object)]
        fault: JobFault,
    },
    /// It was cancelled and cleaned up.
    Cancelled {},
    /// The agent had to stop (shut down, network): nothing is wrong with the work; hand it out again.
    Interrupted {
        /// Why.
        reason: String,
    },
}
