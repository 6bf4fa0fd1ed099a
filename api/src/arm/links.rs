//! Absolute URLs of operation readers, percent-encoded segment by segment (az-client c.2: an unencoded
//! `#` in a database name would cut the operation id off).

use super::names::{ContainerPath, DeletedVaultPath, EndpointPath, FabricPath, ItemPath, JobPath, PolicyPath, VaultPath};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rsvault_domain::id::OperationId;

/// What stays as it is in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes one path segment.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// The two URLs of an operation, without base and query; both end in the operation's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Readers {
    /// For `Azure-AsyncOperation`.
    pub(crate) status: String,
    /// For `Location`.
    pub(crate) result: String,
}

fn vault(path: &VaultPath) -> String {
    format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.RecoveryServices/vaults/{}",
        segment(&path.subscription_id),
        segment(&path.resource_group_name),
        segment(&path.vault_name)
    )
}

fn fabric(path: &VaultPath) -> String {
    format!("{}/backupFabrics/Azure", vault(path))
}

/// Of an operation on the vault itself.
pub(crate) fn of_vault(path: &VaultPath, id: OperationId) -> Readers {
    let at = vault(path);
    Readers { status: format!("{at}/operationStatus/{id}"), result: format!("{at}/operationResults/{id}") }
}

/// Of the undeletion of a vault: one reader, which answers also when the deleted vault is gone.
pub(crate) fn of_deleted_vault(path: &DeletedVaultPath, id: OperationId) -> Readers {
    let at = format!(
        "/subscriptions/{}/providers/Microsoft.RecoveryServices/locations/{}/deletedVaults/{}/operations/{id}",
        segment(&path.subscription_id),
        segment(&path.location),
        segment(&path.deleted_vault_name)
    );
    Readers { status: at.clone(), result: at }
}

/// Of an operation that only the vault's own readers know: item delete.
pub(crate) fn of_backup(path: &VaultPath, id: OperationId) -> Readers {
    let at = vault(path);
    Readers { status: format!("{at}/backupOperations/{id}"), result: format!("{at}/backupOperationResults/{id}") }
}

/// Of a data move that was prepared.
pub(crate) fn of_storage_config(path: &VaultPath, id: OperationId) -> Readers {
    let at = format!("{}/backupstorageconfig/vaultstorageconfig", vault(path));
    Readers { status: format!("{at}/operationStatus/{id}"), result: format!("{at}/operationResults/{id}") }
}

/// Of a data move that was triggered: its result has nothing to tell, which only the vault's own reader may say.
pub(crate) fn of_move(path: &VaultPath, id: OperationId) -> Readers {
    Readers { status: of_storage_config(path, id).status, result: of_backup(path, id).result }
}

/// Of a question for the costs of the archive tier.
pub(crate) fn of_tiering(path: &VaultPath, id: OperationId) -> Readers {
    let at = format!("{}/backupTieringCost/default", vault(path));
    Readers { status: format!("{at}/operationsStatus/{id}"), result: format!("{at}/operationResults/{id}") }
}

/// Of an operation on a private endpoint connection: it has a status, the result is the vault's to tell.
pub(crate) fn of_endpoint(path: &EndpointPath, id: OperationId) -> Readers {
    let at = vault(&path.vault());
    Readers {
        status: format!("{at}/privateEndpointConnections/{}/operationsStatus/{id}", segment(&path.private_endpoint_connection_name)),
        result: format!("{at}/backupOperationResults/{id}"),
    }
}

/// Of a validation.
pub(crate) fn of_validation(path: &VaultPath, id: OperationId) -> Readers {
    let at = vault(path);
    Readers { status: format!("{at}/backupValidateOperationsStatuses/{id}"), result: format!("{at}/backupValidateOperationResults/{id}") }
}

/// Of an export of jobs.
pub(crate) fn of_export(path: &VaultPath, id: OperationId) -> Readers {
    let at = vault(path);
    Readers { status: format!("{at}/backupOperations/{id}"), result: format!("{at}/backupJobs/operationResults/{id}") }
}

/// Of a refresh.
pub(crate) fn of_fabric(path: &FabricPath, id: OperationId) -> Readers {
    let at = fabric(&path.vault());
    Readers { status: format!("{at}/operationsStatus/{id}"), result: format!("{at}/operationResults/{id}") }
}

/// Of an operation on a container.
pub(crate) fn of_container(path: &ContainerPath, id: OperationId) -> Readers {
    let at = format!("{}/protectionContainers/{}", fabric(&path.vault()), segment(&path.container_name));
    Readers { status: format!("{at}/operationsStatus/{id}"), result: format!("{at}/operationResults/{id}") }
}

/// Of an operation on an item.
pub(crate) fn of_item(path: &ItemPath, id: OperationId) -> Readers {
    let at = format!(
        "{}/protectionContainers/{}/protectedItems/{}",
        fabric(&path.vault()),
        segment(&path.container_name),
        segment(&path.protected_item_name)
    );
    Readers { status: format!("{at}/operationsStatus/{id}"), result: format!("{at}/operationResults/{id}") }
}

/// Of a policy that is applied to its items.
pub(crate) fn of_policy(path: &PolicyPath, id: OperationId) -> Readers {
    let at = format!("{}/backupPolicies/{}", vault(&path.vault()), segment(&path.policy_name));
    Readers { status: format!("{at}/operations/{id}"), result: format!("{at}/operationResults/{id}") }
}

/// Of a job's cancel.
pub(crate) fn of_job(path: &JobPath, id: OperationId) -> Readers {
    let at = format!("{}/backupJobs/{}", vault(&path.vault()), segment(&path.job_name));
    Readers { status: format!("{at}/operationsStatus/{id}"), result: format!("{at}/operationResults/{id}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_and_both_urls_end_in_the_id() {
        let path = ItemPath {
            subscription_id: "s".into(),
            resource_group_name: "rg".into(),
            vault_name: "v".into(),
            fabric_name: "Azure".into(),
            container_name: "VMAppContainer;Compute;rg;vm".into(),
            protected_item_name: "SQLDataBase;mssqlserver;my db#1%25é+x/y".into(),
        };
        let id = OperationId(uuid::Uuid::nil());
        let readers = of_item(&path, id);
        for url in [&readers.status, &readers.result] {
            assert!(url.is_ascii() && !url.contains(['#', ' ', ';', '+']), "{url}");
            assert!(url.ends_with(&format!("/{id}")), "{url}");
        }
        assert!(readers.status.contains("my%20db%231%2525%C3%A9%2Bx%2Fy/operationsStatus/"), "{}", readers.status);
    }
}
