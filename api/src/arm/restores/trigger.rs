//! POST restore: 202 with nothing; the operation has succeeded at once, its job runs on.

use super::RestoreBody;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{PointPath, at_item};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::restores;
use std::sync::Arc;

/// Restores a recovery point.
#[utoipa::path(post, path = at_item!("/recoveryPoints/{recoveryPointId}/restore"), tag = "Restores", operation_id = "Restores_Trigger", params(PointPath, VersionQuery), request_body = RestoreBody,
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<PointPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(body): ArmJson<RestoreBody>,
) -> Result<Response, ArmError> {
    let operation =
        restores::trigger(&state.engine, &caller.engine, &path.item_path().ask()?, &body.request(&path.recovery_point_id)?).await?;
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_item(&path.item_path(), operation.id)).accepted())
}
