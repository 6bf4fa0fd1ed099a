//! POST backupStatus: which vault a VM is registered to.

use crate::AppState;
use crate::arm::fields::{one_of, required};
use crate::arm::filter::WORKLOADS;
use crate::arm::names::{LocationPath, at_provider, subscription};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::protection;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Request body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackupStatusBody {
    /// `VM`.
    pub(crate) resource_type: Option<String>,
    /// ARM id of the VM.
    pub(crate) resource_id: Option<String>,
}

/// Which vault a VM is registered to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackupStatusView {
    /// `NotProtected` or `Protected`.
    pub(crate) protection_status: &'static str,
    /// ARM id of the vault, if the VM is registered to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vault_id: Option<String>,
    /// `Azure`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fabric_name: Option<&'static str>,
    /// Container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) container_name: Option<String>,
    /// State of the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) registration_status: Option<&'static str>,
    /// Protected databases.
    pub(crate) protected_items_count: i64,
}

/// Says which vault a VM is registered to.
#[utoipa::path(post, path = at_provider!("/locations/{azureRegion}/backupStatus"), tag = "Protected items", operation_id = "BackupStatus_Get", params(LocationPath, VersionQuery),
    request_body = BackupStatusBody, responses((status = 200, description = "The status.", body = BackupStatusView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<LocationPath>,
    ArmJson(body): ArmJson<BackupStatusBody>,
) -> Result<Json<BackupStatusView>, ArmError> {
    subscription(&path.subscription_id)?;
    one_of(&required(body.resource_type, "resourceType")?, "resourceType", WORKLOADS)?;
    let found = protection::status_of_server(&state.engine, &required(body.resource_id, "resourceId")?).await?;
    Ok(Json(match found {
        Some((vault, container, count)) => BackupStatusView {
            protection_status: if count > 0 { "Protected" } else { "NotProtected" },
            vault_id: Some(vault.arm_id()),
            fabric_name: Some("Azure"),
            container_name: Some(container.name.to_string()),
            registration_status: Some(container.registration.as_str()),
            protected_items_count: count,
        },
        None => BackupStatusView {
            protection_status: "NotProtected",
            vault_id: None,
            fabric_name: None,
            container_name: None,
            registration_status: None,
            protected_items_count: 0,
        },
    }))
}
