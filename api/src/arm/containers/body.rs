//! The wire form of a protection container (wire-facts 3).

use super::nodes::{NodeView, nodes_of};
use crate::arm::fields::{one_of, required, unsupported};
use crate::arm::filter::WORKLOADS;
use crate::arm::moment;
use rsvault_domain::discovery::{Container, InstanceInventory, Server};
use rsvault_domain::fault::{JobFault, Result};
use rsvault_domain::vault::Vault;
use rsvault_engine::discovery;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Request body of a registration.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ContainerBody {
    /// What to register.
    pub(crate) properties: Option<ContainerPropertiesBody>,
}

/// What to register.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerPropertiesBody {
    /// `VMAppContainer`.
    pub(crate) container_type: Option<String>,
    /// `AzureWorkload`.
    pub(crate) backup_management_type: Option<String>,
    /// `SQLDataBase`.
    pub(crate) workload_type: Option<String>,
    /// ARM id of the VM (or of its protectable container).
    pub(crate) source_resource_id: Option<String>,
    /// `Register` or `Reregister`.
    pub(crate) operation_type: Option<String>,
}

impl ContainerBody {
    /// The server that the body names, after the words around it were checked.
    pub(crate) fn source(self) -> Result<Option<String>> {
        let properties = required(self.properties, "properties")?;
        let kind = required(properties.container_type, "properties.containerType")?;
        let kinds =
            ["VMAppContainer", "SQLAGWorkLoadContainer", "StorageContainer", "IaasVMContainer", "Windows", "AzureWorkloadContainer"];
        if one_of(&kind, "properties.containerType", &kinds)? != "VMAppContainer" {
            return Err(unsupported(
                &format!("A container of type {kind}"),
                "properties.containerType",
                "Register a server: VMAppContainer.",
            ));
        }
        if let Some(management) = properties.backup_management_type {
            let allowed = ["AzureWorkload", "AzureIaasVM", "AzureStorage", "MAB", "DPM", "AzureBackupServer", "AzureSql"];
            if one_of(&management, "properties.backupManagementType", &allowed)? != "AzureWorkload" {
                return Err(unsupported(
                    &format!("Backup management by {management}"),
                    "properties.backupManagementType",
                    "Send AzureWorkload.",
                ));
            }
        }
        if let Some(workload) = properties.workload_type
            && !["SQLDataBase", "SQL"].contains(&one_of(&workload, "properties.workloadType", WORKLOADS)?)
        {
            return Err(unsupported(&format!("The workload {workload}"), "properties.workloadType", "Send SQLDataBase."));
        }
        if let Some(operation) = properties.operation_type {
            one_of(&operation, "properties.operationType", &["Register", "Reregister"])?;
        }
        Ok(properties.source_resource_id)
    }
}

/// A protection container.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContainerView {
    /// ARM id.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers`; the result of a registration leaves it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) r#type: Option<&'static str>,
    /// State.
    pub(crate) properties: ContainerPropertiesView,
}

/// State of a container.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerPropertiesView {
    /// ARM id of the VM.
    pub(crate) source_resource_id: String,
    /// Last registered or inquired.
    pub(crate) last_updated_time: String,
    /// What the last inquiry saw.
    pub(crate) extended_info: ContainerExtendedInfoView,
    /// VM name.
    pub(crate) friendly_name: String,
    /// `AzureWorkload`.
    pub(crate) backup_management_type: &'static str,
    /// `Registered`, `Registering`, `SoftDeleted`.
    pub(crate) registration_status: &'static str,
    /// `Healthy`, `NotReachable`, `Deleted`.
    pub(crate) health_status: &'static str,
    /// `VMAppContainer`; `SQLAGWorkLoadContainer` for an availability group, `AzureWorkloadContainer` when it is read alone.
    pub(crate) container_type: &'static str,
    /// `VMAppContainer` or `SQLAGWorkLoadContainer`.
    pub(crate) protectable_object_type: &'static str,
}

