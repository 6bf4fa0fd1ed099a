//! Virtual machines: every known server is one, with as much of it as backup clients read.

use crate::AppState;
use crate::edge::{ArmError, ArmErrors, ArmPath};
use axum::Json;
use axum::extract::State;
use rsvault_domain::discovery::Server;
use rsvault_domain::fault::Fault;
use rsvault_domain::id::NameKey;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A virtual machine.
#[derive(Serialize, ToSchema)]
#[schema(as = VirtualMachine)]
pub(super) struct MachineView {
    id: String,
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    location: String,
    properties: MachineProperties,
}

/// Its properties.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VirtualMachineProperties)]
pub(super) struct MachineProperties {
    vm_id: String,
    provisioning_state: &'static str,
}

impl From<Server> for MachineView {
    fn from(server: Server) -> Self {
        Self {
            id: server.vm_id(),
            kind: "Microsoft.Compute/virtualMachines",
            location: server.location,
            name: server.name,
            properties: MachineProperties { vm_id: server.id.to_string(), provisioning_state: "Succeeded" },
        }
    }
}

/// Shows a virtual machine.
#[utoipa::path(get, path = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Compute/virtualMachines/{vmName}",
    tag = "VirtualMachines", operation_id = "VirtualMachines_Get",
    params(("subscriptionId" = String, Path, description = "Subscription id."), ("resourceGroupName" = String, Path, description = "Resource group."), ("vmName" = String, Path, description = "Virtual machine.")),
    responses((status = 200, description = "The virtual machine.", body = MachineView), ArmErrors))]
pub(super) async fn get(
    State(state): State<Arc<AppState>>,
    ArmPath((subscription, group, name)): ArmPath<(String, String, String)>,
) -> Result<Json<MachineView>, ArmError> {
    let id = super::subscription_id(&subscription)?;
    let server = state.engine.store.read().await?.server(id, &NameKey::new(&group), &NameKey::new(&name)).await?;
    let missing = || {
        Fault::not_found(
            "ResourceNotFound",
            format!("The Resource 'Microsoft.Compute/virtualMachines/{name}' under resource group '{group}' was not found."),
        )
    };
    Ok(Json(server.ok_or_else(missing)?.into()))
}
