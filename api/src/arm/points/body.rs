//! The wire form of recovery points (wire-facts 6): distinct points, and the one pseudo point that carries
//! what the logs cover.

use crate::arm::items::body::item_id;
use crate::arm::moment;
use jiff::Timestamp;
use rsvault_domain::archive::{NotReady, Tier};
use rsvault_domain::backup::{BackupKind, DEFAULT_RANGE, DatabaseFile, RecoveryPoint};
use rsvault_domain::restore::is_listed;
use rsvault_engine::backups::{self, Coverage};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A recovery point.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PointView {
    /// ARM id.
    pub(crate) id: String,
    /// Name: 15 digits, or `DefaultRangeRecoveryPoint`.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints`.
    pub(crate) r#type: &'static str,
    /// What it is.
    pub(crate) properties: PointPropertiesView,
}

/// What a recovery point is.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PointPropertiesView {
    /// `AzureWorkloadSQLRecoveryPoint` or `AzureWorkloadSQLPointInTimeRecoveryPoint`.
    pub(crate) object_type: &'static str,
    /// The moment whose state it gives back.
    #[serde(rename = "recoveryPointTimeInUTC", skip_serializing_if = "Option::is_none")]
    pub(crate) recovery_point_time_in_utc: Option<String>,
    /// The same under the spelling that the Azure CLI's table reads of every point, also of the range (null there).
    #[serde(rename = "recoveryPointTimeInUtc")]
    pub(crate) recovery_point_time_in_utc_for_tables: Option<String>,
    /// `Full`, `Differential` or `Log`.
    pub(crate) r#type: &'static str,
    /// Where its bytes are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recovery_point_tier_details: Option<Vec<TierView>>,
    /// Whether it may move to an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recovery_point_move_readiness_info: Option<BTreeMap<&'static str, MoveReadinessView>>,
    /// `Supported` once the secondary region shows it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cross_region_restore_state: Option<&'static str>,
    /// When it may go; left out of a single GET.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recovery_point_properties: Option<ExpiryView>,
    /// What the logs cover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time_ranges: Option<Vec<TimeRangeView>>,
    /// Files of the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extended_info: Option<PointExtendedInfoView>,
}

/// Where a point counts as being.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TierView {
    /// `HardenedRP` or `ArchivedRP`.
    pub(crate) r#type: &'static str,
    /// `Valid`, `Deleted` or `Rehydrated`.
    pub(crate) status: &'static str,
    /// Of a rehydrated one: until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extended_info: Option<BTreeMap<&'static str, String>>,
}

fn tiers(tier: Tier) -> Vec<TierView> {
    let plain = |r#type, status| TierView { r#type, status, extended_info: None };
    match tier {
        Tier::Standard | Tier::Moving { .. } => vec![plain("HardenedRP", "Valid")],
        Tier::Archived { .. } | Tier::Rehydrating { .. } => vec![plain("ArchivedRP", "Valid")],
        Tier::Rehydrated { until, .. } => vec![TierView {
            extended_info: Some(BTreeMap::from([("RehydratedRPExpiryTime", moment::seven_digits(until))])),
            ..plain("ArchivedRP", "Rehydrated")
        }],
    }
}

/// Whether a point may move to an archive.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MoveReadinessView {
    /// Whether.
    pub(crate) is_ready_for_move: bool,
    /// Why not.
    pub(crate) additional_info: String,
}

/// When a point may go.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpiryView {
    /// When.
    pub(crate) expiry_time: String,
    /// Whether a policy that was shortened has given it up: it can be restored until then.
    pub(crate) is_soft_deleted: bool,
}

/// A stretch of time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimeRangeView {
    /// From.
    pub(crate) start_time: String,
    /// To.
    pub(crate) end_time: String,
}

/// Files of a database.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PointExtendedInfoView {
    /// When they were listed.
    #[serde(rename = "dataDirectoryTimeInUTC")]
    pub(crate) data_directory_time_in_utc: String,
    /// The files; left out where the list is too long to be mapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data_directory_paths: Option<Vec<FileView>>,
    /// Empty.
    #[schema(value_type = Object)]
    pub(crate) snapshot_recovery_point_info: serde_json::Value,
}

