//! The wire form of a restore request (wire-facts 6), and what it asks for.

use crate::arm::fields::{INVALID, moment, one_of, required, unsupported};
use rsvault_domain::Fault;
use rsvault_domain::archive::{KEEP_DAYS, Priority};
use rsvault_domain::backup::{DEFAULT_RANGE, FileKind};
use rsvault_domain::fault::Result;
use rsvault_domain::restore::FileMapping;
use rsvault_engine::restores::{Destination, Rehydration, RestoreRequest, Wanted};
use serde::Deserialize;
use utoipa::ToSchema;

/// Request body of a restore.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RestoreBody {
    /// What is asked for.
    pub(crate) properties: Option<RestorePropertiesBody>,
}

/// What is asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestorePropertiesBody {
    /// `AzureWorkloadSQLRestoreRequest`, or `AzureWorkloadSQLPointInTimeRestoreRequest`.
    pub(crate) object_type: Option<String>,
    /// The second to restore to, of a point in time restore.
    pub(crate) point_in_time: Option<String>,
    /// `OriginalLocation` or `AlternateLocation`.
    pub(crate) recovery_type: Option<String>,
    /// `FileRecovery` for files; `WorkloadRecovery` or nothing for a database.
    pub(crate) recovery_mode: Option<String>,
    /// Where to, unless to the original place.
    pub(crate) target_info: Option<TargetBody>,
    /// Where each file goes.
    pub(crate) alternate_directory_paths: Option<Vec<MappingBody>>,
    /// True leaves the database in NORECOVERY.
    pub(crate) is_non_recoverable: Option<bool>,
    /// True: files that cannot go where they are mapped to go to the default folders.
    pub(crate) is_fallback_on_default_directory_enabled: Option<bool>,
    /// How an archived point is brought back.
    pub(crate) recovery_point_rehydration_info: Option<RehydrationBody>,
}

/// How an archived point is brought back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RehydrationBody {
    /// How long the copy lives: `P10D` to `P30D`.
    pub(crate) rehydration_retention_duration: Option<String>,
    /// `Standard` or `High`.
    pub(crate) rehydration_priority: Option<String>,
}

/// Where to restore to.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TargetBody {
    /// `Overwrite` or `FailOnConflict`.
    #[serde(alias = "OverwriteOption")]
    pub(crate) overwrite_option: Option<String>,
    /// ARM id of the target container.
    #[serde(alias = "ContainerId")]
    pub(crate) container_id: Option<String>,
    /// Name of the target container, as older clients send it.
    #[serde(alias = "ContainerName")]
    pub(crate) container_name: Option<String>,
    /// `<instance>/<database>`.
    #[serde(alias = "DatabaseName")]
    pub(crate) database_name: Option<String>,
    /// Folder for files.
    pub(crate) target_directory_for_file_restore: Option<String>,
}

/// Where a file goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MappingBody {
    /// `Data` or `Log`.
    pub(crate) mapping_type: Option<String>,
    /// Logical name.
    pub(crate) source_logical_name: Option<String>,
    /// Path at backup time.
    pub(crate) source_path: Option<String>,
    /// Path to write.
    pub(crate) target_path: Option<String>,
}

const OBJECTS: &[&str] = &[
    "AzureWorkloadSQLRestoreRequest",
    "AzureWorkloadSQLPointInTimeRestoreRequest",
    "AzureWorkloadSQLRestoreWithRehydrateRequest",
    "AzureWorkloadSQLPointInTimeRestoreWithRehydrateRequest",
    "AzureWorkloadRestoreRequest",
    "AzureWorkloadPointInTimeRestoreRequest",
    "AzureWorkloadSAPHanaRestoreRequest",
    "AzureWorkloadSAPHanaPointInTimeRestoreRequest",
    "AzureFileShareRestoreRequest",
    "IaasVMRestoreRequest",
];
const MODES: &[&str] = &["FileRecovery", "WorkloadRecovery", "SnapshotAttach", "RecoveryUsingSnapshot", "SnapshotAttachAndRecover"];

