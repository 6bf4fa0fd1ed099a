//! DELETE a container: unregister the server.

use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{ContainerPath, at_container};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::discovery;
use std::sync::Arc;

/// Gives a server up.
#[utoipa::path(delete, path = at_container!(""), tag = "Containers", operation_id = "ProtectionContainers_Unregister", params(ContainerPath, VersionQuery),
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<ContainerPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
) -> Result<Response, ArmError> {
    let operation = discovery::unregister(&state.engine, &caller.engine, &path.vault().ask()?, &path.container()?).await?;
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_container(&path, operation.id)).accepted())
}
