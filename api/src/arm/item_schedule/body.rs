//! The wire form of a schedule.

use crate::arm::moment;
use rsvault_engine::protection::ScheduleFacts;
use serde::Serialize;
use utoipa::ToSchema;

/// The schedule of an item, as the vault and the agent know it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemScheduleView {
    /// When the agent wrote the schedule that is in force to its disk; absent while it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acknowledged_at: Option<String>,
    /// When the agent was last heard of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent_last_seen_at: Option<String>,
    /// Why the next differential or log becomes a full, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) needs_full: Option<String>,
    /// One a kind that the policy schedules.
    pub(crate) kinds: Vec<KindView>,
}

/// The slots of a kind.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KindView {
    /// `Full`, `Differential` or `Log`.
    pub(crate) kind: &'static str,
    /// The next slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
    /// The newest slot that the agent has offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<String>,
    /// The oldest slot that nothing was heard of, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) missed: Option<String>,
    /// Whether the database can do the kind now; if not, its slots are skipped.
    pub(crate) supported: bool,
}

impl ItemScheduleView {
    /// Of these facts.
    pub(crate) fn new(facts: &ScheduleFacts) -> Self {
        let kinds = facts
            .kinds
            .iter()
            .map(|k| KindView {
                kind: k.kind.as_str(),
                next: k.next.map(moment::second),
                last: k.last.map(moment::second),
                missed: k.missed.map(moment::second),
                supported: k.supported,
            })
            .collect();
        Self {
            acknowledged_at: facts.acknowledged_at.map(moment::full),
            agent_last_seen_at: facts.agent_last_seen_at.map(moment::full),
            needs_full: facts.needs_full.clone(),
            kinds,
        }
    }
}
