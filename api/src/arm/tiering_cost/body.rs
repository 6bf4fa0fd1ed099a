//! The wire form of tiering costs.

use crate::arm::fields::{one_of, required};
use crate::arm::names::VaultPath;
use rsvault_domain::Fault;
use rsvault_domain::fault::Result;
use rsvault_domain::id::{ContainerName, ItemName};
use rsvault_domain::outcome::Tiering;
use rsvault_engine::features::tiering::TieringRequest;
use rsvault_engine::protection::ItemPath;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Request body: the fields of all kinds of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TieringBody {
    /// `FetchTieringCostSavingsInfoForVaultRequest`, `…ForPolicyRequest`, `…ForProtectedItemRequest` or
    /// `FetchTieringCostInfoForRehydrationRequest`.
    pub(crate) object_type: Option<String>,
    /// Tier that points are in.
    pub(crate) source_tier_type: Option<String>,
    /// Tier that they would be in.
    pub(crate) target_tier_type: Option<String>,
    /// Policy.
    pub(crate) policy_name: Option<String>,
    /// Container.
    pub(crate) container_name: Option<String>,
    /// Item.
    pub(crate) protected_item_name: Option<String>,
    /// Recovery point.
    pub(crate) recovery_point_id: Option<String>,
    /// `Standard` or `High`.
    pub(crate) rehydration_priority: Option<String>,
}

/// What it comes to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum TieringView {
    /// Moving points to the archive.
    Saving(SavingView),
    /// Bringing one back.
    Rehydration(RehydrationView),
}

/// Moving points to the archive.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SavingView {
    /// `TieringCostSavingInfo`.
    pub(crate) object_type: &'static str,
    /// Bytes that would leave the vault's tier.
    pub(crate) source_tier_size_reduction_in_bytes: i64,
    /// Bytes that the archive would hold.
    pub(crate) target_tier_size_increase_in_bytes: i64,
    /// 0: rsvault has no prices.
    #[serde(rename = "retailSourceTierCostPerGBPerMonth")]
    pub(crate) retail_source_tier_cost: f64,
    /// 0: rsvault has no prices.
    #[serde(rename = "retailTargetTierCostPerGBPerMonth")]
    pub(crate) retail_target_tier_cost: f64,
}

/// Bringing a point back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RehydrationView {
    /// `TieringCostRehydrationInfo`.
    pub(crate) object_type: &'static str,
    /// Bytes of the point.
    pub(crate) rehydration_size_in_bytes: i64,
    /// 0: rsvault has no prices.
    #[serde(rename = "retailRehydrationCostPerGBPerMonth")]
    pub(crate) retail_rehydration_cost: f64,
}

const SAVINGS: &str = "FetchTieringCostSavingsInfoFor";
const KINDS: [&str; 4] = [
    "FetchTieringCostSavingsInfoForVaultRequest",
    "FetchTieringCostSavingsInfoForPolicyRequest",
    "FetchTieringCostSavingsInfoForProtectedItemRequest",
    "FetchTieringCostInfoForRehydrationRequest",
];
const TIERS: [&str; 5] = ["Invalid", "InstantRP", "HardenedRP", "ArchivedRP", "IASnapshotRP"];

impl TieringBody {
    /// What it asks for, of the vault at `path`.
    pub(crate) fn request(self, path: &VaultPath) -> Result<TieringRequest> {
        let kind = one_of(&required(self.object_type, "objectType")?, "objectType", &KINDS)?;
        let source = one_of(&required(self.source_tier_type, "sourceTierType")?, "sourceTierType", &TIERS)?;
        let target = one_of(&required(self.target_tier_type, "targetTierType")?, "targetTierType", &TIERS)?;
        let (from, to) = if kind.starts_with(SAVINGS) { ("HardenedRP", "ArchivedRP") } else { ("ArchivedRP", "HardenedRP") };
        for (field, have, want) in [("sourceTierType", source, from), ("targetTierType", target, to)] {
            if have != want {
                return Err(Fault::invalid(
                    "BMSUserErrorInvalidInput",
                    format!("Property '{field}' is '{have}', but a {kind} goes from {from} to {to}. Send {want}."),
                )
                .at(field));
            }
        }
        let item = |container: Option<String>, item: Option<String>| -> Result<ItemPath> {
            Ok(ItemPath {
                vault: path.ask()?,
                container: ContainerName::parse(&required(container, "containerName")?)?,
                item: ItemName::parse(&required(item, "protectedItemName")?)?,
            })
        };
        Ok(match kind {
            "FetchTieringCostSavingsInfoForVaultRequest" => TieringRequest::Vault,
            "FetchTieringCostSavingsInfoForPolicyRequest" => TieringRequest::Policy(required(self.policy_name, "policyName")?),
            "FetchTieringCostSavingsInfoForProtectedItemRequest" => {
                TieringRequest::Item(item(self.container_name, self.protected_item_name)?)
            }
            _ => {
                one_of(&required(self.rehydration_priority, "rehydrationPriority")?, "rehydrationPriority", &["Standard", "High"])?;
                let point = required(self.recovery_point_id, "recoveryPointId")?;
                TieringRequest::Rehydration(item(self.container_name, self.protected_item_name)?, point)
            }
        })
    }
}

impl From<Tiering> for TieringView {
    fn from(tiering: Tiering) -> Self {
        match tiering {
            Tiering::Saving { bytes } => Self::Saving(SavingView {
                object_type: "TieringCostSavingInfo",
                source_tier_size_reduction_in_bytes: bytes,
                target_tier_size_increase_in_bytes: bytes,
                retail_source_tier_cost: 0.0,
                retail_target_tier_cost: 0.0,
            }),
            Tiering::Rehydration { bytes } => Self::Rehydration(RehydrationView {
                object_type: "TieringCostRehydrationInfo",
                rehydration_size_in_bytes: bytes,
                retail_rehydration_cost: 0.0,
            }),
        }
    }
}
