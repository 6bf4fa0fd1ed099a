//! POST refreshContainers: which servers may be registered.

use crate::AppState;
use crate::arm::filter::Filter;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{FabricPath, at_fabric, fabric};
use crate::arm::page::ListQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::discovery;
use std::sync::Arc;

/// Looks for servers of the subscription and region.
#[utoipa::path(post, path = at_fabric!("/refreshContainers"), tag = "Containers", operation_id = "ProtectionContainers_Refresh", params(FabricPath, ListQuery),
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<FabricPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
) -> Result<Response, ArmError> {
    fabric(&path.fabric_name)?;
    Filter::parse(query.filter.as_deref(), &["backupManagementType"])?.admits_workload()?;
    let operation = discovery::refresh(&state.engine, &caller.engine, &path.vault().ask()?).await?;
    Ok(Lro::new(&caller, query._api_version.as_deref(), links::of_fabric(&path, operation.id)).accepted())
}
