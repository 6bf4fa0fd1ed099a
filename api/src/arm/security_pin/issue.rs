//! POST for a security PIN. The body is optional: it names the requests of a Resource Guard.

use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJsonOrNothing, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_domain::vault::pin::ticks;
use rsvault_engine::features::pin;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Request body.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecurityPinBody {
    /// Requests of the vault's Resource Guard.
    pub(crate) resource_guard_operation_requests: Option<Vec<String>>,
}

/// A PIN; no `Debug`, which would show it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecurityPinView {
    /// When it ends: 100 ns since the year 1.
    pub(crate) expiry_time_in_utc_ticks: i64,
    /// The PIN.
    #[serde(rename = "securityPIN")]
    pub(crate) security_pin: String,
}

/// Makes a security PIN that holds for five minutes; the one before it holds no more.
#[utoipa::path(post, path = at_vault!("/backupSecurityPIN"), tag = "Vault settings", operation_id = "SecurityPINs_Get", params(VaultPath, VersionQuery), request_body = Option<SecurityPinBody>,
    responses((status = 200, description = "The PIN.", body = SecurityPinView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmJsonOrNothing(body): ArmJsonOrNothing<SecurityPinBody>,
) -> Result<Json<SecurityPinView>, ArmError> {
    let showing = caller.engine.showing(body.resource_guard_operation_requests);
    let issued = pin::issue(&state.engine, &showing, &path.ask()?).await?;
    Ok(Json(SecurityPinView { expiry_time_in_utc_ticks: ticks(issued.expires_at), security_pin: issued.pin.to_string() }))
}
