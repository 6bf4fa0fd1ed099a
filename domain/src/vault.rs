//! The vault: its settings and their rules. Soft delete and redundancy are shown on two resources
//! (the vault, and `backupconfig` / `backupstorageconfig`); they are one fact, kept here.

pub mod certificate;
pub mod encryption;
pub mod endpoint;
pub mod extended;
pub mod identity;
pub mod pin;
pub mod usage;

use crate::fault::{Fault, Result};
use crate::guard::GuardLink;
use crate::id::{SubscriptionId, VaultId, vault_path};
use crate::protection::SoftDeleted;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Soft delete switch (rulebook 5.2). `AlwaysOn` cannot be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SoftDeleteState {
    /// Deletes are final.
    Disabled,
    /// Deleted items wait.
    Enabled,
    /// Enabled for good.
    AlwaysOn,
}

impl SoftDeleteState {
    /// The word the service answers (`AlwaysON`, wire-facts 0.10).
    pub fn wire(self) -> &'static str {
        match self {
            Self::Disabled => "Disabled",
            Self::Enabled => "Enabled",
            Self::AlwaysOn => "AlwaysON",
        }
    }
    /// Parses a client's word; `AlwaysOn` and `AlwaysON` both occur.
    pub fn parse(word: &str, field: &str) -> Result<Self> {
        [Self::Disabled, Self::Enabled, Self::AlwaysOn].into_iter().find(|s| s.wire().eq_ignore_ascii_case(word)).ok_or_else(|| {
            Fault::invalid("BMSUserErrorInvalidInput", format!("Property '{field}' is '{word}'; allowed are Disabled, Enabled, AlwaysON."))
                .at(field)
        })
    }
}

/// Soft delete settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SoftDelete {
    /// Switch.
    pub state: SoftDeleteState,
    /// Days a deleted item waits: 14 to 180.
    pub retention_days: u32,
    /// Enhanced security, shown beside it.
    pub enhanced: SoftDeleteState,
}

impl SoftDelete {
    /// Whether `next` protects less: soft delete or enhanced security is switched off.
    pub fn weakens(&self, next: &Self) -> bool {
        let off = |was: SoftDeleteState, is: SoftDeleteState| was != SoftDeleteState::Disabled && is == SoftDeleteState::Disabled;
        off(self.state, next.state) || off(self.enhanced, next.enhanced)
    }
    /// What a deletion at `now` promises.
    pub fn promise(&self, now: Timestamp) -> SoftDeleted {
        SoftDeleted {
            at: now,
            purge_at: now.saturating_add(SignedDuration::from_hours(24 * i64::from(self.retention_days))).unwrap_or(Timestamp::MAX),
        }
    }
    /// Applies a change: `None` leaves a part as it is.
    pub fn change(&self, state: Option<SoftDeleteState>, days: Option<i64>, enhanced: Option<SoftDeleteState>) -> Result<Self> {
        let next = state.unwrap_or(self.state);
        let always = |what: &str, field: &str| {
            let message = format!("{what} of this vault is AlwaysON; that cannot be undone. Leave the state out, or send AlwaysON.");
            Err(Fault::invalid("BMSUserErrorSoftDeleteAlwaysOn", message).at(field))
        };
        if self.state == SoftDeleteState::AlwaysOn && next != SoftDeleteState::AlwaysOn {
            return always("Soft delete", "properties.softDeleteFeatureState");
        }
        if self.enhanced == SoftDeleteState::AlwaysOn && enhanced == Some(SoftDeleteState::Disabled) {
            return always("Enhanced security", "properties.enhancedSecurityState");
        }
        // The vault config has no word for "for good": it shows Enabled, and clients send back what they were shown.
        let enhanced = enhanced.filter(|_| self.enhanced != SoftDeleteState::AlwaysOn).unwrap_or(self.enhanced);
        let retention_days = match days {
            None => self.retention_days,
            Some(days) => u32::try_from(days).ok().filter(|d| (14..=180).contains(d)).ok_or_else(|| {
                Fault::invalid(
                    "BMSUserErrorInvalidSoftDeleteRetention",
                    format!("Property 'softDeleteRetentionPeriodInDays' is {days}; it must be 14 to 180 days."),
                )
                .at("properties.softDeleteRetentionPeriodInDays")
            })?,
        };
        Ok(Self { state: next, retention_days, enhanced })
    }
}

/// Where copies of the data live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StorageModel {
    /// Two regions.
    GeoRedundant,
    /// One datacentre.
    LocallyRedundant,
    /// Three zones.
    ZoneRedundant,
}

