//! GET the result of an operation on an item: 202 while it runs, then what it made, or 204; a failure is a 4xx.

use super::ItemView;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro, no_content, settled};
use crate::arm::names::{ItemOperationPath, at_item, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rsvault_domain::FaultKind;
use rsvault_domain::operation::Subject;
use rsvault_engine::protection;
use std::sync::Arc;

/// Reads the result of an operation.
#[utoipa::path(get, path = at_item!("/operationResults/{operationId}"), tag = "Protected items", operation_id = "ProtectedItemOperationResults_Get", params(ItemOperationPath, VersionQuery),
    responses((status = 200, description = "The item.", body = ItemView), (status = 204, description = "Done; there is nothing to show."), AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<ItemOperationPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let id = operation(&path.operation_id)?;
    let item = path.item_path();
    let Some(operation) = settled(&state.engine, &path.vault().ask()?, id).await? else {
        return Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_item(&item, id)).accepted());
    };
    if !matches!(operation.subject, Subject::Item(_)) {
        return Ok(no_content());
    }
    match protection::get(&state.engine, &item.ask()?).await {
        Ok(found) => Ok(Json(ItemView::new(&found, state.engine.clock.now(), true)).into_response()),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(no_content()),
        Err(fault) => Err(fault.into()),
    }
}
