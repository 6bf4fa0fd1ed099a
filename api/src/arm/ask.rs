//! From what the edge has read to what use cases ask for.

use super::names::{ContainerPath, ItemPath, PointPath, VaultPath, subscription};
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

impl PointPath {
    /// The item as use cases know it.
    pub(crate) fn ask(&self) -> Result<protection::ItemPath> {
        self.item_path().ask()
    }
    /// The item's own path.
    pub(crate) fn item_path(&self) -> ItemPath {
        ItemPath {
            subscription_id: self.subscription_id.clone(),
            resource_group_name: self.resource_group_name.clone(),
            vault_name: self.vault_name.clone(),
            fabric_name: self.fabric_name.clone(),
            container_name: self.container_name.clone(),
            protected_item_name: self.protected_item_name.clone(),
        }
    }
}

impl super::names::ContainerOperationPath {
    /// The container's own path.
    pub(crate) fn container_path(&self) -> ContainerPath {
        ContainerPath {
            subscription_id: self.subscription_id.clone(),
            resource_group_name: self.resource_group_name.clone(),
            vault_name: self.vault_name.clone(),
            fabric_name: self.fabric_name.clone(),
            container_name: self.container_name.clone(),
        }
    }
}

impl super::names::ItemOperationPath {
    /// The item's own path.
    pub(crate) fn item_path(&self) -> ItemPath {
        ItemPath {
            subscription_id: self.subscription_id.clone(),
            resource_group_name: self.resource_group_name.clone(),
            vault_name: self.vault_name.clone(),
            fabric_name: self.fabric_name.clone(),
            container_name: self.container_name.clone(),
            protected_item_name: self.protected_item_name.clone(),
        }
    }
}

impl super::names::FabricOperationPath {
    /// The fabric's own path.
    pub(crate) fn fabric_path(&self) -> super::names::FabricPath {
        super::names::FabricPath {
            subscription_id: self.subscription_id.clone(),
            resource_group_name: self.resource_group_name.clone(),
            vault_name: self.vault_name.clone(),
            fabric_name: self.fabric_name.clone(),
        }
    }
}

impl super::names::JobOperationPath {
    /// The job's own path.
    pub(crate) fn job_path(&self) -> super::names::JobPath {
        super::names::JobPath {
            subscription_id: self.subscription_id.clone(),
            resource_group_name: self.resource_group_name.clone(),
            vault_name: self.vault_name.clone(),
            job_name: self.job_name.clone(),
        }
    }
}
