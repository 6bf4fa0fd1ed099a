//! Schedules: what an agent keeps on its disk, and the slots that it offers.
//!
//! Always holds: a schedule is given whole, with a revision that follows from its content; a slot may
//! be offered any number of times and runs once.

use super::CommandView;
use jiff::Timestamp;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::fault::JobFault;
use rsvault_domain::id::ItemId;
use rsvault_domain::policy::Timetable;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Asks for the server's schedule; the answer waits until it differs from `have`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleBody {
    /// Revision that is on the agent's disk: acknowledges it.
    #[serde(default)]
    pub have: Option<String>,
    /// Longest wait for a change, seconds.
    #[serde(default)]
    pub wait_seconds: u32,
}

/// A server's schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleView {
    /// Follows from the items; equal revisions are equal schedules.
    pub revision: String,
    /// Databases to back up.
    pub items: Vec<ScheduledItemView>,
}

/// The schedule of one database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledItemView {
    /// Item.
    #[schema(value_type = uuid::Uuid)]
    pub item_id: ItemId,
    /// Instance.
    pub instance: String,
    /// Database.
    pub database: String,
    /// From when on its slots count: none before is offered.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When which kind is due.
    #[schema(value_type = Object)]
    pub timetable: Timetable,
}

/// Offers a slot whose time has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlotBody {
    /// Item.
    #[schema(value_type = uuid::Uuid)]
    pub item_id: ItemId,
    /// Kind that is due.
    #[schema(value_type = String)]
    pub backup: BackupKind,
    /// When it was due. Older slots of the kind that did not run are merged into this one.
    #[schema(value_type = String, format = DateTime)]
    pub slot: Timestamp,
}

/// What becomes of a slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub enum SlotView {
    /// Run this command; it is leased to the agent. Its kind may differ from the slot's: a full that
    /// mends the chain.
    Run {
        /// The command.
        command: CommandView,
    },
    /// It has run, runs elsewhere, was merged, or is not due any more: forget it.
    Done {},
    /// It will not run: forget it. The vault has noted why.
    Refused {
        /// Why.
        #[schema(value_type = Object)]
        fault: JobFault,
    },
}
