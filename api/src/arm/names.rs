//! The path templates of the surface and the names they bind.
//!
//! Always holds: names arrive percent-decoded; the container's short form and any casing are one
//! name ([`ContainerName`], [`ItemName`]); a subscription that is no GUID is refused before a use case runs.

use rsvault_domain::Fault;
use rsvault_domain::fault::Result;
use rsvault_domain::id::{ContainerName, ItemName, JobId, OperationId, SubscriptionId};
use serde::Deserialize;
use utoipa::IntoParams;

/// Path below the subscription's provider.
macro_rules! at_provider {
    ($rest:literal) => {
        concat!("/subscriptions/{subscriptionId}/providers/Microsoft.RecoveryServices", $rest)
    };
}
/// Path of a vault and what is below it.
macro_rules! at_vault {
    ($rest:literal) => {
        concat!(
            "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.RecoveryServices/vaults/{vaultName}",
            $rest
        )
    };
}
/// Path of a Resource Guard.
macro_rules! at_guard {
    ($rest:literal) => {
        concat!(
            "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.DataProtection/resourceGuards/{resourceGuardsName}",
            $rest
        )
    };
}
/// Path below the fabric.
macro_rules! at_fabric {
    ($rest:literal) => {
        concat!(
            "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.RecoveryServices/vaults/{vaultName}/backupFabrics/{fabricName}",
            $rest
        )
    };
}
/// Path of a container and what is below it.
macro_rules! at_container {
    ($rest:literal) => {
        concat!(
            "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.RecoveryServices/vaults/{vaultName}/backupFabrics/{fabricName}/protectionContainers/{containerName}",
            $rest
        )
    };
}
/// Path of a protected item and what is below it.
macro_rules! at_item {
    ($rest:literal) => {
        concat!(
            "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.RecoveryServices/vaults/{vaultName}/backupFabrics/{fabricName}/protectionContainers/{containerName}/protectedItems/{protectedItemName}",
            $rest
        )
    };
}
pub(crate) use {at_container, at_fabric, at_guard, at_item, at_provider, at_vault};

/// Declares a path: its fields, bound by Azure's parameter names.
macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, IntoParams)]
        #[serde(rename_all = "camelCase")]
        #[into_params(parameter_in = Path)]
        pub(crate) struct $name { $($(#[$fdoc])* pub(crate) $field: String),+ }
    )+};
}

paths! {
    /// A subscription.
    SubscriptionPath {
        /// Subscription id.
        subscription_id,
    }
    /// A region of a subscription.
    LocationPath {
        /// Subscription id.
        subscription_id,
        /// Region; not compared, every vault of the subscription is looked at.
        #[allow(dead_code)] // bound so that the document names it
        azure_region,
    }
    /// A region of a subscription.
    RegionPath {
        /// Subscription id.
        subscription_id,
        /// Region; compared without case and blanks.
        location,
    }
    /// A region that backups are restored in.
    SecondaryPath {
        /// Subscription id.
        subscription_id,
        /// Region; compared without case and blanks.
        azure_region,
    }
    /// An operation in such a region.
    SecondaryOperationPath {
        /// Subscription id.
        subscription_id,
        /// Region; compared without case and blanks.
        azure_region,
        /// Operation: the last segment of `Azure-AsyncOperation` and `Location`.
        operation_id,
    }
    /// A deleted vault.
    DeletedVaultPath {
        /// Subscription id.
        subscription_id,
        /// Region.
        location,
        /// `{resource group}_{guid}`, as the list shows it.
        deleted_vault_name,
    }
    /// An operation on a deleted vault.
    DeletedVaultOperationPath {
        /// Subscription id.
        subscription_id,
        /// Region.
        location,
        /// `{resource group}_{guid}`.
        deleted_vault_name,
        /// Operation.
        operation_id,
    }
    /// A Resource Guard.
    ResourceGuardPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Guard.
        resource_guards_name,
    }
    /// A Resource Guard proxy of a vault.
    GuardProxyPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// `VaultProxy`.
        resource_guard_proxy_name,
    }
    /// A resource group.
    GroupPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
    }
    /// A vault.
    VaultPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
    }
    /// An operation of a vault.
    VaultOperationPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Operation: the last segment of `Azure-AsyncOperation` and `Location`.
        operation_id,
    }
    /// A region, asked about a resource group.
    GroupRegionPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Region; a name is free or not whatever the region.
        #[allow(dead_code)] // bound so that the document names it
        location,
    }
    /// A private link resource.
    PrivateLinkPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// `backupResource`.
        private_link_resource_name,
    }
    /// A private endpoint connection.
    EndpointPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Connection.
        private_endpoint_connection_name,
    }
    /// An operation on a private endpoint connection.
    EndpointOperationPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Connection; not compared, it may be gone.
        #[allow(dead_code)] // bound so that the document names it
        private_endpoint_connection_name,
        /// Operation.
        operation_id,
    }
    /// A certificate of a vault.
    CertificatePath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Certificate.
        certificate_name,
    }
    /// A registered identity of a vault.
    IdentityPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Name of the certificate that it stands for.
        identity_name,
    }
    /// A policy.
    PolicyPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Policy.
        policy_name,
    }
    /// An operation on a policy.
    PolicyOperationPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Policy.
        policy_name,
        /// Operation.
        operation_id,
    }
    /// A fabric.
    FabricPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Always `Azure`.
        fabric_name,
    }
    /// A protection intent.
    IntentPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Always `Azure`.
        fabric_name,
        /// Intent; clients take a GUID.
        intent_object_name,
    }
    /// An operation on a fabric.
    FabricOperationPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Always `Azure`.
        fabric_name,
        /// Operation.
        operation_id,
    }
    /// A protection container.
    ContainerPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Always `Azure`.
        fabric_name,
        /// `VMAppContainer;Compute;<resource group>;<vm name>`.
        container_name,
    }
    /// An operation on a container.
    ContainerOperationPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Always `Azure`.
        fabric_name,
        /// `VMAppContainer;Compute;<resource group>;<vm name>`.
        container_name,
        /// Operation.
        operation_id,
    }
    /// A protected item.
    ItemPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Always `Azure`.
        fabric_name,
        /// `VMAppContainer;Compute;<resource group>;<vm name>`.
        container_name,
        /// `SQLDataBase;<instance>;<database>`.
        protected_item_name,
    }
    /// An operation on an item.
    ItemOperationPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Always `Azure`.
        fabric_name,
        /// `VMAppContainer;Compute;<resource group>;<vm name>`.
        container_name,
        /// `SQLDataBase;<instance>;<database>`.
        protected_item_name,
        /// Operation.
        operation_id,
    }
    /// A recovery point.
    PointPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Always `Azure`.
        fabric_name,
        /// `VMAppContainer;Compute;<resource group>;<vm name>`.
        container_name,
        /// `SQLDataBase;<instance>;<database>`.
        protected_item_name,
        /// Recovery point, or `DefaultRangeRecoveryPoint`.
        recovery_point_id,
    }
    /// A job.
    JobPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Job.
        job_name,
    }
    /// An operation on a job.
    JobOperationPath {
        /// Subscription id.
        subscription_id,
        /// Resource group.
        resource_group_name,
        /// Vault.
        vault_name,
        /// Job.
        job_name,
        /// Operation.
        operation_id,
    }
}