impl RestoreBody {
    /// The request the body makes for the recovery point `point`.
    pub(crate) fn request(self, point: &str) -> Result<RestoreRequest> {
        required(self.properties, "properties")?.request(point)
    }
}

impl RestorePropertiesBody {
    /// The request that these properties make for the recovery point `point`.
    pub(crate) fn request(self, point: &str) -> Result<RestoreRequest> {
        let properties = self;
        let (wanted, rehydrates) = wanted(properties.object_type, properties.point_in_time, point)?;
        let rehydrate = rehydration(properties.recovery_point_rehydration_info, rehydrates)?;
        let target = properties.target_info.unwrap_or_default();
        let mode = properties.recovery_mode.map(|m| one_of(&m, "properties.recoveryMode", MODES)).transpose()?;
        let recovery = required(properties.recovery_type, "properties.recoveryType")?;
        let recovery = one_of(&recovery, "properties.recoveryType", &["OriginalLocation", "AlternateLocation", "RestoreDisks", "Offline"])?;
        let overwrite = match target.overwrite_option {
            Some(word) => one_of(&word, "properties.targetInfo.overwriteOption", &["Overwrite", "FailOnConflict"])? == "Overwrite",
            None => false,
        };
        let container = target.container_id.or(target.container_name).filter(|c| !c.is_empty());
        let destination = match (recovery, mode) {
            ("AlternateLocation", Some("FileRecovery")) => Destination::Files {
                container,
                directory: required(target.target_directory_for_file_restore, "properties.targetInfo.targetDirectoryForFileRestore")?,
            },
            (_, Some("FileRecovery")) => {
                return Err(Fault::invalid(
                    "BMSUserErrorInvalidRestoreRequest",
                    format!("Property 'recoveryType' is '{recovery}'; files are restored with AlternateLocation and a target folder."),
                )
                .at("properties.recoveryType"));
            }
            (_, Some(other)) if other != "WorkloadRecovery" => {
                return Err(unsupported(
                    &format!("The recovery mode {other}"),
                    "properties.recoveryMode",
                    "Leave it out, or send FileRecovery.",
                ));
            }
            ("OriginalLocation", _) => Destination::Original,
            ("AlternateLocation", _) => {
                Destination::Alternate { container, database: required(target.database_name, "properties.targetInfo.databaseName")? }
            }
            (other, _) => {
                return Err(unsupported(
                    &format!("The recovery type {other}"),
                    "properties.recoveryType",
                    "Send OriginalLocation or AlternateLocation.",
                ));
            }
        };
        let files = properties.alternate_directory_paths.unwrap_or_default();
        Ok(RestoreRequest {
            wanted,
            destination,
            overwrite,
            files: files
                .into_iter()
                .enumerate()
                .map(|(n, m)| mapping(m, &format!("properties.alternateDirectoryPaths[{n}]")))
                .collect::<Result<_>>()?,
            fallback: properties.is_fallback_on_default_directory_enabled.unwrap_or_default(),
            no_recovery: properties.is_non_recoverable.unwrap_or_default(),
            rehydrate,
        })
    }
}

