//! POST: someone has dealt with an alert.

use super::body::AlertView;
use crate::AppState;
use crate::arm::names::at_vault;
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_engine::alerts;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Path of an alert.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertPath {
    /// Subscription.
    subscription_id: String,
    /// Resource group.
    resource_group_name: String,
    /// Vault.
    vault_name: String,
    /// Id of the alert.
    alert_id: String,
}

/// Closes an alert. Closing it again is fine. An extension of rsvault.
#[utoipa::path(post, path = at_vault!("/alerts/{alertId}/resolve"), tag = "rsvault extensions", operation_id = "Alerts_Resolve",
    params(AlertPath, VersionQuery),
    extensions(("x-rsvault-action" = json!("Microsoft.RecoveryServices/Vaults/monitoringAlerts/write"))),
    responses((status = 200, description = "The alert, closed.", body = AlertView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<AlertPath>,
) -> Result<Json<AlertView>, ArmError> {
    let vault = crate::arm::names::VaultPath {
        subscription_id: path.subscription_id,
        resource_group_name: path.resource_group_name,
        vault_name: path.vault_name,
    };
    let (vault, alert) = alerts::close(&state.engine, &vault.ask()?, &path.alert_id).await?;
    Ok(Json(AlertView::new(&vault.arm_id(), &alert)))
}