/// What the last inquiry saw.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerExtendedInfoView {
    /// The guest's name; absent when there is no instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host_server_name: Option<String>,
    /// The inquiry.
    pub(crate) inquiry_info: InquiryInfoView,
    /// Nodes of an availability group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nodes_list: Option<Vec<NodeView>>,
}

/// An inquiry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InquiryInfoView {
    /// `Success` or `Failed`.
    pub(crate) status: &'static str,
    /// `Success`, or what went wrong.
    pub(crate) error_detail: InquiryErrorView,
    /// By workload.
    pub(crate) inquiry_details: Vec<InquiryDetailView>,
}

/// An error, or `Success`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InquiryErrorView {
    /// Catalogue word.
    pub(crate) code: String,
    /// What happened.
    pub(crate) message: String,
    /// What to do.
    pub(crate) recommendations: Vec<String>,
}

/// What was found of one workload.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InquiryDetailView {
    /// `SQL`.
    pub(crate) r#type: &'static str,
    /// Databases.
    pub(crate) item_count: usize,
    /// Whether they can be backed up.
    pub(crate) inquiry_validation: InquiryValidationView,
}

/// Whether what was found can be backed up.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InquiryValidationView {
    /// `Success` or `Failed`.
    pub(crate) status: &'static str,
    /// `Success`, or what went wrong.
    pub(crate) error_detail: InquiryErrorView,
    /// The code once more, or the plug-in's own words.
    pub(crate) additional_detail: String,
    /// Counts by kind.
    pub(crate) protectable_item_count: ProtectableCountView,
}

/// Counts by kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProtectableCountView {
    /// Instances.
    #[serde(rename = "SQLInstance")]
    pub(crate) sql_instance: usize,
    /// Databases.
    #[serde(rename = "SQLDataBase")]
    pub(crate) sql_database: usize,
}

/// Type of an availability group's container.
const GROUP: &str = "SQLAGWorkLoadContainer";

/// The guest's own name, which answers call the server's (wire-facts 0.9).
pub(crate) fn host_name(container: &Container, server: Option<&Server>) -> String {
    match server.filter(|_| !container.name.is_group()) {
        Some(server) => server.host_name(),
        // A group stands for its servers: its databases keep their place through a failover.
        None if container.name.is_group() => container.name.server.clone(),
        None => container.name.server.chars().take(15).collect(),
    }
}

/// ARM id of a container.
pub(crate) fn container_id(vault: &Vault, container: &Container) -> String {
    format!("{}/backupFabrics/Azure/protectionContainers/{}", vault.arm_id(), container.name)
}