/// Which state is asked for: a second of the range, a second reached from the full that is named, or
/// the point that is named; and whether it is to be brought back from the archive tier.
fn wanted(object: Option<String>, time: Option<String>, point: &str) -> Result<(Wanted, bool)> {
    let field = "properties.objectType";
    let range = point.eq_ignore_ascii_case(DEFAULT_RANGE);
    let object = required(object, field)?;
    let object = one_of(&object, field, OBJECTS)?;
    let rehydrates = object.contains("WithRehydrate");
    let wanted = match object {
        "AzureWorkloadSQLRestoreRequest" | "AzureWorkloadSQLRestoreWithRehydrateRequest" if range => Err(Fault::invalid(
            INVALID,
            format!("'{DEFAULT_RANGE}' stands for points in time. Send AzureWorkloadSQLPointInTimeRestoreRequest with 'pointInTime', or name a full or differential point."),
        )
        .at(field)),
        "AzureWorkloadSQLRestoreRequest" | "AzureWorkloadSQLRestoreWithRehydrateRequest" => Ok(Wanted::Point(point.to_owned())),
        "AzureWorkloadSQLPointInTimeRestoreRequest" | "AzureWorkloadSQLPointInTimeRestoreWithRehydrateRequest" => {
            let field = "properties.pointInTime";
            let at = moment(&required(time, field)?, field)?;
            Ok(Wanted::Time { at, from: (!range).then(|| point.to_owned()) })
        }
        other => Err(unsupported(
            &format!("A restore by {other}"),
            field,
            "Send AzureWorkloadSQLRestoreRequest or AzureWorkloadSQLPointInTimeRestoreRequest.",
        )),
    };
    Ok((wanted?, rehydrates))
}

/// How an archived point is brought back, if the request's type says that it is.
fn rehydration(body: Option<RehydrationBody>, asked: bool) -> Result<Option<Rehydration>> {
    let at = "properties.recoveryPointRehydrationInfo";
    let body = match (body, asked) {
        (None, false) => return Ok(None),
        (Some(_), false) => {
            return Err(Fault::invalid(INVALID, format!("Property '{at}' goes with AzureWorkloadSQLRestoreWithRehydrateRequest alone. Send that objectType, or leave the property out.")).at(at));
        }
        (body, true) => required(body, at)?,
    };
    let field = format!("{at}.rehydrationPriority");
    let priority = match one_of(&required(body.rehydration_priority, &field)?, &field, &["Standard", "High"])? {
        "High" => Priority::High,
        _ => Priority::Standard,
    };
    let field = format!("{at}.rehydrationRetentionDuration");
    let text = required(body.rehydration_retention_duration, &field)?;
    let days = text.parse::<jiff::Span>().ok().filter(|span| span.fieldwise() == jiff::Span::new().days(span.get_days()));
    let days = days.map(|span| span.get_days()).filter(|days| KEEP_DAYS.contains(days));
    let keep_days = days.ok_or_else(|| {
        let (least, most) = (KEEP_DAYS.start(), KEEP_DAYS.end());
        Fault::invalid(INVALID, format!("Property '{field}' is '{text}'; a rehydrated copy lives {least} to {most} days. Write them as ISO 8601, for instance 'P15D'."))
            .at(field.clone())
    })?;
    Ok(Some(Rehydration { keep_days, priority }))
}

