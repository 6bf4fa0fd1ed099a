//! PUT a private endpoint connection: 201 with its operation when it is new, 200 when it stood.

use super::{EndpointBody, EndpointView};
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::Lro;
use crate::arm::names::{EndpointPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use rsvault_engine::features::endpoints;
use std::sync::Arc;

/// Makes a private endpoint connection known, or changes what the owner says to it.
#[utoipa::path(put, path = at_vault!("/privateEndpointConnections/{privateEndpointConnectionName}"), tag = "Private endpoints", operation_id = "PrivateEndpointConnection_Put", params(EndpointPath, VersionQuery), request_body = EndpointBody,
    responses((status = 200, description = "It stood; this is what it is now.", body = EndpointView),
        (status = 201, description = "It is new.", body = EndpointView, headers(
            ("Azure-AsyncOperation" = String, description = "Where the status is."),
            ("Location" = String, description = "Where the result will be."),
            ("Retry-After" = i32, description = "Seconds to wait before asking."))), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<EndpointPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(body): ArmJson<EndpointBody>,
) -> Result<Response, ArmError> {
    let name = &path.private_endpoint_connection_name;
    let written = endpoints::put(&state.engine, &caller.engine, &path.vault().ask()?, name, body.change()?).await?;
    let view = Json(EndpointView::new(&written.vault, &written.connection));
    if !written.new {
        return Ok(view.into_response());
    }
    let readers = links::of_endpoint(&path, written.operation.id);
    Ok(Lro::new(&caller, query.api_version.as_deref(), readers).pointing((StatusCode::CREATED, view).into_response()))
}
