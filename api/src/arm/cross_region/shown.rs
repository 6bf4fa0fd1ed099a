//! Bodies of the secondary region's versions: those of the primary, less the keys that came later.

use rsvault_domain::Fault;
use rsvault_domain::fault::Result;
use serde::Serialize;
use serde_json::{Map, Value};

/// Keys of an item.
const ITEM: &[&str] = &[
    "friendlyName",
    "serverName",
    "parentName",
    "parentType",
    "protectionStatus",
    "protectionState",
    "lastBackupStatus",
    "lastBackupTime",
    "lastBackupErrorDetail",
    "protectedItemDataSourceId",
    "protectedItemHealthStatus",
    "protectedItemType",
    "backupManagementType",
    "workloadType",
    "containerName",
    "sourceResourceId",
    "policyId",
    "lastRecoveryPoint",
    "isScheduledForDeferredDelete",
    "deferredDeleteTimeInUTC",
    "deferredDeleteTimeRemaining",
    "kpisHealths",
];
/// Keys of a recovery point.
const POINT: &[&str] = &[
    "objectType",
    "recoveryPointTimeInUTC",
    "type",
    "recoveryPointTierDetails",
    "recoveryPointMoveReadinessInfo",
    "timeRanges",
    "extendedInfo",
    "crossRegionRestoreState",
];
/// Keys of a point's `extendedInfo`.
const FILES: &[&str] = &["dataDirectoryTimeInUTC", "dataDirectoryPaths"];
/// Keys of the storage config.
const STORAGE: &[&str] = &["storageModelType", "storageType", "storageTypeState", "crossRegionRestoreFlag"];

/// An item.
pub(super) fn item(view: &impl Serialize) -> Result<Value> {
    shown(view, ITEM)
}

/// A recovery point: what the secondary shows, it can restore.
pub(super) fn point(view: &impl Serialize) -> Result<Value> {
    let mut value = shown(view, POINT)?;
    if let Some(properties) = value.get_mut("properties").and_then(Value::as_object_mut) {
        if let Some(Value::Object(files)) = properties.get_mut("extendedInfo") {
            keep(files, FILES);
        }
        if properties.contains_key("recoveryPointTimeInUTC") {
            properties.insert("crossRegionRestoreState".into(), "Supported".into());
        }
    }
    Ok(value)
}

/// A job; its tasks have no type yet.
pub(super) fn job(view: &impl Serialize) -> Result<Value> {
    let mut value = serde_json::to_value(view).map_err(Fault::internal)?;
    let tasks = value.pointer_mut("/properties/extendedInfo/tasksList").and_then(Value::as_array_mut);
    for task in tasks.into_iter().flatten().filter_map(Value::as_object_mut) {
        task.remove("taskType");
    }
    Ok(value)
}

/// The storage config.
pub(crate) fn storage_config(view: &impl Serialize) -> Result<Value> {
    shown(view, STORAGE)
}

/// A resource with those of its properties that are among `keys` and say something.
fn shown(view: &impl Serialize, keys: &[&str]) -> Result<Value> {
    let mut value = serde_json::to_value(view).map_err(Fault::internal)?;
    if let Some(Value::Object(properties)) = value.get_mut("properties") {
        keep(properties, keys);
    }
    Ok(value)
}

fn keep(map: &mut Map<String, Value>, keys: &[&str]) {
    map.retain(|key, value| keys.contains(&key.as_str()) && !value.is_null());
}
