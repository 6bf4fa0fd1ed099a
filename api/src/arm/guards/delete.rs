//! DELETE a proxy: 200, 204 when there was none. The caller must have unlocked it.

use crate::AppState;
use crate::arm::lro::no_content;
use crate::arm::names::{GuardProxyPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use rsvault_engine::guards;
use std::sync::Arc;

/// Removes the link between vault and guard.
#[utoipa::path(delete, path = at_vault!("/backupResourceGuardProxies/{resourceGuardProxyName}"), tag = "Resource Guards", operation_id = "ResourceGuardProxy_Delete", params(GuardProxyPath, VersionQuery),
    responses((status = 200, description = "Removed."), (status = 204, description = "There was none."), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<GuardProxyPath>,
) -> Result<Response, ArmError> {
    let removed = guards::delete_proxy(&state.engine, &caller.engine, &path.vault().ask()?, &path.resource_guard_proxy_name).await?;
    Ok(if removed { StatusCode::OK.into_response() } else { no_content() })
}
