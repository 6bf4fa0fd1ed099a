//! POST backupCrossRegionRestore: 202 with nothing; the operation has succeeded at once, its job runs on.

use super::error::SecondaryError;
use crate::AppState;
use crate::arm::fields::required;
use crate::arm::links::{Readers, segment};
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{SecondaryPath, at_provider, subscription};
use crate::arm::page::VersionQuery;
use crate::arm::restores::RestorePropertiesBody;
use crate::edge::{ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_domain::Fault;
use rsvault_engine::regions::{self, Ticket};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Request body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CrossRegionRestoreBody {
    /// The `properties` of the answer to `accessToken`.
    pub(crate) cross_region_restore_access_details: Option<AccessDetailsBody>,
    /// What is asked for, as in a restore in the vault's own region.
    pub(crate) restore_request: Option<RestorePropertiesBody>,
}

/// What the restore shows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessDetailsBody {
    /// The token.
    pub(crate) access_token_string: Option<String>,
    /// Recovery point; it must be the token's.
    pub(crate) recovery_point_id: Option<String>,
}

/// Restores a recovery point in the secondary region.
#[utoipa::path(post, path = at_provider!("/locations/{azureRegion}/backupCrossRegionRestore"), tag = "Cross-region restore", operation_id = "CrossRegionRestore_Trigger", params(SecondaryPath, VersionQuery),
    request_body = CrossRegionRestoreBody, responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<SecondaryPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(body): ArmJson<CrossRegionRestoreBody>,
) -> Result<Response, SecondaryError> {
    let below = subscription(&path.subscription_id)?;
    regions::check_region(&state.engine, &path.azure_region)?;
    let details = required(body.cross_region_restore_access_details, "crossRegionRestoreAccessDetails")?;
    let token = required(details.access_token_string, "crossRegionRestoreAccessDetails.accessTokenString")?;
    let claims = state.tokens.check_for_point(&token)?;
    if details.recovery_point_id.as_deref().is_some_and(|point| !point.eq_ignore_ascii_case(&claims.point)) {
        let text = format!(
            "Property 'recoveryPointId' is '{}', but the access token is for '{}'. Send the details as they were answered.",
            details.recovery_point_id.unwrap_or_default(),
            claims.point
        );
        return Err(SecondaryError(
            Fault::invalid("BMSUserErrorInvalidRestoreRequest", text).at("crossRegionRestoreAccessDetails.recoveryPointId"),
        ));
    }
    let request = required(body.restore_request, "restoreRequest")?.request(&claims.point).map_err(moved)?;
    let ticket = Ticket { vault: claims.vault.into(), item: claims.item.into(), region: claims.region };
    let started = regions::trigger(&state.engine, &caller.engine, below, &path.azure_region, &ticket, &request).await;
    let id = started.map_err(moved)?.id;
    let at = format!(
        "/subscriptions/{}/providers/Microsoft.RecoveryServices/locations/{}",
        segment(&path.subscription_id),
        segment(&path.azure_region)
    );
    let readers =
        Readers { status: format!("{at}/backupCrrOperationsStatus/{id}"), result: format!("{at}/backupCrrOperationResults/{id}") };
    Ok(Lro::new(&caller, query.api_version.as_deref(), readers).accepted())
}

/// What a restore calls `properties` stands in `restoreRequest` here.
fn moved(mut fault: Fault) -> Fault {
    fault.target = fault.target.map(|target| match target.strip_prefix("properties.") {
        Some(field) => format!("restoreRequest.{field}"),
        None => target,
    });
    fault
}
