//! The emulator's time, as the rest of the house drives it, and what happened in it.
//!
//! Always holds: time never goes back; it stands still while the work of a moment is under way, so
//! moving it far loses no lease.

use crate::fault::Result;
use async_trait::async_trait;
use jiff::{Span, Timestamp};
use std::collections::BTreeMap;

/// What fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A slot of a schedule ran (or was merged, or skipped).
    Schedule,
    /// Retention expired or deleted points.
    Retention,
    /// Something soft-deleted was purged.
    SoftDelete,
    /// A command was handed out again, or failed because its agent was silent.
    Lease,
    /// The vault inquired a server by itself.
    Discovery,
    /// An alert was raised or resolved.
    Alert,
    /// A slot passed without its backup.
    MissedSlot,
    /// A point reached the archive tier, or a copy of one came or went.
    Archive,
    /// A set arrived in the secondary region.
    Replication,
}

impl EventKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Retention => "retention",
            Self::SoftDelete => "softDelete",
            Self::Lease => "lease",
            Self::Discovery => "discovery",
            Self::Alert => "alert",
            Self::MissedSlot => "missedSlot",
            Self::Archive => "archive",
            Self::Replication => "replication",
        }
    }
}

/// One thing that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, by the house's clock.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// About which thing, by name (item, container, vault, server).
    pub subject: String,
    /// What happened and why, for people.
    pub text: String,
}

/// How the clock stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockReading {
    /// Now.
    pub now: Timestamp,
    /// Whether it stands still.
    pub frozen: bool,
    /// Virtual seconds in a real one while it is not frozen.
    pub scale: f64,
}

/// A change of the clock; None leaves as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClockChange {
    /// Forwards only; everything on the way fires.
    pub now: Option<Timestamp>,
    /// Whether to stand still.
    pub frozen: Option<bool>,
    /// Virtual seconds in a real one.
    pub scale: Option<f64>,
}

/// How far to go.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// By so much, as the calendar of UTC counts it.
    By(Span),
    /// To that moment.
    To(Timestamp),
}

/// What a run through time did.
#[derive(Clone, Debug, PartialEq)]
pub struct Advanced {
    /// From when.
    pub from: Timestamp,
    /// Until when. Before the target if it was cancelled.
    pub to: Timestamp,
    /// Moments at which something was due.
    pub steps: u64,
    /// How many events of each kind.
    pub counts: BTreeMap<EventKind, u64>,
    /// The events in order, up to a bound.
    pub fired: Vec<Event>,
    /// Whether there were more than are listed.
    pub truncated: bool,
    /// Work that did not end in (real) time and was left behind.
    pub unfinished: Vec<String>,
}

/// The emulator's clock and the driver that runs time through every timer on the way, in order.
#[async_trait]
pub trait Timeline: Send + Sync + 'static {
    /// How the clock stands.
    fn read(&self) -> ClockReading;
    /// Changes it; a moment in the past is refused.
    async fn change(&self, change: ClockChange) -> Result<ClockReading>;
    /// Runs time forwards. One at a time; dropping the call stops it after the step that runs.
    async fn advance(&self, until: Until) -> Result<Advanced>;
}
