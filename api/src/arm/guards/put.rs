//! PUT a proxy: links the vault to a guard.

use super::{GuardProxyBody, GuardProxyView};
use crate::AppState;
use crate::arm::fields::required;
use crate::arm::names::{GuardProxyPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::guards;
use std::sync::Arc;

/// Links a vault to a Resource Guard.
#[utoipa::path(put, path = at_vault!("/backupResourceGuardProxies/{resourceGuardProxyName}"), tag = "Resource Guards", operation_id = "ResourceGuardProxy_Put", params(GuardProxyPath, VersionQuery), request_body = GuardProxyBody,
    responses((status = 200, description = "The proxy.", body = GuardProxyView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<GuardProxyPath>,
    ArmJson(body): ArmJson<GuardProxyBody>,
) -> Result<Json<GuardProxyView>, ArmError> {
    let properties = body.properties.unwrap_or_default();
    let guard = required(properties.resource_guard_resource_id, "properties.resourceGuardResourceId")?;
    let name = &path.resource_guard_proxy_name;
    let proxy = guards::put_proxy(&state.engine, &caller.engine, &path.vault().ask()?, name, &guard, properties.description).await?;
    Ok(Json(GuardProxyView::from(&proxy)))
}
