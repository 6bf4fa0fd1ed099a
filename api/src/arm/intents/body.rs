//! The wire form of a protection intent (wire-facts 5): answers spell `/Subscriptions` with a capital and leave
//! the prefixes of container and item away.

use crate::arm::fields::{one_of, required, unsupported};
use rsvault_domain::fault::Result;
use rsvault_domain::vault::Vault;
use rsvault_engine::intents::{self, IntentRequest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an answer calls every intent.
const ANSWERED: &str = "RecoveryServiceVaultItem";
const TYPES: &[&str] = &[
    ANSWERED,
    "AzureWorkloadSQLAutoProtectionIntent",
    "AzureWorkloadAutoProtectionIntent",
    "AzureWorkloadContainerAutoProtectionIntent",
    "AzureResourceItem",
];
const MANAGEMENT: &[&str] =
    &["AzureWorkload", "AzureIaasVM", "AzureStorage", "AzureSql", "MAB", "DPM", "AzureBackupServer", "DefaultBackup", "Invalid"];

/// Request body of an intent.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct IntentBody {
    /// What to protect, and how.
    pub(crate) properties: Option<IntentPropertiesBody>,
}

/// What to protect, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntentPropertiesBody {
    /// `RecoveryServiceVaultItem`, or one of the words for auto-protection.
    pub(crate) protection_intent_item_type: Option<String>,
    /// `AzureWorkload`.
    pub(crate) backup_management_type: Option<String>,
    /// ARM id of the instance or availability group.
    pub(crate) item_id: Option<String>,
    /// ARM id of the policy.
    pub(crate) policy_id: Option<String>,
}

impl IntentBody {
    /// What the body asks for, after the words around it were checked.
    pub(crate) fn request(self) -> Result<IntentRequest> {
        let properties = required(self.properties, "properties")?;
        let field = "properties.protectionIntentItemType";
        let kind = one_of(&required(properties.protection_intent_item_type, field)?, field, TYPES)?;
        if kind == "AzureResourceItem" {
            return Err(unsupported("A protection intent of type AzureResourceItem", field, &format!("Send {ANSWERED}.")));
        }
        if let Some(management) = properties.backup_management_type {
            let field = "properties.backupManagementType";
            if one_of(&management, field, MANAGEMENT)? != "AzureWorkload" {
                return Err(unsupported(&format!("Backup management by {management}"), field, "Send AzureWorkload."));
            }
        }
        let filled = |value: Option<String>, field: &str| required(value.filter(|v| !v.is_empty()), field);
        Ok(IntentRequest {
            item_id: filled(properties.item_id, "properties.itemId")?,
            policy_id: filled(properties.policy_id, "properties.policyId")?,
        })
    }
}

/// A protection intent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IntentView {
    /// ARM id.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: String,
    /// `Microsoft.RecoveryServices/vaults/backupProtectionIntent`.
    pub(crate) r#type: &'static str,
    /// What it protects, and how.
    pub(crate) properties: IntentPropertiesView,
}

/// What an intent protects, and how.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntentPropertiesView {
    /// `RecoveryServiceVaultItem`.
    pub(crate) protection_intent_item_type: &'static str,
    /// `AzureWorkload`.
    pub(crate) backup_management_type: &'static str,
    /// ARM id of the container.
    pub(crate) source_resource_id: String,
    /// ARM id of the instance or availability group.
    pub(crate) item_id: String,
    /// ARM id of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_id: Option<String>,
    /// `NotProtected`: it is its databases that are protected.
    pub(crate) protection_state: &'static str,
}

fn capital(vault: &Vault) -> String {
    let id = vault.arm_id();
    id.strip_prefix("/subscriptions/").map_or_else(|| id.clone(), |rest| format!("/Subscriptions/{rest}"))
}

impl IntentView {
    /// The intent.
    pub(crate) fn new(found: &intents::IntentView) -> Self {
        let intents::IntentView { vault, container, intent, policy } = found;
        let vault = capital(vault);
        let source = format!("{vault}/backupFabrics/Azure/protectionContainers/{}", container.name.short());
        Self {
            id: format!("{vault}/backupFabrics/Azure/backupProtectionIntent/{}", intent.name),
            name: intent.name.clone(),
            r#type: "Microsoft.RecoveryServices/vaults/backupProtectionIntent",
            properties: IntentPropertiesView {
                protection_intent_item_type: ANSWERED,
                backup_management_type: "AzureWorkload",
                item_id: format!("{source}/protectableItems/{}", intent.target.name()),
                source_resource_id: source,
                policy_id: policy.as_ref().map(|policy| format!("{vault}/backupPolicies/{}", policy.name)),
                protection_state: "NotProtected",
            },
        }
    }
}

/// A list of protection intents.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntentList {
    /// Intents by name.
    pub(crate) value: Vec<IntentView>,
    /// Where the next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_link: Option<String>,
}
