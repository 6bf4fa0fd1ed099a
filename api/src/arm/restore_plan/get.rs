//! GET the plan of a restore.

use super::body::{PlanQuery, PlanView};
use crate::AppState;
use crate::arm::names::{ItemPath, at_item};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::restores;
use std::sync::Arc;

/// Shows what a restore would read, step by step, or the refusal that it would be answered. An extension
/// of rsvault.
#[utoipa::path(get, path = at_item!("/restorePlan"), tag = "rsvault extensions", operation_id = "RestorePlan_Get", params(ItemPath, PlanQuery),
    extensions(("x-rsvault-action" = json!("Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/read"))),
    responses((status = 200, description = "The plan.", body = PlanView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<ItemPath>,
    ArmQuery(query): ArmQuery<PlanQuery>,
) -> Result<Json<PlanView>, ArmError> {
    let plan = restores::preview(&state.engine, &path.ask()?, &query.wanted()?).await?;
    Ok(Json(PlanView::new(&plan)))
}
