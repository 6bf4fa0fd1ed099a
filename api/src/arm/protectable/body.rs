//! The wire forms of what inquiry has found (wire-facts 4). Names of protectable items are folded to lower
//! case, as the service has them; workload items keep theirs.

use crate::arm::containers::body::{container_id, host_name};
use crate::arm::containers::nodes::{NodeView, nodes_of};
use rsvault_domain::discovery::Container;
use rsvault_engine::discovery::{ContainerView, Found, ProtectableItem};
use serde::Serialize;
use utoipa::ToSchema;

/// An instance or a database that can be protected.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProtectableItemView {
    /// ARM id.
    pub(crate) id: String,
    /// Name to protect it under.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectableItems`.
    pub(crate) r#type: &'static str,
    /// What it is.
    pub(crate) properties: ProtectableItemPropertiesView,
}

/// What a protectable item is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProtectableItemPropertiesView {
    /// Instance.
    pub(crate) parent_name: String,
    /// Host name of the server.
    pub(crate) server_name: String,
    /// True for instances.
    pub(crate) is_auto_protectable: bool,
    /// Whether the instance is auto-protected; its databases say false.
    pub(crate) is_auto_protected: bool,
    /// Databases of an instance.
    pub(crate) subinquireditemcount: usize,
    /// 0.
    pub(crate) subprotectableitemcount: usize,
    /// Whether an instance can be backed up; of a database only if it cannot be protected, or not by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prebackupvalidation: Option<PreBackupValidationView>,
    /// True for databases, unless no way protects them; the capital is the service's own.
    #[serde(rename = "IsProtectable")]
    pub(crate) is_protectable: bool,
    /// `AzureWorkload`.
    pub(crate) backup_management_type: &'static str,
    /// `SQL`.
    pub(crate) workload_type: &'static str,
    /// `SQLInstance`, `SQLAvailabilityGroupContainer` or `SQLDataBase`.
    pub(crate) protectable_item_type: &'static str,
    /// Name as people know it.
    pub(crate) friendly_name: String,
    /// `NotProtected`: what is protected leaves this list.
    pub(crate) protection_state: &'static str,
    /// Nodes of an availability group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nodes_list: Option<Vec<NodeView>>,
}

/// Whether an instance or a database can be backed up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreBackupValidationView {
    /// `Success` or `Failed`.
    pub(crate) status: &'static str,
    /// Catalogue word.
    pub(crate) code: String,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

impl ProtectableItemView {
    /// A row.
    pub(crate) fn new(item: &ProtectableItem) -> Self {
        let ProtectableItem { found, auto_protected, selectable } = item;
        let ContainerView { vault, container, server } = found.container.as_ref();
        let name = match &found.database {
            Some(database) => format!("sqldatabase;{};{database}", found.instance).to_lowercase(),
            None => format!("{};{}", kind_of(container), found.instance).to_lowercase(),
        };
        let at = format!("{}/backupFabrics/Azure/protectionContainers/{}", vault.arm_id(), container.name.to_string().to_lowercase());
        let whole = found.database.is_none();
        Self {
            id: format!("{at}/protectableItems/{name}"),
            name,
            r#type: "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectableItems",
            properties: ProtectableItemPropertiesView {
                parent_name: found.instance.clone(),
                server_name: host_name(container, server.as_ref()),
                is_auto_protectable: whole,
                is_auto_protected: *auto_protected,
                subinquireditemcount: if whole { found.databases } else { 0 },
                subprotectableitemcount: 0,
                prebackupvalidation: (whole || found.fault.is_some()).then(|| validation(found)),
                is_protectable: *selectable,
                backup_management_type: "AzureWorkload",
                workload_type: "SQL",
                protectable_item_type: if whole { kind_of(container) } else { "SQLDataBase" },
                friendly_name: found.database.as_ref().unwrap_or(&found.instance).clone(),
                protection_state: "NotProtected",
                nodes_list: container.group().filter(|_| whole).map(nodes_of),
            },
        }
    }
}

/// What stands above the databases of a container: the instances of a server, or the group itself.
fn kind_of(container: &Container) -> &'static str {
    if container.name.is_group() { "SQLAvailabilityGroupContainer" } else { "SQLInstance" }
}

fn validation(found: &Found) -> PreBackupValidationView {
    match &found.fault {
        None => PreBackupValidationView { status: "Success", code: "Success".to_owned(), message: None },
        Some(fault) => PreBackupValidationView { status: "Failed", code: fault.code.clone(), message: Some(fault.message.clone()) },
    }
}

/// A list of protectable items.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProtectableItemList {
    /// Each instance, then its databases by name.
    pub(crate) value: Vec<ProtectableItemView>,
    /// Where the next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_link: Option<String>,
}

/// An instance or a database as it lies on a server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkloadItemView {
    /// ARM id.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/items`.
    pub(crate) r#type: &'static str,
    /// What it is.
    pub(crate) properties: WorkloadItemPropertiesView,
}

/// What a workload item is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkloadItemPropertiesView {
    /// Default folders of an instance; clients build restore targets on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data_directory_paths: Option<Vec<DirectoryView>>,
    /// Instance.
    pub(crate) parent_name: String,
    /// Host name of the server.
    pub(crate) server_name: String,
    /// True for instances.
    pub(crate) is_auto_protectable: bool,
    /// 0.
    pub(crate) subinquireditemcount: usize,
    /// Databases of an instance.
    pub(crate) sub_workload_item_count: usize,
    /// `AzureWorkload`.
    pub(crate) backup_management_type: &'static str,
    /// `SQL`.
    pub(crate) workload_type: &'static str,
    /// `SQLInstance` or `SQLDataBase`.
    pub(crate) workload_item_type: &'static str,
    /// Name as people know it.
    pub(crate) friendly_name: String,
    /// `NotProtected`.
    pub(crate) protection_state: &'static str,
}

/// A folder.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DirectoryView {
    /// `Data` or `Log`.
    pub(crate) r#type: &'static str,
    /// Path, ending in the separator.
    pub(crate) path: String,
}

/// A list of workload items.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkloadItemList {
    /// Each instance, then its databases by name.
    pub(crate) value: Vec<WorkloadItemView>,
    /// Where the next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_link: Option<String>,
}

impl WorkloadItemView {
    /// A row.
    pub(crate) fn new(found: &Found) -> Self {
        let ContainerView { vault, container, server } = found.container.as_ref();
        let name = match &found.database {
            Some(database) => format!("SQLDataBase;{};{database}", found.instance),
            None => format!("SQLInstance;{}", found.instance),
        };
        let whole = found.database.is_none();
        let folders = || found.directories.iter().map(|d| DirectoryView { r#type: d.kind.as_str(), path: d.path.clone() }).collect();
        Self {
            id: format!("{}/protectableItems/{name}", container_id(vault, container)),
            name,
            r#type: "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/items",
            properties: WorkloadItemPropertiesView {
                data_directory_paths: whole.then(folders),
                parent_name: found.instance.clone(),
                server_name: host_name(container, server.as_ref()),
                is_auto_protectable: whole,
                subinquireditemcount: 0,
                sub_workload_item_count: if whole { found.databases } else { 0 },
                backup_management_type: "AzureWorkload",
                workload_type: "SQL",
                workload_item_type: if whole { "SQLInstance" } else { "SQLDataBase" },
                friendly_name: found.database.as_ref().unwrap_or(&found.instance).clone(),
                protection_state: "NotProtected",
            },
        }
    }
}
