//! PUT a guard: 201 when it is new, else 200.

use super::{ResourceGuardBody, ResourceGuardView};
use crate::AppState;
use crate::arm::names::{ResourceGuardPath, at_guard};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use rsvault_engine::guards::{self, GuardChange};
use std::sync::Arc;

/// Makes a Resource Guard, or changes its tags and what it leaves out.
#[utoipa::path(put, path = at_guard!(""), tag = "Resource Guards", operation_id = "ResourceGuards_Put", params(ResourceGuardPath, VersionQuery), request_body = ResourceGuardBody,
    responses((status = 200, description = "Changed.", body = ResourceGuardView), (status = 201, description = "Made.", body = ResourceGuardView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<ResourceGuardPath>,
    ArmJson(body): ArmJson<ResourceGuardBody>,
) -> Result<(StatusCode, Json<ResourceGuardView>), ArmError> {
    let excluded = body.properties.unwrap_or_default().vault_critical_operation_exclusion_list;
    let change = GuardChange { location: body.location, tags: body.tags, excluded };
    let (guard, new) = guards::put_guard(&state.engine, &caller.engine, &path.ask()?, change).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(ResourceGuardView::from(&guard))))
}
