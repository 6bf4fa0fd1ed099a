//! Bodies of the clock.

use jiff::{SignedDuration, Span, Timestamp};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::ports::{Advanced, ClockChange, ClockReading, Until};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How the clock stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Clock)]
pub(super) struct ClockBody {
    /// Now (RFC 3339).
    #[schema(format = DateTime)]
    now: String,
    /// Whether it stands still.
    frozen: bool,
    /// Virtual seconds in a real one while it is not frozen.
    scale: f64,
}

/// A change of the clock. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClockChange)]
pub(super) struct ClockChangeBody {
    /// A later time (RFC 3339).
    #[schema(format = DateTime)]
    now: Option<String>,
    /// Whether to stand still.
    frozen: Option<bool>,
    /// Virtual seconds in a real one: above 0, at most 1,000,000; 1 is real time.
    #[schema(exclusive_minimum = 0, maximum = 1_000_000)]
    scale: Option<f64>,
}

/// How far to go: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Advance)]
pub(super) struct AdvanceBody {
    /// By so much: an ISO 8601 duration, or seconds.
    #[schema(value_type = Option<AdvanceBy>)]
    by: Option<serde_json::Value>,
    /// To that time (RFC 3339).
    #[schema(format = DateTime)]
    to: Option<String>,
}

/// An ISO 8601 duration (`P15D`, `PT15M`), or seconds.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = AdvanceBy)]
#[allow(dead_code, reason = "the shape that the document shows; 'by' is read by hand, for better words about what is wrong")]
pub(super) enum AdvanceBy {
    #[schema(example = "P15D")]
    Duration(String),
    Seconds(u64),
}

/// What a run through time did.
#[derive(Serialize, ToSchema)]
#[schema(as = Advanced)]
pub(super) struct AdvancedBody {
    /// From when (RFC 3339).
    #[schema(format = DateTime)]
    from: String,
    /// Until when; before the target if the run was stopped.
    #[schema(format = DateTime)]
    to: String,
    /// Moments at which something was due.
    steps: u64,
    /// Events by kind.
    counts: BTreeMap<&'static str, u64>,
    /// What fired, in order; at most 10,000.
    fired: Vec<EventBody>,
    /// Whether more fired than is listed.
    truncated: bool,
    /// Work that did not end in (real) time and was left behind.
    unfinished: Vec<String>,
}

/// One thing that fired.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(super) struct EventBody {
    /// When (RFC 3339).
    #[schema(format = DateTime)]
    at: String,
    /// `schedule`, `retention`, `softDelete`, `lease`, `discovery`, `alert` or `missedSlot`.
    kind: &'static str,
    /// About what: the name of an item, a container, a vault; the id of a command.
    subject: String,
    /// What happened and why.
    text: String,
}

impl ClockBody {
    pub(super) fn of(reading: ClockReading) -> Self {
        Self { now: reading.now.to_string(), frozen: reading.frozen, scale: reading.scale }
    }
}

impl ClockChangeBody {
    pub(super) fn into_change(self) -> Result<ClockChange> {
        let now = self.now.map(|text| moment(&text, "now")).transpose()?;
        Ok(ClockChange { now, frozen: self.frozen, scale: self.scale })
    }
}

impl AdvanceBody {
    pub(super) fn into_until(self) -> Result<Until> {
        match (self.by, self.to) {
            (Some(by), None) => Ok(Until::By(span(&by)?)),
            (None, Some(to)) => Ok(Until::To(moment(&to, "to")?)),
            _ => {
                let message =
                    "Say how far: give either 'by' (a duration like P15D, or seconds) or 'to' (a time like 2026-12-31T12:00:00Z).";
                Err(Fault::invalid("InvalidAdvance", message).at("by"))
            }
        }
    }
}

impl AdvancedBody {
    pub(super) fn of(advanced: Advanced) -> Self {
        let event =
            |e: rsvault_domain::ports::Event| EventBody { at: e.at.to_string(), kind: e.kind.as_str(), subject: e.subject, text: e.text };
        Self {
            from: advanced.from.to_string(),
            to: advanced.to.to_string(),
            steps: advanced.steps,
            counts: advanced.counts.into_iter().map(|(kind, count)| (kind.as_str(), count)).collect(),
            fired: advanced.fired.into_iter().map(event).collect(),
            truncated: advanced.truncated,
            unfinished: advanced.unfinished,
        }
    }
}

fn moment(text: &str, field: &'static str) -> Result<Timestamp> {
    text.parse()
        .map_err(|_| Fault::invalid("InvalidTime", format!("'{text}' is not a time: write it like 2026-12-31T12:00:00Z.")).at(field))
}

/// Forwards only: a span of nothing or back is the caller's slip.
fn span(by: &serde_json::Value) -> Result<Span> {
    let bad = || {
        let message = format!("'by' is {by}: it must be a duration like \"P15D\" or \"PT15M\", or a number of seconds, and lead forwards.");
        Fault::invalid("InvalidDuration", message).at("by")
    };
    let span = match by {
        serde_json::Value::String(text) => text.parse::<Span>().map_err(|_| bad())?,
        serde_json::Value::Number(seconds) => {
            let seconds = seconds.as_f64().and_then(|s| SignedDuration::try_from_secs_f64(s).ok()).ok_or_else(bad)?;
            Span::try_from(seconds).map_err(|_| bad())?
        }
        _ => return Err(bad()),
    };
    if span.is_positive() { Ok(span) } else { Err(bad()) }
}