impl StorageModel {
    /// Azure's word.
    pub fn wire(self) -> &'static str {
        match self {
            Self::GeoRedundant => "GeoRedundant",
            Self::LocallyRedundant => "LocallyRedundant",
            Self::ZoneRedundant => "ZoneRedundant",
        }
    }
    /// Parses a client's word.
    pub fn parse(word: &str, field: &str) -> Result<Self> {
        [Self::GeoRedundant, Self::LocallyRedundant, Self::ZoneRedundant]
            .into_iter()
            .find(|s| s.wire().eq_ignore_ascii_case(word))
            .ok_or_else(|| {
                Fault::invalid(
                    "BMSUserErrorInvalidInput",
                    format!("Property '{field}' is '{word}'; allowed are GeoRedundant, LocallyRedundant, ZoneRedundant."),
                )
                .at(field)
            })
    }
}

/// Immutability (rulebook 5.3): while on, no backup may be deleted or kept shorter. `Locked` is for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Immutability {
    /// Off.
    #[default]
    Disabled,
    /// On; may be switched off.
    Unlocked,
    /// On for good.
    Locked,
}

impl Immutability {
    /// Azure's word.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Disabled => "Disabled",
            Self::Unlocked => "Unlocked",
            Self::Locked => "Locked",
        }
    }
    /// Parses a client's word.
    pub fn parse(word: &str, field: &str) -> Result<Self> {
        [Self::Disabled, Self::Unlocked, Self::Locked].into_iter().find(|s| s.wire().eq_ignore_ascii_case(word)).ok_or_else(|| {
            Fault::invalid("BMSUserErrorInvalidInput", format!("Property '{field}' is '{word}'; allowed are Disabled, Unlocked, Locked."))
                .at(field)
        })
    }
    /// Whether backups are held.
    pub fn is_on(self) -> bool {
        self != Self::Disabled
    }
    /// Takes the state to `next`. The lock is closed in two steps, so that nobody throws away the key by
    /// one word, and is never opened again.
    pub fn change(self, next: Self) -> Result<Self> {
        let refused = |why: &str| {
            Err(Fault::invalid("BMSUserErrorImmutabilityStateChangeNotAllowed", why)
                .at("properties.securitySettings.immutabilitySettings.state"))
        };
        match (self, next) {
            (Self::Locked, Self::Disabled | Self::Unlocked) => refused(
                "Property 'state' cannot leave Locked: the immutability of this vault is locked for good. Leave immutabilitySettings out, or send Locked.",
            ),
            (Self::Disabled, Self::Locked) => refused(
                "Property 'state' cannot go from Disabled to Locked, which could never be undone. Send Unlocked first, check that the vault works as wanted, then send Locked.",
            ),
            _ => Ok(next),
        }
    }
}

/// Settings of a vault, stored as one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VaultSettings {
    /// Soft delete.
    pub soft_delete: SoftDelete,
    /// Redundancy.
    pub storage_model: StorageModel,
    /// Cross-region restore; needs GeoRedundant.
    pub cross_region_restore: bool,
    /// `Enabled` or `Disabled`.
    pub public_network_access: String,
    /// Monitoring switches, as the resource shows them.
    pub monitoring: serde_json::Value,
    /// Cost management settings, as the resource shows them.
    pub cost_management: serde_json::Value,
    /// Restore settings (cross-subscription), as the resource shows them.
    pub restore_settings: serde_json::Value,
    /// Managed identities.
    pub identity: Option<identity::Identity>,
    /// Customer-managed key.
    #[serde(default)]
    pub encryption: Option<encryption::Encryption>,
    /// Private endpoint connections, at most [`endpoint::ENDPOINTS_MAX`].
    #[serde(default)]
    pub private_endpoints: Vec<endpoint::EndpointConnection>,
    /// Immutability.
    #[serde(default)]
    pub immutability: Immutability,
    /// The Resource Guard that critical operations ask for, if there is one.
    #[serde(default)]
    pub guard: Option<GuardLink>,
}

/// A vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    /// Id; never reused, even if the name is.
    pub id: VaultId,
    /// Subscription.
    pub subscription: SubscriptionId,
    /// Resource group, as written.
    pub resource_group: String,
    /// Name, as written.
    pub name: String,
    /// Region.
    pub location: String,
    /// `Standard` or `RS0`.
    pub sku: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Settings.
    pub settings: VaultSettings,
    /// Whether anything was ever protected: locks redundancy (rulebook 11).
    pub used: bool,
    /// Rises with each change.
    pub etag: i64,
    /// Created.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
    /// Deleted with soft-deleted items left: holds them, answers to no name, and may be brought back until it is purged.
    pub soft_deleted: Option<SoftDeleted>,
}

