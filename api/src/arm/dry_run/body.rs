//! What a dry run answers.

use crate::arm::moment;
use crate::edge::CloudErrorBody;
use rsvault_domain::job::Job;
use rsvault_engine::rehearsal::{Effects, Fate, ItemEffect, PointEffect};
use serde::Serialize;
use serde_json::Value;

/// What would happen.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DryRunView {
    /// Always true: nothing was changed.
    dry_run: bool,
    /// Whether the request would be accepted.
    accepted: bool,
    /// HTTP status that it would be answered with.
    status: u16,
    /// The error it would be refused with.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    /// What stands in its way, one by one: the error's details, or the error itself.
    blockers: Vec<Value>,
    /// Jobs that would start.
    jobs: Vec<JobView>,
    /// Items whose state would change.
    items: Vec<ItemView>,
    /// Recovery points that would go or be kept for another time.
    recovery_points: PointsView,
}

/// A job that would start.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JobView {
    operation: String,
    entity_friendly_name: String,
    /// As far as it would come at once: one that needs an agent is InProgress.
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error_details: Vec<Value>,
}

/// An item whose state would change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemView {
    name: String,
    /// Null: it is new.
    before: Option<&'static str>,
    /// Null: it would be gone.
    after: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purge_time: Option<String>,
}

/// Recovery points.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PointsView {
    removed: u64,
    soft_deleted: u64,
    expire_earlier: u64,
    expire_later: u64,
    /// Items whose points were not looked at, because there are too many.
    items_left_out: usize,
    /// At most 1,000 of them.
    value: Vec<PointView>,
}

/// A recovery point.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PointView {
    item: String,
    kind: &'static str,
    time: String,
    fate: &'static str,
    expiry_time: Option<String>,
    expiry_time_after: Option<String>,
}

impl DryRunView {
    pub(super) fn new(status: u16, error: Option<CloudErrorBody>, effects: &Effects) -> Self {
        let error = error.and_then(|error| serde_json::to_value(error).ok());
        let blockers = match &error {
            None => Vec::new(),
            Some(error) => match error.get("details").and_then(Value::as_array) {
                Some(details) => details.clone(),
                None => vec![error.clone()],
            },
        };
        let count = |fate| effects.counts.get(&fate).copied().unwrap_or(0);
        Self {
            dry_run: true,
            accepted: error.is_none(),
            status,
            error,
            blockers,
            jobs: effects.jobs.iter().map(job).collect(),
            items: effects.items.iter().map(item).collect(),
            recovery_points: PointsView {
                removed: count(Fate::Removed),
                soft_deleted: count(Fate::SoftDeleted),
                expire_earlier: count(Fate::ExpiresEarlier),
                expire_later: count(Fate::ExpiresLater),
                items_left_out: effects.left_out,
                value: effects.points.iter().map(point).collect(),
            },
        }
    }
}

fn job(job: &Job) -> JobView {
    JobView {
        operation: job.kind.text(job.status),
        entity_friendly_name: job.entity_name.clone(),
        status: job.status.as_str(),
        error_details: job.faults.iter().map(|fault| serde_json::json!({"errorTitle": fault.code, "errorString": fault.message})).collect(),
    }
}

fn item(effect: &ItemEffect) -> ItemView {
    ItemView {
        name: effect.name.to_string(),
        before: effect.before.map(rsvault_domain::protection::ItemState::as_str),
        after: effect.after.map(rsvault_domain::protection::ItemState::as_str),
        purge_time: effect.purge_at.map(moment::full),
    }
}

fn point(effect: &PointEffect) -> PointView {
    PointView {
        item: effect.item.to_string(),
        kind: effect.kind.as_str(),
        time: moment::second(effect.time),
        fate: match effect.fate {
            Fate::Removed => "Removed",
            Fate::SoftDeleted => "SoftDeleted",
            Fate::ExpiresEarlier => "ExpiresEarlier",
            Fate::ExpiresLater => "ExpiresLater",
        },
        expiry_time: effect.expires_before.map(moment::full),
        expiry_time_after: effect.expires_after.map(moment::full),
    }
}