/// Parses a subscription id as ARM does.
pub(crate) fn subscription(text: &str) -> Result<SubscriptionId> {
    text.parse().map_err(|_| {
        Fault::invalid(
            "InvalidSubscriptionId",
            format!("The subscription id '{text}' is not a GUID. Use the id that 'GET /subscriptions' lists."),
        )
        .at("subscriptionId")
    })
}

/// Parses an operation id. What is no GUID names no operation.
pub(crate) fn operation(text: &str) -> Result<OperationId> {
    text.parse().map_err(|_| {
        Fault::not_found(
            "ResourceNotFound",
            format!("There is no operation '{text}'. Use the last path segment of the Azure-AsyncOperation header."),
        )
        .at("operationId")
    })
}

/// Parses a job name. What is no GUID names no job.
pub(crate) fn job(text: &str) -> Result<JobId> {
    text.parse().map_err(|_| {
        Fault::not_found("ResourceNotFound", format!("There is no job '{text}' in this vault. Use a name that the job list shows."))
            .at("jobName")
    })
}

/// Refuses a fabric that is not `Azure`.
pub(crate) fn fabric(text: &str) -> Result<()> {
    if text.eq_ignore_ascii_case("Azure") {
        return Ok(());
    }
    Err(Fault::invalid("BMSUserErrorInvalidInput", format!("The fabric '{text}' does not exist; the only one is 'Azure'."))
        .at("fabricName"))
}

/// What every path below a vault can say of it.
macro_rules! below_vault {
    ($($name:ident),+) => {$(
        impl $name {
            /// The vault's own path.
            pub(crate) fn vault(&self) -> VaultPath {
                VaultPath { subscription_id: self.subscription_id.clone(), resource_group_name: self.resource_group_name.clone(), vault_name: self.vault_name.clone() }
            }
        }
    )+};
}
below_vault!(
    GuardProxyPath,
    VaultOperationPath,
    PrivateLinkPath,
    EndpointPath,
    EndpointOperationPath,
    CertificatePath,
    IdentityPath,
    PolicyPath,
    PolicyOperationPath,
    FabricPath,
    IntentPath,
    FabricOperationPath,
    ContainerPath,
    ContainerOperationPath,
    ItemPath,
    ItemOperationPath,
    JobPath,
    JobOperationPath
);

impl ContainerPath {
    /// The container's name.
    pub(crate) fn container(&self) -> Result<ContainerName> {
        fabric(&self.fabric_name)?;
        ContainerName::parse(&self.container_name)
    }
}

impl ItemPath {
    /// Container and item.
    pub(crate) fn names(&self) -> Result<(ContainerName, ItemName)> {
        fabric(&self.fabric_name)?;
        Ok((ContainerName::parse(&self.container_name)?, ItemName::parse(&self.protected_item_name)?))
    }
}
