//! The wire form of a guard.

use crate::arm::moment;
use rsvault_domain::guard::{Critical, ResourceGuard};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Body of PUT.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ResourceGuardBody {
    /// Region; demanded by the first PUT.
    pub(crate) location: Option<String>,
    /// Tags.
    pub(crate) tags: Option<BTreeMap<String, String>>,
    /// Settings.
    pub(crate) properties: Option<ResourceGuardPropertiesBody>,
}

/// Settings as a client sends them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResourceGuardPropertiesBody {
    /// Operations that the guard does not watch over.
    pub(crate) vault_critical_operation_exclusion_list: Option<Vec<String>>,
}

/// A guard.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResourceGuardView {
    /// ARM id.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: String,
    /// `Microsoft.DataProtection/resourceGuards`.
    pub(crate) r#type: &'static str,
    /// Region.
    pub(crate) location: String,
    /// Version of the resource.
    #[serde(rename = "eTag")]
    pub(crate) etag: String,
    /// Tags.
    pub(crate) tags: BTreeMap<String, String>,
    /// Settings.
    pub(crate) properties: ResourceGuardPropertiesView,
}

/// Settings.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResourceGuardPropertiesView {
    /// `Succeeded`.
    pub(crate) provisioning_state: &'static str,
    /// Who holds the right needs nobody's approval besides.
    pub(crate) allow_auto_approvals: bool,
    /// What it watches over.
    pub(crate) resource_guard_operations: Vec<ResourceGuardOperationView>,
    /// What it does not watch over.
    pub(crate) vault_critical_operation_exclusion_list: Vec<&'static str>,
}

/// A critical operation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResourceGuardOperationView {
    /// Azure's name of the operation on the vault.
    pub(crate) vault_critical_operation: &'static str,
    /// Type of the request that stands for it.
    pub(crate) request_resource_type: String,
}

impl From<&ResourceGuard> for ResourceGuardView {
    fn from(guard: &ResourceGuard) -> Self {
        let watched = Critical::ALL.into_iter().filter(|critical| guard.guards(*critical));
        Self {
            id: guard.arm_id(),
            name: guard.name.clone(),
            r#type: "Microsoft.DataProtection/resourceGuards",
            location: guard.location.clone(),
            etag: format!("W/\"datetime'{}'\"", moment::full(guard.updated_at).replace(':', "%3A")),
            tags: guard.tags.clone(),
            properties: ResourceGuardPropertiesView {
                provisioning_state: "Succeeded",
                allow_auto_approvals: true,
                resource_guard_operations: watched
                    .map(|critical| ResourceGuardOperationView {
                        vault_critical_operation: critical.operation(),
                        request_resource_type: format!("Microsoft.DataProtection/resourceGuards/{}", critical.request_type()),
                    })
                    .collect(),
                vault_critical_operation_exclusion_list: guard.excluded.iter().map(|critical| critical.operation()).collect(),
            },
        }
    }
}
