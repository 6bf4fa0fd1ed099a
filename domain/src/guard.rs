//! Multi-user authorization (rulebook 5.4): a Resource Guard that stands outside of the vaults, in the hands of
//! other people, and the critical operations that a vault linked to it asks it about.
//!
//! Always holds: removing the link and disabling soft delete are guarded whatever the guard excludes; a critical operation
//! needs the guard's request for it, named by the caller, and the caller's right on that request at the guard's own scope.

use crate::fault::{Fault, Result};
use crate::id::{GuardId, SubscriptionId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An operation that can hurt, and that a guard watches over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Critical {
    /// Removing the link between vault and guard.
    RemoveGuard,
    /// Switching soft delete, or enhanced security, off.
    DisableSoftDelete,
    /// A policy edit that keeps backups shorter.
    ShortenPolicy,
    /// Moving an item to a policy that keeps its backups shorter.
    ShortenProtection,
    /// Stopping protection with deletion of the data.
    DeleteProtection,
    /// Asking for the security PIN.
    SecurityPin,
    /// Switching immutability off.
    ReduceImmutability,
}

impl Critical {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::RemoveGuard,
        Self::DisableSoftDelete,
        Self::ShortenPolicy,
        Self::ShortenProtection,
        Self::DeleteProtection,
        Self::SecurityPin,
        Self::ReduceImmutability,
    ];
    /// Azure's name of the vault operation, as `vaultCriticalOperation` has it.
    pub fn operation(self) -> &'static str {
        match self {
            Self::RemoveGuard => "Microsoft.RecoveryServices/vaults/backupResourceGuardProxies/delete",
            Self::DisableSoftDelete => "Microsoft.RecoveryServices/vaults/backupconfig/write",
            Self::ShortenPolicy => "Microsoft.RecoveryServices/vaults/backupPolicies/write",
            Self::ShortenProtection => "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/write",
            Self::DeleteProtection => "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/delete",
            Self::SecurityPin => "Microsoft.RecoveryServices/vaults/backupSecurityPIN/action",
            Self::ReduceImmutability => "Microsoft.RecoveryServices/vaults/write#reduceImmutabilityState",
        }
    }
    /// Type of the guard's request for it: `{guard}/{type}/default` is what the caller names.
    pub fn request_type(self) -> &'static str {
        match self {
            Self::RemoveGuard => "deleteResourceGuardProxyRequests",
            Self::DisableSoftDelete => "disableSoftDeleteRequests",
            Self::ShortenPolicy => "updateProtectionPolicyRequests",
            Self::ShortenProtection => "updateProtectedItemRequests",
            Self::DeleteProtection => "deleteProtectedItemRequests",
            Self::SecurityPin => "getBackupSecurityPINRequests",
            Self::ReduceImmutability => "reduceImmutabilityStateRequests",
        }
    }
    /// The right that the caller must hold at the guard.
    pub fn right(self) -> String {
        format!("Microsoft.DataProtection/resourceGuards/{}/read", self.request_type())
    }
    /// Whether a guard cannot leave it out.
    pub fn is_mandatory(self) -> bool {
        matches!(self, Self::RemoveGuard | Self::DisableSoftDelete)
    }
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::RemoveGuard => "Removing the Resource Guard from the vault",
            Self::DisableSoftDelete => "Switching soft delete or enhanced security off",
            Self::ShortenPolicy => "A shorter retention in a policy",
            Self::ShortenProtection => "A policy that keeps an item's backups shorter",
            Self::DeleteProtection => "Deleting the backups of an item",
            Self::SecurityPin => "Reading the security PIN",
            Self::ReduceImmutability => "Switching immutability off",
        }
    }
    /// Reads a word of an exclusion list.
    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|critical| critical.operation().eq_ignore_ascii_case(word))
    }
}

/// A Resource Guard (`Microsoft.DataProtection/resourceGuards`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceGuard {
    /// Id.
    pub id: GuardId,
    /// Subscription.
    pub subscription: SubscriptionId,
    /// Resource group, as written first.
    pub resource_group: String,
    /// Name, as written first.
    pub name: String,
    /// Region; a vault of another one cannot be linked.
    pub location: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// What it does not watch over.
    pub excluded: Vec<Critical>,
    /// Made.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
}

