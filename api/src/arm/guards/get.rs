//! GET a proxy.

use super::GuardProxyView;
use crate::AppState;
use crate::arm::names::{GuardProxyPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::guards;
use std::sync::Arc;

/// Shows a proxy.
#[utoipa::path(get, path = at_vault!("/backupResourceGuardProxies/{resourceGuardProxyName}"), tag = "Resource Guards", operation_id = "ResourceGuardProxy_Get", params(GuardProxyPath, VersionQuery),
    responses((status = 200, description = "The proxy.", body = GuardProxyView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<GuardProxyPath>,
) -> Result<Json<GuardProxyView>, ArmError> {
    let proxy = guards::get_proxy(&state.engine, &path.vault().ask()?, &path.resource_guard_proxy_name).await?;
    Ok(Json(GuardProxyView::from(&proxy)))
}
