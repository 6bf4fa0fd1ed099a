//! The wire form of a proxy, and of unlocking a deletion.

use crate::arm::moment;
use rsvault_domain::guard::{Critical, PROXY};
use rsvault_engine::guards::ProxyView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of PUT.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct GuardProxyBody {
    /// The link.
    pub(crate) properties: Option<GuardProxyPropertiesBody>,
}

/// The link as a client sends it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GuardProxyPropertiesBody {
    /// ARM id of the guard.
    pub(crate) resource_guard_resource_id: Option<String>,
    /// Text for people.
    pub(crate) description: Option<String>,
}

/// A list of proxies.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuardProxyList {
    /// None, or the one.
    pub(crate) value: Vec<GuardProxyView>,
}

/// A proxy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuardProxyView {
    /// ARM id.
    pub(crate) id: String,
    /// `VaultProxy`.
    pub(crate) name: &'static str,
    /// `Microsoft.RecoveryServices/vaults/backupResourceGuardProxies`.
    pub(crate) r#type: &'static str,
    /// The link.
    pub(crate) properties: GuardProxyPropertiesView,
}

/// The link.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GuardProxyPropertiesView {
    /// ARM id of the guard.
    pub(crate) resource_guard_resource_id: String,
    /// What the guard watches over, and the request that stands for each.
    pub(crate) resource_guard_operation_details: Vec<GuardOperationView>,
    /// When it was last written.
    pub(crate) last_updated_time: String,
    /// Text for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}

/// A critical operation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GuardOperationView {
    /// Azure's name of the operation on the vault.
    pub(crate) vault_critical_operation: &'static str,
    /// What `resourceGuardOperationRequests` must name.
    pub(crate) default_resource_request: String,
}

impl From<&ProxyView> for GuardProxyView {
    fn from(proxy: &ProxyView) -> Self {
        let guard = &proxy.guard;
        let operations = Critical::ALL.into_iter().filter(|critical| guard.guards(*critical));
        Self {
            id: format!("{}/backupResourceGuardProxies/{PROXY}", proxy.vault.arm_id()),
            name: PROXY,
            r#type: "Microsoft.RecoveryServices/vaults/backupResourceGuardProxies",
            properties: GuardProxyPropertiesView {
                resource_guard_resource_id: guard.arm_id(),
                resource_guard_operation_details: operations
                    .map(|critical| GuardOperationView {
                        vault_critical_operation: critical.operation(),
                        default_resource_request: guard.request(critical),
                    })
                    .collect(),
                last_updated_time: moment::full(proxy.link.updated_at),
                description: proxy.link.description.clone(),
            },
        }
    }
}

/// Body of `unlockDelete`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnlockDeleteBody {
    /// The guard's requests for the deletions to unlock.
    pub(crate) resource_guard_operation_requests: Option<Vec<String>>,
    /// ARM id of the item to delete; not for the proxy itself.
    pub(crate) resource_to_be_deleted: Option<String>,
}

/// Answer of `unlockDelete`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnlockDeleteView {
    /// Until when the deletion may be carried out.
    pub(crate) unlock_delete_expiry_time: String,
}