fn mapping(body: MappingBody, at: &str) -> Result<FileMapping> {
    let field = format!("{at}.mappingType");
    let kind = required(body.mapping_type, &field)?;
    Ok(FileMapping {
        kind: if one_of(&kind, &field, &["Data", "Log"])? == "Log" { FileKind::Log } else { FileKind::Data },
        logical_name: required(body.source_logical_name, &format!("{at}.sourceLogicalName"))?,
        source_path: body.source_path.unwrap_or_default(),
        target_path: required(body.target_path.filter(|p| !p.is_empty()), &format!("{at}.targetPath"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(properties: &serde_json::Value) -> Result<RestoreRequest> {
        serde_json::from_value::<RestoreBody>(json!({ "properties": properties })).unwrap().request("1")
    }

    #[test]
    fn the_three_bodies_of_the_client_are_read() {
        let object = "AzureWorkloadSQLRestoreRequest";
        let original = read(&json!({"objectType": object, "recoveryType": "OriginalLocation", "shouldUseAlternateTargetLocation": true, "isNonRecoverable": false})).unwrap();
        assert_eq!(original.destination, Destination::Original);
        let alternate = read(&json!({"objectType": object, "recoveryType": "AlternateLocation", "targetInfo": {"overwriteOption": "Overwrite", "containerId": "/c", "databaseName": "I/d"},
            "alternateDirectoryPaths": [{"mappingType": "Log", "sourceLogicalName": "d_log", "sourcePath": "a", "targetPath": "b"}]}))
        .unwrap();
        assert_eq!(alternate.destination, Destination::Alternate { container: Some("/c".into()), database: "I/d".into() });
        assert!(alternate.overwrite);
        assert_eq!(alternate.files[0].kind, FileKind::Log);
        let files = read(&json!({"objectType": object, "recoveryType": "AlternateLocation", "recoveryMode": "FileRecovery", "targetInfo": {"overwriteOption": "Overwrite", "containerName": "n", "targetDirectoryForFileRestore": "C:"}})).unwrap();
        assert_eq!(files.destination, Destination::Files { container: Some("n".into()), directory: "C:".into() });
    }

    #[test]
    fn a_second_is_asked_of_the_range_or_from_a_full() {
        let body = json!({"objectType": "AzureWorkloadSQLPointInTimeRestoreRequest", "pointInTime": "2026-11-23T03:15:27.000Z",
            "recoveryType": "OriginalLocation"});
        let ask =
            |point: &str| serde_json::from_value::<RestoreBody>(json!({ "properties": body })).unwrap().request(point).unwrap().wanted;
        let at = "2026-11-23T03:15:27Z".parse().unwrap();
        assert_eq!(ask("defaultrangerecoverypoint"), Wanted::Time { at, from: None });
        assert_eq!(ask("123"), Wanted::Time { at, from: Some("123".into()) });
        let distinct = json!({"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "OriginalLocation"}});
        let fault = serde_json::from_value::<RestoreBody>(distinct).unwrap().request(DEFAULT_RANGE).unwrap_err();
        assert!(fault.message.contains("pointInTime"), "{}", fault.message);
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let object = "AzureWorkloadSQLRestoreRequest";
        for (properties, field) in [
            (json!({"recoveryType": "OriginalLocation"}), "properties.objectType"),
            (json!({"objectType": "Banana"}), "properties.objectType"),
            (json!({"objectType": "AzureWorkloadSAPHanaRestoreRequest"}), "properties.objectType"),
            (json!({"objectType": "AzureWorkloadSQLRestoreWithRehydrateRequest"}), "properties.recoveryPointRehydrationInfo"),
            (
                json!({"objectType": object, "recoveryPointRehydrationInfo": {"rehydrationPriority": "High"}}),
                "properties.recoveryPointRehydrationInfo",
            ),
            (
                json!({"objectType": "AzureWorkloadSQLRestoreWithRehydrateRequest", "recoveryPointRehydrationInfo": {"rehydrationPriority": "Soon"}}),
                "properties.recoveryPointRehydrationInfo.rehydrationPriority",
            ),
            (
                json!({"objectType": "AzureWorkloadSQLRestoreWithRehydrateRequest", "recoveryPointRehydrationInfo": {"rehydrationPriority": "High", "rehydrationRetentionDuration": "P9D"}}),
                "properties.recoveryPointRehydrationInfo.rehydrationRetentionDuration",
            ),
            (json!({"objectType": "AzureWorkloadSQLPointInTimeRestoreRequest"}), "properties.pointInTime"),
            (json!({"objectType": "AzureWorkloadSQLPointInTimeRestoreRequest", "pointInTime": "noon"}), "properties.pointInTime"),
            (json!({"objectType": object}), "properties.recoveryType"),
            (json!({"objectType": object, "recoveryType": "AlternateLocation"}), "properties.targetInfo.databaseName"),
            (
                json!({"objectType": object, "recoveryType": "AlternateLocation", "targetInfo": {"overwriteOption": "Maybe"}}),
                "properties.targetInfo.overwriteOption",
            ),
        ] {
            assert_eq!(read(&properties).unwrap_err().target.as_deref(), Some(field), "{properties}");
        }
    }
}
