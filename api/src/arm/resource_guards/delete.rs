//! DELETE a guard: 200, 204 when there was none. One that a vault is linked to stays.

use crate::AppState;
use crate::arm::lro::no_content;
use crate::arm::names::{ResourceGuardPath, at_guard};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use rsvault_engine::guards;
use std::sync::Arc;

/// Deletes a Resource Guard that no vault is linked to.
#[utoipa::path(delete, path = at_guard!(""), tag = "Resource Guards", operation_id = "ResourceGuards_Delete", params(ResourceGuardPath, VersionQuery),
    responses((status = 200, description = "Deleted."), (status = 204, description = "There was none."), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<ResourceGuardPath>,
) -> Result<Response, ArmError> {
    let deleted = guards::delete_guard(&state.engine, &path.ask()?).await?;
    Ok(if deleted { StatusCode::OK.into_response() } else { no_content() })
}
