//! The JSON messages of the agent surface, version 1 (`/agent/v1`). camelCase; unknown fields are
//! ignored so that either side may be newer.
//!
//! Always holds: everything an agent sends about a command carries the generation it was leased
//! with; every message may be sent again with the same effect.

mod command;
mod enroll;
mod restore;
mod schedule;
mod set;

pub use command::{CommandView, HeartbeatBody, HeartbeatView, NextCommandBody, Outcome, Phase, ResultBody, Verdict, Work};
pub use enroll::{AgentCredential, EnrollBody, EnrollView};
pub use restore::RestoreSetView;
pub use schedule::{ScheduleBody, ScheduleView, ScheduledItemView, SlotBody, SlotView};
pub use set::{AbortSetBody, ChunkEntry, CommitSetBody, CommittedView, LedgerView, OpenSetBody, OpenSetView, RecipientView, UploadMode};

/// What every path of the surface starts with.
pub const BASE_PATH: &str = "/agent/v1";

/// RFC 9457 problem details. Always sent whole; read leniently, since a proxy may answer instead.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A URI that names the kind of problem.
    #[serde(rename = "type", default)]
    #[schema(required = true, example = "urn:rsvault:problem:StaleGeneration")]
    pub kind: String,
    /// Short text of the kind.
    #[serde(default)]
    #[schema(required = true)]
    pub title: String,
    /// The HTTP status again.
    #[serde(default)]
    #[schema(required = true)]
    pub status: u16,
    /// What went wrong here and what to do.
    #[serde(default)]
    #[schema(required = true)]
    pub detail: String,
    /// Stable machine word.
    #[serde(default)]
    #[schema(required = true, example = "StaleGeneration")]
    pub code: String,
    /// Field at fault, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

#[cfg(test)]
mod tests;
