//! GET the alerts of a vault.

use super::body::{AlertList, AlertView};
use crate::AppState;
use crate::arm::filter::Filter;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, ArmErrors, ArmPath, ArmQuery, Caller};
use axum::Json;
use axum::extract::State;
use http::Uri;
use rsvault_engine::alerts;
use std::sync::Arc;

/// Lists the alerts of a vault, newest first; `$filter=monitorCondition eq 'Fired'` leaves out what is
/// resolved. An extension of rsvault.
#[utoipa::path(get, path = at_vault!("/alerts"), tag = "rsvault extensions", operation_id = "Alerts_List", params(VaultPath, ListQuery),
    extensions(("x-rsvault-action" = json!("Microsoft.RecoveryServices/Vaults/read"))),
    responses((status = 200, description = "A page of alerts.", body = AlertList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<VaultPath>,
    ArmQuery(query): ArmQuery<ListQuery>,
    uri: Uri,
) -> Result<Json<AlertList>, ArmError> {
    let filter = Filter::parse(query.filter.as_deref(), &["monitorCondition"])?;
    let fired = filter.known("monitorCondition", &["Fired"])?.is_some();
    let (vault, slice) = alerts::list(&state.engine, &path.ask()?, fired, &query.page()?).await?;
    let id = vault.arm_id();
    let value = slice.items.iter().map(|facts| AlertView::new(&id, facts)).collect();
    Ok(Json(AlertList { value, next_link: next_link(&caller.base_url, &uri, slice.next.as_deref()) }))
}