/// A file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileView {
    /// `Data` or `Log`.
    pub(crate) r#type: &'static str,
    /// Path on the server.
    pub(crate) path: String,
    /// Logical name.
    pub(crate) logical_name: String,
}

/// How much a view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// As in a list: with the expiry.
    List,
    /// As in a list that asked for `extendedInfo`: with the files too.
    Extended,
    /// As in a single GET: with the files, without the expiry.
    Single,
}

fn view(of: &backups::PointView, name: &str, properties: PointPropertiesView) -> PointView {
    PointView {
        id: format!("{}/recoveryPoints/{name}", item_id(&of.vault, &of.container, &of.item)),
        name: name.to_owned(),
        r#type: "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints",
        properties,
    }
}

fn files(point: &RecoveryPoint) -> PointExtendedInfoView {
    PointExtendedInfoView {
        data_directory_time_in_utc: moment::second(point.time),
        data_directory_paths: is_listed(&point.facts.files).then(|| {
            let file = |f: &DatabaseFile| FileView { r#type: f.kind.as_str(), path: f.path.clone(), logical_name: f.logical_name.clone() };
            point.facts.files.iter().map(file).collect()
        }),
        snapshot_recovery_point_info: serde_json::json!({}),
    }
}

impl PointView {
    /// A distinct point, and whether it may move to the archive tier.
    pub(crate) fn new(
        of: &backups::PointView,
        point: &RecoveryPoint,
        ready: &std::result::Result<(), NotReady>,
        detail: Detail,
        now: Timestamp,
    ) -> Self {
        // A soft deletion may be set ahead; until then the point lives as it did.
        let deleted = point.soft_deleted.filter(|d| d.in_force(now));
        let time = Some(moment::second(point.time));
        let readiness = MoveReadinessView {
            is_ready_for_move: ready.is_ok(),
            additional_info: ready.as_ref().map_or_else(ToString::to_string, |()| String::new()),
        };
        let properties = PointPropertiesView {
            object_type: "AzureWorkloadSQLRecoveryPoint",
            recovery_point_time_in_utc: time.clone(),
            recovery_point_time_in_utc_for_tables: time,
            r#type: wire_kind(point.kind),
            recovery_point_tier_details: Some(tiers(point.tier.at(now))),
            recovery_point_move_readiness_info: Some(BTreeMap::from([("ArchivedRP", readiness)])),
            cross_region_restore_state: None,
            recovery_point_properties: deleted
                .map_or(point.expires_at, |d| Some(d.purge_at))
                .filter(|_| detail != Detail::Single)
                .map(|at| ExpiryView { expiry_time: moment::seven_digits(at), is_soft_deleted: deleted.is_some() }),
            time_ranges: None,
            extended_info: (detail != Detail::List).then(|| files(point)),
        };
        view(of, &point.name.to_string(), properties)
    }
    /// The same, saying whether the secondary region shows it too.
    pub(crate) fn replicated(mut self, replicated: bool) -> Self {
        self.properties.cross_region_restore_state = replicated.then_some("Supported");
        self
    }
    /// The pseudo point of the logs, with the seconds that can be restored.
    pub(crate) fn default_range(of: &backups::PointView, coverage: &Coverage, detail: Detail) -> Self {
        let range =
            |(start, end): &(Timestamp, Timestamp)| TimeRangeView { start_time: moment::second(*start), end_time: moment::second(*end) };
        let properties = PointPropertiesView {
            object_type: "AzureWorkloadSQLPointInTimeRecoveryPoint",
            r#type: "Log",
            time_ranges: Some(coverage.ranges.iter().map(range).collect()),
            extended_info: coverage.newest.as_ref().filter(|_| detail != Detail::List).map(files),
            ..PointPropertiesView::default()
        };
        view(of, DEFAULT_RANGE, properties)
    }
}

/// `RestorePointType` has no word for a copy-only full: it shows as a full.
fn wire_kind(kind: BackupKind) -> &'static str {
    match kind {
        BackupKind::CopyOnlyFull => BackupKind::Full.as_str(),
        other => other.as_str(),
    }
}

/// A list of recovery points.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PointList {
    /// Points, newest first; `DefaultRangeRecoveryPoint` last.
    pub(crate) value: Vec<PointView>,
    /// Where the next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_link: Option<String>,
}
