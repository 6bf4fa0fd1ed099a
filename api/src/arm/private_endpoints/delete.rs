//! DELETE a private endpoint connection: 202 with its operation, 204 when there was none.

use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro, no_content};
use crate::arm::names::{EndpointPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::features::endpoints;
use std::sync::Arc;

/// Takes a private endpoint connection away.
#[utoipa::path(delete, path = at_vault!("/privateEndpointConnections/{privateEndpointConnectionName}"), tag = "Private endpoints", operation_id = "PrivateEndpointConnection_Delete", params(EndpointPath, VersionQuery),
    responses(AcceptedDoc, (status = 204, description = "There was none."), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<EndpointPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let name = &path.private_endpoint_connection_name;
    let Some(operation) = endpoints::delete(&state.engine, &caller.engine, &path.vault().ask()?, name).await? else {
        return Ok(no_content());
    };
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_endpoint(&path, operation.id)).accepted())
}
