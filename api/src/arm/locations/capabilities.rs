//! POST capabilities: the zones that private endpoints of vaults of a region need.

use super::check_name::VAULTS;
use crate::arm::fields::{one_of, required};
use crate::arm::names::{RegionPath, at_provider, subscription};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use rsvault_domain::fault::Result;
use rsvault_domain::vault::endpoint::{SubResource, zone_names};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Request body.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CapabilitiesBody {
    /// `Microsoft.RecoveryServices/Vaults`.
    pub(crate) r#type: Option<String>,
    /// What is asked for.
    pub(crate) properties: Option<CapabilitiesPropertiesBody>,
}

/// What is asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CapabilitiesPropertiesBody {
    /// Zones of these.
    pub(crate) dns_zones: Option<Vec<DnsZoneBody>>,
}

/// A sub-resource.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DnsZoneBody {
    /// `AzureBackup`, `AzureBackup_secondary`, `AzureSiteRecovery`.
    pub(crate) sub_resource: Option<String>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CapabilitiesView {
    /// `Microsoft.RecoveryServices/Vaults`.
    pub(crate) r#type: &'static str,
    /// What was asked for.
    pub(crate) properties: CapabilitiesPropertiesView,
}

/// What was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CapabilitiesPropertiesView {
    /// Zones.
    pub(crate) dns_zones: Vec<DnsZoneView>,
}

/// Zones of a sub-resource.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DnsZoneView {
    /// Sub-resource.
    pub(crate) sub_resource: &'static str,
    /// Zones.
    pub(crate) required_zone_names: Vec<String>,
}

/// Most sub-resources of one question.
const ZONES_MAX: usize = 32;

/// Says which zones private endpoints need in a region.
#[utoipa::path(post, path = at_provider!("/locations/{location}/capabilities"), tag = "Provider", operation_id = "RecoveryServices_Capabilities", params(RegionPath, VersionQuery),
    request_body = CapabilitiesBody, responses((status = 200, description = "Zones.", body = CapabilitiesView), ArmErrors))]
pub(crate) async fn handler(
    _: Caller,
    ArmPath(path): ArmPath<RegionPath>,
    ArmJson(body): ArmJson<CapabilitiesBody>,
) -> Result<Json<CapabilitiesView>, ArmError> {
    const FIELD: &str = "properties.dnsZones.subResource";
    subscription(&path.subscription_id)?;
    one_of(&required(body.r#type, "type")?, "type", &[VAULTS])?;
    let asked = body.properties.unwrap_or_default().dns_zones.unwrap_or_default();
    let zone = |zone: DnsZoneBody| {
        let group = SubResource::parse(&required(zone.sub_resource, FIELD)?, FIELD)?;
        Ok(DnsZoneView { sub_resource: group.wire(), required_zone_names: zone_names(group, &path.location) })
    };
    let dns_zones = asked.into_iter().take(ZONES_MAX).map(zone).collect::<Result<Vec<_>>>()?;
    Ok(Json(CapabilitiesView { r#type: VAULTS, properties: CapabilitiesPropertiesView { dns_zones } }))
}
