//! The wire form of a backup request.

use crate::arm::fields::{moment, one_of, required, unsupported};
use rsvault_domain::backup::BackupKind;
use rsvault_domain::fault::Result;
use rsvault_engine::backups::BackupRequest;
use serde::Deserialize;
use utoipa::ToSchema;

/// Request body of a backup.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct BackupBody {
    /// What is asked for.
    pub(crate) properties: Option<BackupPropertiesBody>,
}

/// What is asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackupPropertiesBody {
    /// `AzureWorkloadBackupRequest`.
    pub(crate) object_type: Option<String>,
    /// `Full`, `Differential`, `Log` or `CopyOnlyFull`.
    pub(crate) backup_type: Option<String>,
    /// Whether to compress.
    pub(crate) enable_compression: Option<bool>,
    /// When the recovery point may go.
    #[serde(rename = "recoveryPointExpiryTimeInUTC")]
    pub(crate) recovery_point_expiry_time_in_utc: Option<String>,
}

impl BackupBody {
    /// The request the body makes.
    pub(crate) fn request(self) -> Result<BackupRequest> {
        let properties = required(self.properties, "properties")?;
        let object = required(properties.object_type, "properties.objectType")?;
        let known = ["AzureWorkloadBackupRequest", "IaasVMBackupRequest", "AzureFileShareBackupRequest"];
        if one_of(&object, "properties.objectType", &known)? != "AzureWorkloadBackupRequest" {
            return Err(unsupported(&format!("A backup by {object}"), "properties.objectType", "Send AzureWorkloadBackupRequest."));
        }
        let word = required(properties.backup_type, "properties.backupType")?;
        let known = ["Full", "CopyOnlyFull", "Differential", "Log", "Incremental", "SnapshotFull", "SnapshotCopyOnlyFull"];
        let word = one_of(&word, "properties.backupType", &known)?;
        let kind = BackupKind::parse(word).ok_or_else(|| {
            unsupported(&format!("backupType {word}"), "properties.backupType", "Send Full, Differential, Log or CopyOnlyFull.")
        })?;
        let expiry = properties.recovery_point_expiry_time_in_utc;
        Ok(BackupRequest {
            kind,
            compress: properties.enable_compression,
            expires_at: expiry.map(|t| moment(&t, "properties.recoveryPointExpiryTimeInUTC")).transpose()?,
        })
    }
}
