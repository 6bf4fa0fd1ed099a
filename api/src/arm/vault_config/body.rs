//! The wire form of the vault config, and the change a body asks for.

use rsvault_domain::fault::Result;
use rsvault_domain::vault::{SoftDeleteState, Vault};
use rsvault_engine::vaults::VaultChange;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of PUT and PATCH.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct VaultConfigBody {
    /// Settings; what is left out stays.
    pub(crate) properties: Option<VaultConfigPropertiesBody>,
}

/// Settings as a client sends them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VaultConfigPropertiesBody {
    /// `Disabled`, `Enabled` or `AlwaysON`.
    pub(crate) enhanced_security_state: Option<String>,
    /// `Disabled`, `Enabled` or `AlwaysON`.
    pub(crate) soft_delete_feature_state: Option<String>,
    /// 14 to 180.
    pub(crate) soft_delete_retention_period_in_days: Option<i64>,
    /// The Resource Guard's requests for critical changes.
    pub(crate) resource_guard_operation_requests: Option<Vec<String>>,
}

/// The vault config.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VaultConfigView {
    /// ARM id.
    pub(crate) id: String,
    /// `vaultconfig`.
    pub(crate) name: &'static str,
    /// `Microsoft.RecoveryServices/vaults/backupconfig`.
    pub(crate) r#type: &'static str,
    /// Settings.
    pub(crate) properties: VaultConfigPropertiesView,
}

/// Settings.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VaultConfigPropertiesView {
    /// Shown beside soft delete: `Enabled` also when it is on for good, which only the vault itself tells.
    pub(crate) enhanced_security_state: &'static str,
    /// Soft delete.
    pub(crate) soft_delete_feature_state: &'static str,
    /// Days a deleted item waits.
    pub(crate) soft_delete_retention_period_in_days: u32,
    /// False once soft delete is on for good.
    pub(crate) is_soft_delete_feature_state_editable: bool,
}

impl VaultConfigBody {
    /// Takes the Resource Guard's requests out of it.
    pub(crate) fn guard_requests(&mut self) -> Option<Vec<String>> {
        self.properties.as_mut()?.resource_guard_operation_requests.take()
    }
    /// The change the body asks for.
    pub(crate) fn change(self) -> Result<VaultChange> {
        let properties = self.properties.unwrap_or_default();
        let state = |word: Option<String>, field: &str| word.map(|w| SoftDeleteState::parse(&w, field)).transpose();
        Ok(VaultChange {
            soft_delete: state(properties.soft_delete_feature_state, "properties.softDeleteFeatureState")?,
            soft_delete_days: properties.soft_delete_retention_period_in_days,
            enhanced_security: state(properties.enhanced_security_state, "properties.enhancedSecurityState")?,
            ..VaultChange::default()
        })
    }
}

impl From<&Vault> for VaultConfigView {
    fn from(vault: &Vault) -> Self {
        let soft_delete = &vault.settings.soft_delete;
        Self {
            id: format!("{}/backupconfig/vaultconfig", vault.arm_id()),
            name: "vaultconfig",
            r#type: "Microsoft.RecoveryServices/vaults/backupconfig",
            properties: VaultConfigPropertiesView {
                enhanced_security_state: match soft_delete.enhanced {
                    SoftDeleteState::Disabled => "Disabled",
                    SoftDeleteState::Enabled | SoftDeleteState::AlwaysOn => "Enabled",
                },
                soft_delete_feature_state: soft_delete.state.wire(),
                soft_delete_retention_period_in_days: soft_delete.retention_days,
                is_soft_delete_feature_state_editable: soft_delete.state != SoftDeleteState::AlwaysOn,
            },
        }
    }
}
