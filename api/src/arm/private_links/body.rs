//! The wire form of private link resources.

use rsvault_domain::region::paired;
use rsvault_domain::vault::Vault;
use rsvault_domain::vault::endpoint::{SubResource, zone_names};
use serde::Serialize;
use utoipa::ToSchema;

/// What a private endpoint can reach.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PrivateLinkList {
    /// Resources.
    pub(crate) value: Vec<PrivateLinkView>,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PrivateLinkView {
    /// ARM id.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: &'static str,
    /// `Microsoft.RecoveryServices/vaults/privateLinkResources`.
    pub(crate) r#type: &'static str,
    /// What it needs.
    pub(crate) properties: PrivateLinkPropertiesView,
}

/// What a private link resource needs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PrivateLinkPropertiesView {
    /// What a connection names it by.
    pub(crate) group_id: &'static str,
    /// Members; a vault of rsvault is one.
    pub(crate) required_members: [&'static str; 1],
    /// Zones.
    pub(crate) required_zone_names: Vec<String>,
}

impl PrivateLinkList {
    /// Backup; in the paired region too while cross-region restore is on.
    pub(crate) fn of(vault: &Vault) -> Self {
        let view = |name: &'static str, group: SubResource, region: &str| PrivateLinkView {
            id: format!("{}/privateLinkResources/{name}", vault.arm_id()),
            name,
            r#type: "Microsoft.RecoveryServices/vaults/privateLinkResources",
            properties: PrivateLinkPropertiesView {
                group_id: group.wire(),
                required_members: ["backup-prot1"],
                required_zone_names: zone_names(group, region),
            },
        };
        let mut value = vec![view("backupResource", SubResource::AzureBackup, &vault.location)];
        if vault.settings.cross_region_restore {
            let region = paired(&vault.location).unwrap_or(&vault.location);
            value.push(view("backupResource_secondary", SubResource::AzureBackupSecondary, region));
        }
        Self { value }
    }
}
