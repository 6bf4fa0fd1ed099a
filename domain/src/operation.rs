//! Operations: the handle behind `Azure-AsyncOperation` and `Location`. One id is readable through
//! every reader of its vault (design §5).

use crate::id::{ContainerId, ItemId, JobId, OperationId, PolicyId, VaultId};
use jiff::Timestamp;

/// What an operation's result reader gives back when it has succeeded.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", content = "id")]
pub enum Subject {
    /// Nothing (refresh, inquire, unregister, delete): 204.
    Nothing,
    /// The vault.
    Vault,
    /// A container.
    Container(ContainerId),
    /// A protected item.
    Item(ItemId),
    /// A policy that is applied to its items: a job each, see [`numbered_job`].
    Policy(PolicyId),
    /// The verdict of a validation: it stands in `error` although the operation has succeeded; none, the
    /// request would be accepted.
    Validation,
    /// An export of jobs: where it can be fetched.
    Export,
}

/// Status of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationStatus {
    /// Running.
    InProgress,
    /// Done.
    Succeeded,
    /// Failed.
    Failed,
    /// Cancelled.
    Canceled,
}

impl OperationStatus {
    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
        }
    }
    /// Parses the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::InProgress, Self::Succeeded, Self::Failed, Self::Canceled].into_iter().find(|s| s.as_str() == word)
    }
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Id.
    pub id: OperationId,
    /// Vault it was started in. Readable under that vault's path even after the vault is gone.
    pub vault_id: VaultId,
    /// Folded `subscription/group/vault`, which the readers compare.
    pub vault_key: String,
    /// What the result reader shows.
    pub subject: Subject,
    /// Status.
    pub status: OperationStatus,
    /// Its job, where it has one.
    pub job_id: Option<JobId>,
    /// Code and message of a failure, or of a validation's refusal.
    pub error: Option<(String, String)>,
    /// Started.
    pub started_at: Timestamp,
    /// Ended.
    pub ended_at: Option<Timestamp>,
    /// Method, path and `x-ms-client-request-id` of the trigger: a repeat is the same operation.
    pub request_key: Option<String>,
}

/// The job number `n` (from 0) of an operation that has one for each of several items. The id follows
/// from the operation's, so that the jobs are found from it: number by number, until there is none.
pub fn numbered_job(operation: OperationId, n: u32) -> JobId {
    JobId(uuid::Uuid::new_v5(&operation.0, &n.to_be_bytes()))
}

/// The folded key of a vault's path.
pub fn vault_key(subscription: crate::id::SubscriptionId, resource_group: &str, vault: &str) -> String {
    format!("{subscription}/{}/{}", resource_group.to_lowercase(), vault.to_lowercase())
}
