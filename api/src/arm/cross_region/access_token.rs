//! POST accessToken of a recovery point: what its restore in the secondary region has to show.

use super::aad_properties::{AadProperties, audience};
use super::error::SecondaryError;
use crate::AppState;
use crate::arm::containers::body::host_name;
use crate::arm::fields::required;
use crate::arm::names::{PointPath, at_item};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmErrors, ArmJson, ArmPath, Caller};
use crate::identity::PointClaims;
use axum::Json;
use axum::extract::State;
use rsvault_domain::Fault;
use rsvault_engine::regions::{self, Access};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Access to a recovery point.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccessView {
    /// What the restore has to show, to be sent back as it is.
    pub(crate) properties: AccessDetailsView,
}

/// What a restore has to show. The token alone counts; the rest says what it is for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessDetailsView {
    /// `WorkloadCrrAccessToken`.
    pub(crate) object_type: &'static str,
    /// The token.
    pub(crate) access_token_string: String,
    /// Subscription of the vault.
    pub(crate) subscription_id: String,
    /// Resource group of the vault.
    pub(crate) resource_group_name: String,
    /// Vault.
    pub(crate) resource_name: String,
    /// Number of the vault.
    pub(crate) resource_id: String,
    /// Number of the container.
    pub(crate) protection_container_id: i64,
    /// The same as text.
    pub(crate) container_id: String,
    /// Recovery point.
    pub(crate) recovery_point_id: String,
    /// Its time, as the service spells it here; none for the range of the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recovery_point_time: Option<String>,
    /// `Compute;<resource group>;<vm>`.
    pub(crate) container_name: String,
    /// `VMAppContainer`.
    pub(crate) container_type: &'static str,
    /// `AzureWorkload`.
    pub(crate) backup_management_type: &'static str,
    /// `SQLDataBase`.
    pub(crate) datasource_type: &'static str,
    /// Database.
    pub(crate) datasource_name: String,
    /// Number of the database.
    pub(crate) datasource_id: String,
    /// As `containerName`.
    pub(crate) datasource_container_name: String,
    /// `<instance>/<database>`.
    pub(crate) protectable_object_unique_name: String,
    /// Database.
    pub(crate) protectable_object_friendly_name: String,
    /// `SQL`.
    pub(crate) protectable_object_workload_type: &'static str,
    /// State of the item.
    pub(crate) protectable_object_protection_state: &'static str,
    /// Host name of the server.
    pub(crate) protectable_object_container_host_os_name: String,
    /// ARM id of the server.
    pub(crate) protectable_object_parent_logical_container_name: String,
    /// Policy; absent while protection is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_name: Option<String>,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_id: Option<String>,
    /// False.
    pub(crate) rp_original_s_a_option: bool,
    /// False.
    pub(crate) rp_is_managed_virtual_machine: bool,
    /// Region of the vault.
    #[serde(rename = "bMSActiveRegion")]
    pub(crate) active_region: String,
}

/// Gives access to a recovery point in the secondary region, for an hour.
#[utoipa::path(post, path = at_item!("/recoveryPoints/{recoveryPointId}/accessToken"), tag = "Cross-region restore", operation_id = "RecoveryPoints_GetAccessToken", params(PointPath, VersionQuery),
    request_body = AadProperties, responses((status = 200, description = "What the restore has to show.", body = AccessView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<PointPath>,
    ArmJson(body): ArmJson<AadProperties>,
) -> Result<Json<AccessView>, SecondaryError> {
    let access = regions::access(&state.engine, &path.item_path().ask()?, &path.recovery_point_id).await?;
    let asked = required(body.properties.and_then(|parts| parts.audience), "properties.audience")?;
    if !asked.eq_ignore_ascii_case(&audience(&access.region)) {
        let text = format!(
            "Property 'audience' is '{asked}', which is not the service of region '{}'. Send what backupAadProperties of that region answers.",
            access.region
        );
        return Err(SecondaryError(Fault::invalid("BMSUserErrorInvalidInput", text).at("properties.audience")));
    }
    let claims =
        PointClaims { vault: access.of.vault.id.0, item: access.of.item.id.0, point: access.name.clone(), region: access.region.clone() };
    let token = state.tokens.issue_for_point(claims)?;
    Ok(Json(AccessView { properties: details(access, token) }))
}

fn details(access: Access, token: String) -> AccessDetailsView {
    let Access { of, server, policy, point, name, .. } = access;
    let spelled = of.container.inventory.spelled(&of.item.name);
    let container = number(of.container.id.0) % (1 << 31);
    AccessDetailsView {
        object_type: "WorkloadCrrAccessToken",
        access_token_string: token,
        subscription_id: of.vault.subscription.to_string(),
        resource_group_name: of.vault.resource_group.clone(),
        resource_name: of.vault.name.clone(),
        resource_id: number(of.vault.id.0).to_string(),
        protection_container_id: container,
        container_id: container.to_string(),
        recovery_point_id: name,
        recovery_point_time: point.map(|point| point.time.strftime("%-m/%-d/%Y %-I:%M:%S %p").to_string()),
        container_name: of.container.name.short(),
        container_type: "VMAppContainer",
        backup_management_type: "AzureWorkload",
        datasource_type: "SQLDataBase",
        datasource_name: spelled.database.clone(),
        datasource_id: of.item.data_source_id.clone(),
        datasource_container_name: of.container.name.short(),
        protectable_object_unique_name: format!("{}/{}", spelled.instance, spelled.database),
        protectable_object_friendly_name: spelled.database,
        protectable_object_workload_type: "SQL",
        protectable_object_protection_state: of.item.state.as_str(),
        protectable_object_container_host_os_name: host_name(&of.container, server.as_ref()),
        protectable_object_parent_logical_container_name: of.container.source_resource_id.clone(),
        policy_name: policy.as_ref().map(|policy| policy.name.clone()),
        policy_id: policy.map(|policy| policy.id.to_string()),
        rp_original_s_a_option: false,
        rp_is_managed_virtual_machine: false,
        active_region: of.vault.location,
    }
}

/// A number that stands for an id where the service shows one: stable, and small enough for any client.
fn number(id: uuid::Uuid) -> i64 {
    let (high, low) = id.as_u64_pair();
    i64::try_from((high ^ low.rotate_left(29)) % 1_000_000_000_000_000).unwrap_or_default()
}
