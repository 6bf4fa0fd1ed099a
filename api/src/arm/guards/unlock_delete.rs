//! POST unlockDelete: opens the window in which a guarded deletion may be carried out.

use super::{UnlockDeleteBody, UnlockDeleteView};
use crate::AppState;
use crate::arm::moment;
use crate::arm::names::{GuardProxyPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::guards;
use std::sync::Arc;

/// Unlocks the deletion of an item, or of the proxy.
#[utoipa::path(post, path = at_vault!("/backupResourceGuardProxies/{resourceGuardProxyName}/unlockDelete"), tag = "Resource Guards", operation_id = "ResourceGuardProxy_UnlockDelete", params(GuardProxyPath, VersionQuery), request_body = UnlockDeleteBody,
    responses((status = 200, description = "Until when.", body = UnlockDeleteView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<GuardProxyPath>,
    ArmJson(body): ArmJson<UnlockDeleteBody>,
) -> Result<Json<UnlockDeleteView>, ArmError> {
    let showing = caller.engine.showing(body.resource_guard_operation_requests);
    let resource = body.resource_to_be_deleted.as_deref();
    let name = &path.resource_guard_proxy_name;
    let until = guards::unlock(&state.engine, &showing, &path.vault().ask()?, name, resource).await?;
    Ok(Json(UnlockDeleteView { unlock_delete_expiry_time: moment::full(until) }))
}
