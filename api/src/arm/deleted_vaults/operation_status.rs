//! GET the status of an undeletion.

use crate::AppState;
use crate::arm::lro::OperationStatusView;
use crate::arm::names::{DeletedVaultOperationPath, at_provider, operation, subscription};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmPath, Caller};
use axum::extract::State;
use axum::response::Response;
use http::Uri;
use rsvault_domain::Fault;
use rsvault_engine::operations;
use rsvault_engine::vaults::DeletedVaultPath;
use std::sync::Arc;

/// Reads the status of an operation on a deleted vault; the vault may be back meanwhile.
#[utoipa::path(get, path = at_provider!("/locations/{location}/deletedVaults/{deletedVaultName}/operations/{operationId}"), tag = "Deleted vaults", operation_id = "DeletedVaults_GetOperationStatus", params(DeletedVaultOperationPath, VersionQuery),
    responses((status = 200, description = "The status.", body = OperationStatusView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    _: Caller,
    ArmPath(path): ArmPath<DeletedVaultOperationPath>,
    uri: Uri,
) -> Result<Response, ArmError> {
    let asked =
        DeletedVaultPath { subscription: subscription(&path.subscription_id)?, location: path.location, name: path.deleted_vault_name };
    let vault = asked.vault().ok_or_else(|| {
        let message = format!("'{}' is no name of a deleted vault. It reads '<resource group>_<guid>'.", asked.name);
        Fault::not_found("ResourceNotFound", message).at("deletedVaultName")
    })?;
    let operation = operations::read_of(&state.engine, asked.subscription, vault, operation(&path.operation_id)?).await?;
    Ok(OperationStatusView::at(&operation, uri.path()).answer())
}
