//! Work that is leased: tasks (inside the vault) and agent commands (to one server's agent).
//!
//! Always holds: a lease has an end; every finishing write carries the attempt or generation it was
//! leased with, so that a stale worker changes nothing.

use crate::backup::{BackupKind, RecoveryPointName};
use crate::id::{CommandId, ContainerId, IntentId, ItemId, JobId, OperationId, PolicyId, ServerId, SetId, TaskId, VaultId};
use crate::restore::RestorePlan;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Kinds of tasks. Adding one makes the compiler ask for its handler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum TaskKind {
    /// Bring an item to what the operation asks for.
    Protect {
        /// Item.
        item: ItemId,
        /// Operation to end.
        operation: OperationId,
        /// Job to end.
        job: JobId,
        /// What to do.
        change: ProtectionChange,
    },
    /// Protect a database that auto-protection has found.
    AutoProtect {
        /// The mark that asks for it.
        intent: IntentId,
        /// Instance or availability group.
        parent: String,
        /// Database.
        database: String,
        /// Job to end.
        job: JobId,
    },
    /// Make the secondary region's copy of a set what the set is: there, or gone.
    Replicate {
        /// Set.
        set: SetId,
    },
    /// Look through the points of a vault for sets that have no copy in the secondary region.
    Survey {
        /// Vault.
        vault: VaultId,
    },
    /// Delete the objects of a set that will never be (again) a recovery point, then its rows.
    CollectSet {
        /// Set.
        set: SetId,
    },
    /// The move of a point to the archive tier ends.
    ArchivePoint {
        /// Vault.
        vault: VaultId,
        /// Item.
        item: ItemId,
        /// Point.
        point: RecoveryPointName,
        /// Job to end.
        job: JobId,
    },
    /// Points that a restore needs are back from the archive tier: restore.
    Rehydrate(Box<Rehydrate>),
    /// The time of a rehydrated copy is over.
    ExpireCopy {
        /// Item.
        item: ItemId,
        /// Point.
        point: RecoveryPointName,
    },
}

/// A restore that waits for its points to come back from the archive tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rehydrate {
    /// Vault.
    pub vault: VaultId,
    /// Item restored from.
    pub item: ItemId,
    /// Points that come back, or whose copies are prolonged.
    pub points: Vec<RecoveryPointName>,
    /// Job of the whole.
    pub job: JobId,
    /// Days that the copies live.
    pub keep_days: i32,
    /// Server restored to.
    pub server: ServerId,
    /// The restore that follows.
    pub restore: CommandWork,
    /// The job's `Job Type`, once that restore begins.
    pub job_type: String,
}

/// A change of an item's protection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "camelCase")]
pub enum ProtectionChange {
    /// Enable, change policy, resume.
    Enable {
        /// Policy.
        policy: PolicyId,
        /// Its etag when this was asked for, and a Resource Guard had its say about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        etag: Option<i64>,
    },
    /// Apply the item's policy, which was written over, to the points that stand (rulebook 3.6).
    ApplyPolicy {
        /// Policy. An item that has left it meanwhile is not concerned any more.
        policy: PolicyId,
    },
    /// Stop, keep data for ever.
    Stop,
    /// Stop, keep data as the policy says (rulebook 5.1).
    Suspend,
    /// Delete (soft or final, as the vault says).
    Delete,
    /// Undelete.
    Undelete,
}

/// When a change of protection is due: before all garbage that waits already. Its task has a time-ordered
/// id, so that changes are carried out in the order in which they were asked for, also while time stands still.
pub const AT_ONCE: Timestamp = Timestamp::UNIX_EPOCH;

/// A leased task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Id.
    pub id: TaskId,
    /// What to do.
    pub kind: TaskKind,
    /// Attempt this lease is.
    pub attempt: i64,
}

/// Attempts after which a task is given up and its job failed.
pub const MAX_TASK_ATTEMPTS: i64 = 8;

/// Why an inquiry runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InquiryPurpose {
    /// Part of register or re-register.
    Register,
    /// Rediscover.
    Inquire,
}