impl ContainerView {
    /// The container.
    pub(crate) fn new(facts: &discovery::ContainerView) -> Self {
        let discovery::ContainerView { vault, container, server } = facts;
        let inventory = &container.inventory;
        let none = JobFault::catalogue("UserErrorNoSQlInstancesOnMachine", "");
        let empty = inventory.instances.is_empty();
        // A faulty instance leaves the inquiry itself a success; only a machine without any fails it (wire-facts 0.11, 3).
        let fault = if empty {
            Some(&none)
        } else {
            inventory.instances.iter().find_map(|i: &InstanceInventory| i.fault.as_ref()).or(inventory.groups_fault.as_ref())
        };
        let detail = match fault {
            Some(f) => InquiryErrorView { code: f.code.clone(), message: f.message.clone(), recommendations: f.recommendations.clone() },
            None => InquiryErrorView { code: "Success".to_owned(), message: String::new(), recommendations: vec![String::new()] },
        };
        let databases = inventory.database_count();
        let kind = if container.name.is_group() { GROUP } else { "VMAppContainer" };
        Self {
            id: container_id(vault, container),
            name: container.name.to_string(),
            r#type: Some("Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers"),
            properties: ContainerPropertiesView {
                source_resource_id: container.source_resource_id.clone(),
                last_updated_time: moment::full(container.updated_at),
                extended_info: ContainerExtendedInfoView {
                    host_server_name: (!empty).then(|| host_name(container, server.as_ref())),
                    inquiry_info: InquiryInfoView {
                        status: if empty { "Failed" } else { "Success" },
                        error_detail: detail.clone(),
                        inquiry_details: vec![InquiryDetailView {
                            r#type: "SQL",
                            item_count: databases,
                            inquiry_validation: InquiryValidationView {
                                status: if fault.is_some() { "Failed" } else { "Success" },
                                additional_detail: fault.map(additional).unwrap_or_default(),
                                error_detail: detail,
                                protectable_item_count: ProtectableCountView {
                                    sql_instance: if container.name.is_group() { 0 } else { inventory.instances.len() },
                                    sql_database: databases,
                                },
                            },
                        }],
                    },
                    nodes_list: container.group().map(nodes_of),
                },
                friendly_name: container.name.server.clone(),
                backup_management_type: "AzureWorkload",
                registration_status: container.registration.as_str(),
                health_status: match (server, container.healthy) {
                    (None, _) => "Deleted",
                    (_, true) => "Healthy",
                    (_, false) => "NotReachable",
                },
                container_type: kind,
                protectable_object_type: kind,
            },
        }
    }
    /// As a single GET shows it. The current Python SDK, and so Azure CLI 2.91, knows only the direct children of
    /// `ProtectionContainer`; for a group's own type it makes an object without `extended_info`, on which
    /// `protectable-item list` and all that follows from it fail. The parent type has the same fields and is read by
    /// all clients, so that the nodes of a group are seen by 2.90 and 2.91 alike. Lists tell the group's own type.
    pub(crate) fn into_single(mut self) -> Self {
        if self.properties.container_type == GROUP {
            self.properties.container_type = "AzureWorkloadContainer";
        }
        self
    }
    /// As the result of a registration shows it: without `type` (wire-facts 2).
    pub(crate) fn into_result(mut self) -> Self {
        self.r#type = None;
        self
    }
}

/// The plug-in's own words where it could not connect, else the code once more (wire-facts 0.11, 3).
fn additional(fault: &JobFault) -> String {
    if fault.code == "UserErrorOpeningSQLConnection" { fault.message.clone() } else { fault.code.clone() }
}

/// A list of containers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerList {
    /// Containers by name.
    pub(crate) value: Vec<ContainerView>,
    /// Where the next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_link: Option<String>,
}

/// A server that refresh has seen and no vault has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProtectableContainerView {
    /// ARM id.
    pub(crate) id: String,
    /// Name to register it under.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/vaults/backupFabrics/protectableContainers`.
    pub(crate) r#type: &'static str,
    /// What it is.
    pub(crate) properties: ProtectableContainerPropertiesView,
}

/// What a protectable container is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProtectableContainerPropertiesView {
    /// VM name.
    pub(crate) friendly_name: String,
    /// `AzureWorkload`.
    pub(crate) backup_management_type: &'static str,
    /// `VMAppContainer`.
    pub(crate) protectable_container_type: &'static str,
    /// `Healthy`.
    pub(crate) health_status: &'static str,
    /// ARM id of the VM.
    pub(crate) container_id: String,
}

impl ProtectableContainerView {
    /// A server as a vault sees it.
    pub(crate) fn new(vault: &Vault, server: &Server) -> Self {
        let name = server.container_name().to_string();
        Self {
            id: format!("{}/backupFabrics/Azure/protectableContainers/{name}", vault.arm_id()),
            name,
            r#type: "Microsoft.RecoveryServices/vaults/backupFabrics/protectableContainers",
            properties: ProtectableContainerPropertiesView {
                friendly_name: server.name.clone(),
                backup_management_type: "AzureWorkload",
                protectable_container_type: "VMAppContainer",
                health_status: "Healthy",
                container_id: server.vm_id(),
            },
        }
    }
}

/// A list of protectable containers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProtectableContainerList {
    /// Servers by name.
    pub(crate) value: Vec<ProtectableContainerView>,
}
