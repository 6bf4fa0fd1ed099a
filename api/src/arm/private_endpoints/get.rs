//! GET a private endpoint connection.

use super::EndpointView;
use crate::AppState;
use crate::arm::names::{EndpointPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::features::endpoints;
use std::sync::Arc;

/// Reads a private endpoint connection.
#[utoipa::path(get, path = at_vault!("/privateEndpointConnections/{privateEndpointConnectionName}"), tag = "Private endpoints", operation_id = "PrivateEndpointConnection_Get", params(EndpointPath, VersionQuery),
    responses((status = 200, description = "The connection.", body = EndpointView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<EndpointPath>,
) -> Result<Json<EndpointView>, ArmError> {
    let (vault, connection) = endpoints::get(&state.engine, &path.vault().ask()?, &path.private_endpoint_connection_name).await?;
    Ok(Json(EndpointView::new(&vault, &connection)))
}