/// A slot of a schedule: at this moment a backup of this kind was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    /// Kind that was due; auto-heal may have run another.
    pub kind: BackupKind,
    /// When.
    pub at: Timestamp,
}

/// What an agent is asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "camelCase")]
pub enum CommandWork {
    /// List what is on the server.
    Inquire {
        /// Container to update.
        container: ContainerId,
        /// Why.
        purpose: InquiryPurpose,
    },
    /// Back up one database.
    #[serde(rename_all = "camelCase")]
    Backup {
        /// Item.
        item: ItemId,
        /// Instance.
        instance: String,
        /// Database.
        database: String,
        /// Kind.
        kind: BackupKind,
        /// Whether to compress.
        compress: bool,
        /// When the point may go.
        expires_at: Option<Timestamp>,
        /// Whether a user asked for it.
        on_demand: bool,
        /// Slot of the schedule that it is for.
        #[serde(default)]
        slot: Option<Slot>,
        /// Catalogue code of the reason why this is a full instead of what was due (auto-heal).
        #[serde(default)]
        remedial: Option<String>,
    },
    /// Restore.
    #[serde(rename_all = "camelCase")]
    Restore {
        /// Item restored from.
        item: ItemId,
        /// What to do.
        plan: RestorePlan,
        /// The job's `RestoreDestination`.
        destination: String,
        /// Whether it reads the copies in the secondary region.
        #[serde(default)]
        secondary: bool,
    },
}

impl CommandWork {
    /// What it is, for people.
    pub fn words(&self) -> String {
        match self {
            Self::Inquire { .. } => "inquiry".to_owned(),
            Self::Backup { instance, database, kind, .. } => format!("{} backup of {instance}/{database}", kind.as_str()),
            Self::Restore { destination, .. } => format!("restore to {destination}"),
        }
    }
}

/// State of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandState {
    /// Waits for the agent.
    Queued,
    /// An agent works on it.
    Leased,
    /// Ended, however it ended.
    Done,
}

impl CommandState {
    /// Stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Leased => "Leased",
            Self::Done => "Done",
        }
    }
    /// Parses the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Queued, Self::Leased, Self::Done].into_iter().find(|s| s.as_str() == word)
    }
}

/// Work leased to an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentCommand {
    /// Id.
    pub id: CommandId,
    /// Server whose agent does it.
    pub server_id: ServerId,
    /// Vault that asks.
    pub vault_id: VaultId,
    /// Item it is about.
    pub item_id: Option<ItemId>,
    /// Work.
    pub work: CommandWork,
    /// State.
    pub state: CommandState,
    /// Rises with each lease; fences older holders.
    pub generation: i64,
    /// End of the lease while Leased.
    pub lease_expires_at: Option<Timestamp>,
    /// A cancel was asked for.
    pub cancel_requested: bool,
    /// Job to end.
    pub job_id: Option<JobId>,
    /// Operation to end.
    pub operation_id: Option<OperationId>,
    /// Created.
    pub created_at: Timestamp,
    /// If no agent has taken it by then, it fails.
    pub deadline_at: Timestamp,
}

/// How long an agent holds a command without a heartbeat.
pub const COMMAND_LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How long a command waits for an agent before it fails as not reachable.
pub const COMMAND_PATIENCE: SignedDuration = SignedDuration::from_secs(120);
/// Leases after which a command fails instead of being handed out again.
pub const MAX_COMMAND_GENERATIONS: i64 = 4;
/// How long a task may run without being taken over.
pub const TASK_LEASE: SignedDuration = SignedDuration::from_secs(60);

/// Wait before attempt `attempt` (from 1): 1 s, 2 s, 4 s … at most 5 min.
pub fn backoff(attempt: i64) -> SignedDuration {
    let exponent = u32::try_from(attempt.clamp(1, 9) - 1).unwrap_or(0);
    SignedDuration::from_secs(2_i64.saturating_pow(exponent).min(300))
}