impl ResourceGuard {
    /// ARM id.
    pub fn arm_id(&self) -> String {
        guard_path(self.subscription, &self.resource_group, &self.name)
    }
    /// Whether it watches over `critical`.
    pub fn guards(&self, critical: Critical) -> bool {
        !self.excluded.contains(&critical)
    }
    /// The request that stands for `critical`, as a caller names it.
    pub fn request(&self, critical: Critical) -> String {
        format!("{}/{}/default", self.arm_id(), critical.request_type())
    }
    /// The operation that `request` stands for, if it is one of this guard's.
    pub fn critical_of(&self, request: &str) -> Option<Critical> {
        let request = request.trim_end_matches('/');
        Critical::ALL.into_iter().find(|critical| self.request(*critical).eq_ignore_ascii_case(request))
    }
}

/// The id of a guard.
pub fn guard_path(subscription: SubscriptionId, resource_group: &str, name: &str) -> String {
    format!("/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.DataProtection/resourceGuards/{name}")
}

/// Reads an exclusion list; what is mandatory cannot stand in it.
pub fn exclusions(words: &[String]) -> Result<Vec<Critical>> {
    let field = "properties.vaultCriticalOperationExclusionList";
    let mut excluded = Vec::new();
    for word in words {
        let optional = || Critical::ALL.into_iter().filter(|c| !c.is_mandatory()).map(Critical::operation).collect::<Vec<_>>().join(", ");
        let Some(critical) = Critical::parse(word) else {
            // Operations of other kinds of vault may be left out: this server has none of them.
            if word.to_ascii_lowercase().starts_with("microsoft.dataprotection/") {
                continue;
            }
            let message =
                format!("'{word}' is no operation that a Resource Guard watches over. Those that may be excluded: {}.", optional());
            return Err(Fault::invalid("UserErrorResourceGuardOperationUnknown", message).at(field));
        };
        if critical.is_mandatory() {
            let message = format!(
                "'{word}' cannot be excluded: a Resource Guard always watches over it. Leave it out; those that may be excluded: {}.",
                optional()
            );
            return Err(Fault::invalid("UserErrorResourceGuardOperationMandatory", message).at(field));
        }
        if !excluded.contains(&critical) {
            excluded.push(critical);
        }
    }
    excluded.sort_unstable();
    Ok(excluded)
}

/// How a vault is linked to a guard (its proxy).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GuardLink {
    /// The guard.
    pub guard: GuardId,
    /// As the client described it.
    pub description: Option<String>,
    /// When it was linked or last written.
    pub updated_at: Timestamp,
}

/// The one name that a vault's proxy has.
pub const PROXY: &str = "VaultProxy";

/// How long an unlocked deletion may be carried out.
pub const UNLOCK_MINUTES: i64 = 10;

/// A deletion that was unlocked by somebody with the right to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlock {
    /// Vault.
    pub vault: crate::id::VaultId,
    /// Who unlocked it, and alone may carry it out.
    pub principal: crate::id::PrincipalId,
    /// What was unlocked.
    pub critical: Critical,
    /// On which item; None for the proxy itself.
    pub item: Option<crate::id::ItemId>,
    /// Until when.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> ResourceGuard {
        ResourceGuard {
            id: GuardId(uuid::Uuid::from_u128(1)),
            subscription: SubscriptionId(uuid::Uuid::from_u128(2)),
            resource_group: "Rg".into(),
            name: "Guard".into(),
            location: "westeurope".into(),
            tags: BTreeMap::new(),
            excluded: Vec::new(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn each_request_stands_for_one_operation_and_is_read_without_case() {
        let guard = guard();
        for critical in Critical::ALL {
            let request = guard.request(critical);
            assert_eq!(guard.critical_of(&request.to_uppercase()), Some(critical));
            assert_eq!(ResourceGuard { name: "other".into(), ..guard.clone() }.critical_of(&request), None);
        }
    }

    #[test]
    fn what_is_mandatory_cannot_be_excluded_and_what_is_unknown_is_refused() {
        for critical in Critical::ALL {
            let read = exclusions(&[critical.operation().to_lowercase()]);
            assert_eq!(read.is_err(), critical.is_mandatory(), "{critical:?}");
            if let Ok(excluded) = read {
                assert_eq!(excluded, [critical]);
                assert!(!ResourceGuard { excluded, ..guard() }.guards(critical));
            }
        }
        assert_eq!(exclusions(&["x".into()]).unwrap_err().code, "UserErrorResourceGuardOperationUnknown");
        assert_eq!(exclusions(&["Microsoft.DataProtection/backupVaults/backupInstances/delete".into()]).unwrap(), []);
    }
}
