//! PUT a container: register or re-register a server. 202 with `{}`: the client reads JSON there.

use super::ContainerBody;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{ContainerPath, at_container};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::discovery;
use std::sync::Arc;

/// Registers a server to the vault.
#[utoipa::path(put, path = at_container!(""), tag = "Containers", operation_id = "ProtectionContainers_Register", params(ContainerPath, VersionQuery), request_body = ContainerBody,
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<ContainerPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(body): ArmJson<ContainerBody>,
) -> Result<Response, ArmError> {
    let source = body.source()?;
    let operation =
        discovery::register(&state.engine, &caller.engine, &path.vault().ask()?, &path.container()?, source.as_deref()).await?.operation;
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_container(&path, operation.id)).accepted_empty_object())
}