impl Vault {
    /// Refuses `what` (a noun phrase) while the vault is immutable; `cure` says what may be done instead.
    pub fn may_lose_backups(&self, what: &str, cure: &str) -> Result<()> {
        if !self.settings.immutability.is_on() {
            return Ok(());
        }
        Err(self.immutable_as(self.settings.immutability, what, cure))
    }
    /// What [`Self::may_lose_backups`] says, of a vault that is immutable or is about to be (`next`).
    pub fn immutable_as(&self, next: Immutability, what: &str, cure: &str) -> Fault {
        let state = if self.settings.immutability.is_on() { self.settings.immutability } else { next };
        Fault::invalid(
            "BMSUserErrorOperationNotAllowedOnImmutableVault",
            format!(
                "{what} is not allowed: vault '{}' is immutable ({}), so no backup in it may be deleted or kept shorter. {cure}",
                self.name,
                state.wire()
            ),
        )
    }
    /// ARM id.
    pub fn arm_id(&self) -> String {
        vault_path(self.subscription, &self.resource_group, &self.name)
    }
    /// Changes redundancy, refused once the vault protects something (rulebook 11).
    pub fn set_storage(&mut self, model: Option<StorageModel>, cross_region_restore: Option<bool>) -> Result<()> {
        let model = model.unwrap_or(self.settings.storage_model);
        let crr = cross_region_restore.unwrap_or(self.settings.cross_region_restore && model == StorageModel::GeoRedundant);
        if model != self.settings.storage_model && self.used {
            return Err(Fault::invalid(
                "BMSUserErrorStorageTypeLocked",
                "The storage redundancy of this vault is locked because it has protected something. Create a new vault for another redundancy.",
            )
            .at("properties.storageModelType"));
        }
        if crr && model != StorageModel::GeoRedundant {
            return Err(Fault::invalid(
                "BMSUserErrorCrossRegionRestoreNeedsGrs",
                "Cross-region restore needs GeoRedundant storage. Set the redundancy to GeoRedundant first.",
            )
            .at("properties.crossRegionRestoreFlag"));
        }
        if self.settings.cross_region_restore && !crr && self.used {
            return Err(Fault::invalid(
                "BMSUserErrorCrossRegionRestoreCannotBeDisabled",
                format!(
                    "Cross-region restore of vault '{}' cannot be switched off: the vault has protected something. Leave the flag out, or create a new vault without it.",
                    self.name
                ),
            )
            .at("properties.crossRegionRestoreFlag"));
        }
        if crr && !self.settings.cross_region_restore {
            self.may_restore_across()?;
        }
        self.settings.storage_model = model;
        self.settings.cross_region_restore = crr;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(state: SoftDeleteState) -> SoftDelete {
        SoftDelete { state, retention_days: 14, enhanced: state }
    }

    #[test]
    fn always_on_cannot_be_left_but_its_days_may_change() {
        let always = on(SoftDeleteState::AlwaysOn);
        let refused = always.change(None, None, Some(SoftDeleteState::Disabled)).unwrap_err();
        assert_eq!(refused.target.as_deref(), Some("properties.enhancedSecurityState"));
        assert_eq!(
            always.change(None, None, Some(SoftDeleteState::Enabled)).unwrap(),
            always,
            "what the vault config shows may be sent back"
        );
        for off in [SoftDeleteState::Disabled, SoftDeleteState::Enabled] {
            assert!(always.change(Some(off), None, None).is_err());
        }
        assert_eq!(always.change(None, Some(30), None).unwrap().retention_days, 30);
    }

    #[test]
    fn retention_is_14_to_180_days() {
        let enabled = on(SoftDeleteState::Enabled);
        for bad in [13, 181, -1] {
            assert!(enabled.change(None, Some(bad), None).is_err(), "{bad}");
        }
        assert!(enabled.change(None, Some(180), None).is_ok());
    }

    #[test]
    fn immutability_is_locked_in_two_steps_and_never_unlocked() {
        use Immutability::{Disabled, Locked, Unlocked};
        for (from, to, allowed) in [
            (Disabled, Disabled, true),
            (Disabled, Unlocked, true),
            (Disabled, Locked, false),
            (Unlocked, Disabled, true),
            (Unlocked, Unlocked, true),
            (Unlocked, Locked, true),
            (Locked, Disabled, false),
            (Locked, Unlocked, false),
            (Locked, Locked, true),
        ] {
            assert_eq!(from.change(to).ok(), allowed.then_some(to), "{from:?} to {to:?}");
        }
        assert_eq!(Immutability::parse("unlocked", "f").unwrap(), Unlocked);
        assert_eq!(Immutability::parse("On", "f").unwrap_err().target.as_deref(), Some("f"));
    }

    #[test]
    fn both_spellings_of_always_on_are_read() {
        assert_eq!(SoftDeleteState::parse("AlwaysOn", "f").unwrap().wire(), "AlwaysON");
    }
}
