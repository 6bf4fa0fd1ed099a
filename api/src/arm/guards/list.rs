//! GET the proxies of a vault: none, or the one.

use super::{GuardProxyList, GuardProxyView};
use crate::AppState;
use crate::arm::names::{VaultPath, at_vault};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::guards;
use std::sync::Arc;

/// Lists proxies.
#[utoipa::path(get, path = at_vault!("/backupResourceGuardProxies"), tag = "Resource Guards", operation_id = "ResourceGuardProxies_Get", params(VaultPath, VersionQuery),
    responses((status = 200, description = "None, or the one.", body = GuardProxyList), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<VaultPath>,
) -> Result<Json<GuardProxyList>, ArmError> {
    let proxy = guards::list_proxies(&state.engine, &path.ask()?).await?;
    Ok(Json(GuardProxyList { value: proxy.iter().map(GuardProxyView::from).collect() }))
}
