//! GET the result of an operation on a container: 202 while it runs, then what it made, or 204; a failure is a 4xx.

use super::ContainerView;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro, no_content, settled};
use crate::arm::names::{ContainerOperationPath, at_container, operation};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use rsvault_domain::FaultKind;
use rsvault_domain::operation::Subject;
use rsvault_engine::discovery;
use std::sync::Arc;

/// Reads the result of an operation.
#[utoipa::path(get, path = at_container!("/operationResults/{operationId}"), tag = "Containers", operation_id = "ProtectionContainerOperationResults_Get", params(ContainerOperationPath, VersionQuery),
    responses((status = 200, description = "The container, without `type`.", body = ContainerView), (status = 204, description = "Done; there is nothing to show."), AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<ContainerOperationPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let id = operation(&path.operation_id)?;
    let container = path.container_path();
    let Some(operation) = settled(&state.engine, &path.vault().ask()?, id).await? else {
        return Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_container(&container, id)).accepted_empty_object());
    };
    if !matches!(operation.subject, Subject::Container(_)) {
        return Ok(no_content());
    }
    match discovery::get(&state.engine, &path.vault().ask()?, &container.container()?).await {
        Ok(found) => Ok(Json(ContainerView::new(&found).into_result()).into_response()),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(no_content()),
        Err(fault) => Err(fault.into()),
    }
}
