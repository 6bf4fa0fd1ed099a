//! POST checkNameAvailability: whether a name is free for a vault of a resource group.

use crate::AppState;
use crate::arm::fields::{one_of, required};
use crate::arm::names::{GroupRegionPath, subscription};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::features::naming::{Naming, check};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Request body.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CheckNameBody {
    /// `Microsoft.RecoveryServices/Vaults`.
    pub(crate) r#type: Option<String>,
    /// Name.
    pub(crate) name: Option<String>,
}

/// Whether the name is free.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckNameView {
    /// Whether it is.
    pub(crate) name_available: bool,
    /// `AlreadyExists` or `Invalid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

/// The type that both questions of a region are about.
pub(crate) const VAULTS: &str = "Microsoft.RecoveryServices/Vaults";

/// Says whether a name is free for a vault.
#[utoipa::path(post, path = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.RecoveryServices/locations/{location}/checkNameAvailability",
    tag = "Provider", operation_id = "RecoveryServices_CheckNameAvailability", params(GroupRegionPath, VersionQuery), request_body = CheckNameBody,
    responses((status = 200, description = "The answer.", body = CheckNameView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<GroupRegionPath>,
    ArmJson(body): ArmJson<CheckNameBody>,
) -> Result<Json<CheckNameView>, ArmError> {
    one_of(&required(body.r#type, "type")?, "type", &[VAULTS])?;
    let name = required(body.name, "name")?;
    let naming = check(&state.engine, subscription(&path.subscription_id)?, &path.resource_group_name, &name).await?;
    let (name_available, reason, message) = match naming {
        Naming::Available => (true, None, None),
        Naming::AlreadyExists => (false, Some("AlreadyExists"), Some("Resource already exists with the same name.".to_owned())),
        Naming::Invalid(why) => (false, Some("Invalid"), Some(why)),
    };
    Ok(Json(CheckNameView { name_available, reason, message }))
}
