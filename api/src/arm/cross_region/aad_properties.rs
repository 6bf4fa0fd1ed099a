//! GET backupAadProperties of a region: whom an access token for it is made out to.

use super::error::SecondaryError;
use crate::AppState;
use crate::arm::filter::Filter;
use crate::arm::names::{SecondaryPath, at_provider, subscription};
use crate::arm::page::ListQuery;
use crate::edge::{ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_domain::region::folded;
use rsvault_engine::regions;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Whom an access token is made out to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct AadProperties {
    /// The parts.
    pub(crate) properties: Option<AadPropertiesParts>,
}

/// The parts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AadPropertiesParts {
    /// Tenant of the caller.
    pub(crate) tenant_id: Option<String>,
    /// The service of the region.
    pub(crate) audience: Option<String>,
    /// Its principal.
    pub(crate) service_principal_object_id: Option<String>,
}

/// The audience of a region's service, as Azure spells it.
pub(super) fn audience(region: &str) -> String {
    format!("https://RecoveryServices/WkloadCoord/aadmgmt/{}", folded(region))
}

/// Reads whom an access token for the region is made out to.
#[utoipa::path(get, path = at_provider!("/locations/{azureRegion}/backupAadProperties"), tag = "Cross-region restore", operation_id = "AadProperties_Get", params(SecondaryPath, ListQuery),
    responses((status = 200, description = "Whom a token is made out to.", body = AadProperties), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<SecondaryPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
) -> Result<Json<AadProperties>, SecondaryError> {
    subscription(&path.subscription_id)?;
    regions::check_region(&state.engine, &path.azure_region)?;
    let filter = Filter::parse(query.filter.as_deref(), &["backupManagementType"])?;
    if !filter.admits_workload()? {
        return Err(SecondaryError(crate::arm::fields::unsupported(
            "Cross-region restore of another workload than AzureWorkload",
            "$filter",
            "Send backupManagementType eq 'AzureWorkload', or no filter.",
        )));
    }
    let audience = audience(&path.azure_region);
    let properties = AadPropertiesParts {
        tenant_id: Some(caller.engine.principal.tenant.to_string()),
        service_principal_object_id: Some(uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, audience.as_bytes()).to_string()),
        audience: Some(audience),
    };
    Ok(Json(AadProperties { properties: Some(properties) }))
}
