//! DELETE a registered identity: 204, whether there was one or not. A container is unregistered elsewhere.

use crate::AppState;
use crate::arm::names::{IdentityPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::extract::State;
use http::StatusCode;
use rsvault_engine::features::certificates;
use std::sync::Arc;

/// Gives up the identity that a certificate stands for.
#[utoipa::path(delete, path = at_vault!("/registeredIdentities/{identityName}"), tag = "Vault identities", operation_id = "RegisteredIdentities_Delete", params(IdentityPath, VersionQuery),
    responses((status = 204, description = "It is gone."), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<IdentityPath>,
) -> Result<StatusCode, ArmError> {
    certificates::delete_identity(&state.engine, &caller.engine, &path.vault().ask()?, &path.identity_name).await?;
    Ok(StatusCode::NO_CONTENT)
}
