//! POST inquire: what lives on a registered server now.

use crate::AppState;
use crate::arm::filter::{Filter, WORKLOADS};
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{ContainerPath, at_container};
use crate::arm::page::ListQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::discovery;
use std::sync::Arc;

/// Rediscovers the databases of a server.
#[utoipa::path(post, path = at_container!("/inquire"), tag = "Containers", operation_id = "ProtectionContainers_Inquire", params(ContainerPath, ListQuery),
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<ContainerPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
) -> Result<Response, ArmError> {
    let filter = Filter::parse(query.filter.as_deref(), &["backupManagementType", "workloadType"])?;
    filter.admits_workload()?;
    filter.known("workloadType", WORKLOADS)?;
    let operation = discovery::inquire(&state.engine, &caller.engine, &path.vault().ask()?, &path.container()?).await?;
    Ok(Lro::new(&caller, query._api_version.as_deref(), links::of_container(&path, operation.id)).accepted())
}
