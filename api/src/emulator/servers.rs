//! Simulated servers.

use super::admin::Admin;
use super::body::{EnrollmentTokenBody, ServerBody, ServerListBody};
use super::query::{Asked, Nothing};
use super::{BODY_LIMIT, simulation};
use crate::AppState;
use crate::edge::extract;
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::{Path, Request, State};
use http::StatusCode;
use jiff::SignedDuration;
use rsvault_domain::discovery::Server;
use rsvault_domain::fault::Fault;
use rsvault_engine::{agents, emulator};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// How long an enrolment token can be used.
const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// Where to look for a server whose name is not unique.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Where {
    /// Subscription; needed only if several have a server of this name.
    pub(super) subscription: Option<String>,
}

impl Where {
    pub(super) async fn find(&self, state: &AppState, name: &str) -> Result<Server, Problem> {
        let subscription = match &self.subscription {
            Some(text) => Some(text.parse().map_err(|_| {
                Fault::invalid("InvalidSubscriptionId", format!("'{text}' is not a subscription id: it must be a GUID.")).at("subscription")
            })?),
            None => None,
        };
        Ok(emulator::find_server(&state.engine, name, subscription).await?)
    }
}

/// Lists all servers with what they hold now.
#[utoipa::path(get, path = "/emulator/servers", tag = "Servers", operation_id = "Servers_List",
    responses((status = 200, description = "All servers.", body = ServerListBody), Problems))]
pub(super) async fn list(_: Admin, _: Asked<Nothing>, State(state): State<Arc<AppState>>) -> Result<Json<ServerListBody>, Problem> {
    let all = emulator::list_servers(&state.engine, simulation(&state)?).await?;
    Ok(Json(ServerListBody { value: all.iter().map(|(server, spec)| ServerBody::of(server, spec.as_ref())).collect() }))
}

/// Shows a server and what it holds now, restored databases included.
#[utoipa::path(get, path = "/emulator/servers/{name}", tag = "Servers", operation_id = "Servers_Get",
    params(("name" = String, Path, description = "Name of the server."), Where),
    responses((status = 200, description = "The server.", body = ServerBody), Problems))]
pub(super) async fn get(
    _: Admin,
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    Asked(place): Asked<Where>,
) -> Result<Json<ServerBody>, Problem> {
    let server = place.find(&state, &name).await?;
    let spec = simulation(&state)?.get(server.id).await?;
    Ok(Json(ServerBody::of(&server, spec.as_ref())))
}

/// Makes or changes a server.
#[utoipa::path(put, path = "/emulator/servers/{name}", tag = "Servers", operation_id = "Servers_Put",
    params(("name" = String, Path, description = "Name of the server.")), request_body = ServerBody,
    responses((status = 200, description = "Changed.", body = ServerBody), (status = 201, description = "Made.", body = ServerBody), Problems))]
pub(super) async fn put(
    _: Admin,
    _: Asked<Nothing>,
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<ServerBody>), Problem> {
    let body: ServerBody = extract::json(request, BODY_LIMIT).await?;
    let spec = body.into_spec(&name)?;
    let simulation = simulation(&state)?;
    let (server, created) = emulator::put_server(&state.engine, simulation, &name, &spec).await?;
    let holds = simulation.get(server.id).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(ServerBody::of(&server, holds.as_ref()))))
}

/// Deletes a server, its agents and files. What was backed up stays.
#[utoipa::path(delete, path = "/emulator/servers/{name}", tag = "Servers", operation_id = "Servers_Delete",
    params(("name" = String, Path, description = "Name of the server."), Where),
    responses((status = 204, description = "Deleted."), Problems))]
pub(super) async fn delete(
    _: Admin,
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    Asked(place): Asked<Where>,
) -> Result<StatusCode, Problem> {
    let server = place.find(&state, &name).await?;
    emulator::delete_server(&state.engine, simulation(&state)?, server.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reboots a running server: its agent is told that the machine goes down, and comes back at once. Jobs at
/// work there fail with `UserErrorJobCancelledOnMachineReboot`.
#[utoipa::path(post, path = "/emulator/servers/{name}/reboot", tag = "Servers", operation_id = "Servers_Reboot",
    params(("name" = String, Path, description = "Name of the server."), Where),
    responses((status = 204, description = "It is up again."), Problems))]
pub(super) async fn reboot(
    _: Admin,
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    Asked(place): Asked<Where>,
) -> Result<StatusCode, Problem> {
    let server = place.find(&state, &name).await?;
    simulation(&state)?.reboot(&server).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a one-time token with which an agent enrols as this server.
#[utoipa::path(post, path = "/emulator/servers/{name}/enrollmentTokens", tag = "Servers", operation_id = "Servers_CreateEnrollmentToken",
    params(("name" = String, Path, description = "Name of the server."), Where),
    responses((status = 201, description = "The token; shown once.", body = EnrollmentTokenBody), Problems))]
pub(super) async fn enrollment_token(
    _: Admin,
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    Asked(place): Asked<Where>,
) -> Result<(StatusCode, Json<EnrollmentTokenBody>), Problem> {
    let server = place.find(&state, &name).await?;
    let (token, expires_at) = agents::create_token(&state.engine, server.id, TOKEN_LIFETIME).await?;
    Ok((StatusCode::CREATED, Json(EnrollmentTokenBody { token, expires_at: expires_at.to_string() })))
}
