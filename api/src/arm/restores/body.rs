//! The wire form of a restore request (wire-facts 6), and what it asks for.

use crate::arm::fields::{one_of, required, unsupported};
use rsvault_domain::Fault;
use rsvault_domain::backup::{DEFAULT_RANGE, FileKind};
use rsvault_domain::fault::Result;
use rsvault_domain::restore::FileMapping;
use rsvault_engine::restores::{Destination, RestoreRequest};
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
    /// `AzureWorkloadSQLRestoreRequest`.
    pub(crate) object_type: Option<String>,
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
}

/// Where to restore to.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TargetBody {
    /// `Overwrite` or `FailOnConflict`.
    pub(crate) overwrite_option: Option<String>,
    /// ARM id of the target container.
    pub(crate) container_id: Option<String>,
    /// Name of the target container, as older clients send it.
    pub(crate) container_name: Option<String>,
    /// `<instance>/<database>`.
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
        let properties = required(self.properties, "properties")?;
        let object = required(properties.object_type, "properties.objectType")?;
        match one_of(&object, "properties.objectType", OBJECTS)? {
            "AzureWorkloadSQLRestoreRequest" => {}
            other if other.contains("SQLPointInTime") => {
                return Err(unsupported(
                    "A restore to a point in time",
                    "properties.objectType",
                    "Send AzureWorkloadSQLRestoreRequest for a full recovery point.",
                ));
            }
            other => {
                return Err(unsupported(&format!("A restore by {other}"), "properties.objectType", "Send AzureWorkloadSQLRestoreRequest."));
            }
        }
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
            point: if point.eq_ignore_ascii_case(DEFAULT_RANGE) { DEFAULT_RANGE.to_owned() } else { point.to_owned() },
            destination,
            overwrite,
            files: files
                .into_iter()
                .enumerate()
                .map(|(n, m)| mapping(m, &format!("properties.alternateDirectoryPaths[{n}]")))
                .collect::<Result<_>>()?,
            no_recovery: properties.is_non_recoverable.unwrap_or_default(),
        })
    }
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
    fn what_is_missing_or_unknown_is_named() {
        let object = "AzureWorkloadSQLRestoreRequest";
        for (properties, field) in [
            (json!({"recoveryType": "OriginalLocation"}), "properties.objectType"),
            (json!({"objectType": "Banana"}), "properties.objectType"),
            (
                json!({"objectType": "AzureWorkloadSQLPointInTimeRestoreRequest", "pointInTime": "2026-01-01T00:00:00Z"}),
                "properties.objectType",
            ),
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
