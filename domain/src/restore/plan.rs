//! The plan of a restore: which sets, in which order, up to when. What is validated, previewed and
//! run is one choice.
//!
//! Always holds: a moment within [`Chain::ranges`] has a plan, any other second has none; what the
//! preview shows is what the plan runs.

use super::{RestorePlan, RestoreStep, RestoreTarget};
use crate::backup::chain::{Chain, Gap, Link};
use crate::backup::{BackupKind, RecoveryPointName};
use crate::fault::Fault;
use crate::id::SetId;
use jiff::Timestamp;

/// What is to be brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanRequest {
    /// The state at a moment.
    At(Timestamp),
    /// The state at the end of a log backup.
    EndOfLog(RecoveryPointName),
    /// The state of a full, differential or copy-only full.
    Point(RecoveryPointName),
}

/// A plan as people see it before they run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanPreview {
    /// Steps in order.
    pub steps: Vec<PreviewStep>,
    /// Ciphertext bytes to read in all.
    pub sealed_bytes: u64,
    /// The moment whose state it gives back.
    pub time: Timestamp,
    /// Where the last log stops; None when every step is applied whole.
    pub stop_at: Option<Timestamp>,
}

/// A step of a preview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewStep {
    /// Set.
    pub set_id: SetId,
    /// Recovery point.
    pub name: RecoveryPointName,
    /// Kind.
    pub kind: BackupKind,
    /// When the engine began reading.
    pub started_at: Timestamp,
    /// The moment whose state it holds; of a log: the last it covers.
    pub time: Timestamp,
    /// Ciphertext bytes.
    pub sealed_bytes: u64,
}

/// Plans a restore of `source_database`, for an agent to run.
pub fn plan(chain: &Chain, request: &PlanRequest, target: RestoreTarget, source_database: &str) -> Result<RestorePlan, Fault> {
    let (links, stop_at) = choose(chain, request)?;
    let steps = links.iter().map(|l| RestoreStep { set_id: l.set_id, kind: l.kind, point: l.name.to_string(), time: l.time }).collect();
    Ok(RestorePlan { source_database: source_database.to_owned(), steps, stop_at, target })
}

/// The same plan, to look at.
pub fn preview(chain: &Chain, request: &PlanRequest) -> Result<PlanPreview, Fault> {
    let (links, stop_at) = choose(chain, request)?;
    let steps: Vec<PreviewStep> = links
        .iter()
        .map(|l| PreviewStep {
            set_id: l.set_id,
            name: l.name.clone(),
            kind: l.kind,
            started_at: l.started_at,
            time: l.time,
            sealed_bytes: l.sealed_bytes,
        })
        .collect();
    let sealed_bytes = steps.iter().fold(0u64, |sum, step| sum.saturating_add(step.sealed_bytes));
    let time = stop_at.or(links.last().map(|l| l.time)).unwrap_or_default();
    Ok(PlanPreview { steps, sealed_bytes, time, stop_at })
}

fn choose<'a>(chain: &'a Chain, request: &PlanRequest) -> Result<(Vec<&'a Link>, Option<Timestamp>), Box<Gap>> {
    match request {
        PlanRequest::At(t) => {
            let links = chain.plan_at(*t)?;
            // At the very end of the last link nothing is cut off. SQL Server would go on waiting for
            // more log there, and refuses to stop in a bulk-logged one.
            let whole = links.last().is_some_and(|last| last.time == *t);
            Ok((links, (!whole).then_some(*t)))
        }
        PlanRequest::EndOfLog(name) => named(chain, name, true),
        PlanRequest::Point(name) => named(chain, name, false),
    }
}

fn named<'a>(chain: &'a Chain, name: &RecoveryPointName, log: bool) -> Result<(Vec<&'a Link>, Option<Timestamp>), Box<Gap>> {
    match chain.get(name) {
        Some(link) if (link.kind == BackupKind::Log) == log => Ok((chain.plan_for(name)?, None)),
        _ => Err(Gap::no_such_point(name)),
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
