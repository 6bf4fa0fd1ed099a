//! From what the edge has read to what use cases ask for, and from a path to the one it lies below.

use super::names::{
    ContainerOperationPath, ContainerPath, FabricOperationPath, FabricPath, ItemOperationPath, ItemPath, JobOperationPath, JobPath,
    PointPath, PolicyOperationPath, PolicyPath, VaultPath, subscription,
};
use rsvault_domain::fault::Result;
use rsvault_engine::{protection, vaults};

impl VaultPath {
    /// As use cases know it.
    pub(crate) fn ask(&self) -> Result<vaults::VaultPath> {
        Ok(vaults::VaultPath {
            subscription: subscription(&self.subscription_id)?,
            resource_group: self.resource_group_name.clone(),
            name: self.vault_name.clone(),
        })
    }
}

impl ItemPath {
    /// As use cases know it.
    pub(crate) fn ask(&self) -> Result<protection::ItemPath> {
        let (container, item) = self.names()?;
        Ok(protection::ItemPath { vault: self.vault().ask()?, container, item })
    }
}

/// Paths that lie below another: how to get that one.
macro_rules! parents {
    ($($child:ident lies below $parent:ident as $name:ident { $($field:ident),+ })+) => {$(
        impl $child {
            /// The path it lies below.
            pub(crate) fn $name(&self) -> $parent {
                $parent { $($field: self.$field.clone()),+ }
            }
        }
    )+};
}
parents! {
    FabricOperationPath lies below FabricPath as fabric_path { subscription_id, resource_group_name, vault_name, fabric_name }
    ContainerOperationPath lies below ContainerPath as container_path { subscription_id, resource_group_name, vault_name, fabric_name, container_name }
    PolicyOperationPath lies below PolicyPath as policy_path { subscription_id, resource_group_name, vault_name, policy_name }
    ItemOperationPath lies below ItemPath as item_path { subscription_id, resource_group_name, vault_name, fabric_name, container_name, protected_item_name }
    PointPath lies below ItemPath as item_path { subscription_id, resource_group_name, vault_name, fabric_name, container_name, protected_item_name }
    JobOperationPath lies below JobPath as job_path { subscription_id, resource_group_name, vault_name, job_name }
}
