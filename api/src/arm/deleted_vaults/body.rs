//! The wire form of a deleted vault (wire-facts 8), and what its undeletion asks for.

use crate::arm::moment;
use rsvault_domain::vault::Vault;
use rsvault_engine::vaults::{deleted_id, deleted_name};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of undelete.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UndeleteBody {
    /// Where it is to come back.
    pub(crate) properties: Option<UndeletePropertiesBody>,
}

/// Where a vault is to come back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UndeletePropertiesBody {
    /// `/subscriptions/{id}/resourceGroups/{name}`.
    pub(crate) recovery_resource_group_id: Option<String>,
}

/// A deleted vault.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedVaultView {
    /// ARM id.
    pub(crate) id: String,
    /// `{resource group}_{guid}`.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/locations/deletedVaults`.
    pub(crate) r#type: &'static str,
    /// Which, and until when.
    pub(crate) properties: DeletedVaultPropertiesView,
}

/// Which vault it was, and until when it may be brought back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletedVaultPropertiesView {
    /// ARM id that it had.
    pub(crate) vault_id: String,
    /// When it was deleted.
    pub(crate) vault_deletion_time: String,
    /// When it goes for good.
    pub(crate) purge_at: String,
}

impl From<&Vault> for DeletedVaultView {
    fn from(vault: &Vault) -> Self {
        let when = |at: Option<jiff::Timestamp>| at.map_or_else(|| moment::NEVER.to_owned(), moment::full);
        Self {
            id: deleted_id(vault),
            name: deleted_name(vault),
            r#type: "Microsoft.RecoveryServices/locations/deletedVaults",
            properties: DeletedVaultPropertiesView {
                vault_id: vault.arm_id(),
                vault_deletion_time: when(vault.soft_deleted.map(|deleted| deleted.at)),
                purge_at: when(vault.soft_deleted.map(|deleted| deleted.purge_at)),
            },
        }
    }
}

/// A list of deleted vaults.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletedVaultList {
    /// The oldest deletion first.
    pub(crate) value: Vec<DeletedVaultView>,
    /// Where the next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_link: Option<String>,
}
