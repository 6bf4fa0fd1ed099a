//! The query and the answer of a plan.

use crate::arm::moment;
use rsvault_domain::Fault;
use rsvault_domain::backup::DEFAULT_RANGE;
use rsvault_domain::fault::Result;
use rsvault_domain::restore::PlanPreview;
use rsvault_engine::restores::Wanted;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What to plan: a second, a point, or a second reached from a full.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlanQuery {
    /// Version of the API; any well-formed one is accepted.
    #[serde(rename = "api-version")]
    #[param(required = true)]
    pub(crate) _api_version: Option<String>,
    /// The second to restore to, RFC 3339.
    pub(crate) at: Option<String>,
    /// Name of a recovery point: the point itself, or with `at` the full to begin with.
    #[serde(rename = "recoveryPoint")]
    pub(crate) recovery_point: Option<String>,
}

impl PlanQuery {
    /// What is wanted.
    pub(crate) fn wanted(&self) -> Result<Wanted> {
        let point = self.recovery_point.as_deref().filter(|p| !p.eq_ignore_ascii_case(DEFAULT_RANGE));
        match (&self.at, point) {
            (Some(at), from) => Ok(Wanted::Time { at: crate::arm::fields::moment(at, "at")?, from: from.map(str::to_owned) }),
            (None, Some(name)) => Ok(Wanted::Point(name.to_owned())),
            (None, None) => Err(Fault::invalid(
                crate::arm::fields::INVALID,
                "Send the second to restore to as 'at' (for instance 2026-11-23T12:00:00Z), or a point's name as 'recoveryPoint'.",
            )
            .at("at")),
        }
    }
}

/// What a restore would do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanView {
    /// The moment whose state it gives back.
    pub(crate) time: String,
    /// Where the last log stops; absent when every step is applied whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop_at: Option<String>,
    /// Bytes to read from the vault, sealed.
    pub(crate) sealed_bytes: u64,
    /// Backups to apply, in order.
    pub(crate) steps: Vec<StepView>,
}

/// A backup to apply.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepView {
    /// `Full`, `Differential`, `Log` or `CopyOnlyFull`.
    pub(crate) kind: &'static str,
    /// Name of the recovery point; of a log, the name it has within rsvault.
    pub(crate) recovery_point: String,
    /// When the backup began.
    pub(crate) started_at: String,
    /// The moment whose state it holds; of a log, the last it covers.
    pub(crate) time: String,
    /// Bytes, sealed.
    pub(crate) sealed_bytes: u64,
}

impl PlanView {
    /// Of this plan.
    pub(crate) fn new(plan: &PlanPreview) -> Self {
        let step = |step: &rsvault_domain::restore::PreviewStep| StepView {
            kind: step.kind.as_str(),
            recovery_point: step.name.to_string(),
            started_at: moment::full(step.started_at),
            time: moment::full(step.time),
            sealed_bytes: step.sealed_bytes,
        };
        Self {
            time: moment::full(plan.time),
            stop_at: plan.stop_at.map(moment::full),
            sealed_bytes: plan.sealed_bytes,
            steps: plan.steps.iter().map(step).collect(),
        }
    }
}
