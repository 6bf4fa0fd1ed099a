//! The protected item and its states (rulebook 5.1). Transitions are methods; what they refuse, they
//! refuse with the field, the rule and the cure.
//!
//! Always holds: a soft-deleted item is `ProtectionStopped`, without a policy, until it is undeleted
//! or purged; an item without a policy is never backed up; a suspended one keeps its policy for
//! retention alone.

use crate::backup::{BackupKind, RecoveryModel};
use crate::fault::{Fault, JobFault, Result};
use crate::id::{ContainerId, ItemId, ItemName, PolicyId, VaultId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// State of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemState {
    /// Protected, first full not done.
    IRPending,
    /// Protected, has a full.
    Protected,
    /// Stopped, data kept, nothing expires.
    ProtectionStopped,
    /// Stopped, data kept as per policy.
    BackupsSuspended,
}

impl ItemState {
    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IRPending => "IRPending",
            Self::Protected => "Protected",
            Self::ProtectionStopped => "ProtectionStopped",
            Self::BackupsSuspended => "BackupsSuspended",
        }
    }
    /// Parses the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::IRPending, Self::Protected, Self::ProtectionStopped, Self::BackupsSuspended].into_iter().find(|s| s.as_str() == word)
    }
}

/// How the last backup ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastBackup {
    /// Start of the last backup job.
    pub at: Timestamp,
    /// Why it failed; None when it succeeded.
    pub fault: Option<JobFault>,
}

/// Soft-deleted: when, and when it may be purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SoftDeleted {
    /// When it was deleted.
    pub at: Timestamp,
    /// When it may be purged: the retention of the moment of deletion counts.
    pub purge_at: Timestamp,
}

impl SoftDeleted {
    /// Whether it has begun: that of a recovery point is set ahead, when a policy is shortened.
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.at <= now
    }
}

/// A slot of the schedule that passed without its backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MissedSlot {
    /// Kind that was due.
    pub kind: BackupKind,
    /// When it was due: the oldest of a row of missed ones.
    pub slot: Timestamp,
    /// When the vault noticed.
    pub noticed_at: Timestamp,
}

/// The same failure, again and again: what makes trouble persistent (rulebook 7.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// Code of the last failure.
    pub code: String,
    /// Failures with this code in a row.
    pub times: u32,
}

/// What the vault keeps in mind of an item's schedule and chain, beside its state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Track {
    /// From when on slots are expected: since the present policy is in force.
    pub scheduled_since: Option<Timestamp>,
    /// Newest slot taken, by kind. A slot that is not newer has run, or was merged into a newer one.
    pub slots: BTreeMap<BackupKind, Timestamp>,
    /// Slots that nothing was heard of.
    pub missed: Vec<MissedSlot>,
    /// Why nothing but a full may follow (a catalogue code: overwritten by a restore, broken chain).
    pub needs_full: Option<String>,
    /// The failure of the last backup, while there is one.
    pub trouble: Option<Trouble>,
    /// The failure of the last restore from it, while there is one.
    pub restore_trouble: Option<Trouble>,
    /// Whether the database was last seen read-only.
    pub read_only: bool,
    /// Why the item could not be brought to its policy as that was last written (a catalogue code): its
    /// points are as the policy was before (`policyState: Inconsistent`, rulebook 3.6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_fault: Option<String>,
    /// Kinds that the policy asks for and the database cannot do; each was warned of once.
    pub unsupported: Vec<BackupKind>,
}

/// A database under protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedItem {
    /// Id.
    pub id: ItemId,
    /// Vault.
    pub vault_id: VaultId,
    /// Container.
    pub container_id: ContainerId,
    /// Name, casing as the client put it first.
    pub name: ItemName,
    /// Policy; None while stopped.
    pub policy_id: Option<PolicyId>,
    /// State.
    pub state: ItemState,
    /// `protectedItemDataSourceId`: 15 decimal digits.
    pub data_source_id: String,
    /// Recovery model as last seen.
    pub recovery_model: RecoveryModel,
    /// Last backup.
    pub last_backup: Option<LastBackup>,
    /// Soft-deleted, if so.
    pub soft_deleted: Option<SoftDeleted>,
    /// Schedule and chain, as the vault keeps them in mind.
    pub track: Track,
    /// When retention is to look at its points next.
    pub reap_at: Option<Timestamp>,
    /// When its schedule is to be looked at next for missed slots.
    pub watch_at: Option<Timestamp>,
    /// First protected.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
}

impl ProtectedItem {
    /// Enable, change policy or resume. `has_full`: whether a recovery point of a full exists.
    pub fn enable(&mut self, policy: PolicyId, has_full: bool, now: Timestamp) -> Result<()> {
        if self.soft_deleted.is_some() {
            return Err(Fault::conflict(
                "BMSUserErrorItemSoftDeleted",
                format!(
                    "'{}' is soft-deleted in this vault. Undelete it first (protectionState ProtectionStopped with isRehydrate true), then resume protection.",
                    self.name
                ),
            ));
        }
        self.policy_id = Some(policy);
        self.track.policy_fault = None;
        self.state = if has_full { ItemState::Protected } else { ItemState::IRPending };
        self.updated_at = now;
        Ok(())
    }
    /// Stop and keep the data.
    pub fn stop(&mut self, now: Timestamp) -> Result<()> {
        if self.soft_deleted.is_some() {
            return Err(Fault::conflict(
                "BMSUserErrorItemSoftDeleted",
                format!("'{}' is soft-deleted; it is stopped already. Send isRehydrate true to undelete it.", self.name),
            ));
        }
        self.policy_id = None;
        self.state = ItemState::ProtectionStopped;
        self.updated_at = now;
        Ok(())
    }
    /// Stop and keep the data as the policy says (rulebook 5.1): the policy stays, for its retention.
    pub fn suspend(&mut self, now: Timestamp) -> Result<()> {
        self.may_back_up()?;
        self.state = ItemState::BackupsSuspended;
        self.updated_at = now;
        Ok(())
    }
    /// Soft-delete for `days`.
    pub fn soft_delete(&mut self, days: u32, now: Timestamp) -> Result<()> {
        if self.soft_deleted.is_some() {
            return Err(Fault::conflict("BMSUserErrorItemSoftDeleted", format!("'{}' is soft-deleted already.", self.name)));
        }
        let purge_at = now.saturating_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX);
        self.policy_id = None;
        self.state = ItemState::ProtectionStopped;
        self.soft_deleted = Some(SoftDeleted { at: now, purge_at });
        self.updated_at = now;
        Ok(())
    }
    /// Bring back a soft-deleted item: stopped, not protected (rulebook 5.2).
    pub fn undelete(&mut self, now: Timestamp) -> Result<()> {
        if self.soft_deleted.take().is_none() {
            return Err(Fault::invalid(
                "BMSUserErrorItemNotSoftDeleted",
                format!("'{}' is not soft-deleted; there is nothing to undelete. Leave isRehydrate out.", self.name),
            )
            .at("properties.isRehydrate"));
        }
        self.state = ItemState::ProtectionStopped;
        self.updated_at = now;
        Ok(())
    }
    /// Refuses a backup that the item's state forbids.
    pub fn may_back_up(&self) -> Result<PolicyId> {
        self.may_be_used()?;
        let active = matches!(self.state, ItemState::IRPending | ItemState::Protected);
        self.policy_id.filter(|_| active).ok_or_else(|| {
            Fault::invalid(
                "BMSUserErrorProtectionStopped",
                format!("Protection of '{}' is stopped. Resume it with a policy, then back up.", self.name),
            )
        })
    }
    /// Refuses a restore of a soft-deleted item.
    pub fn may_be_used(&self) -> Result<()> {
        if self.soft_deleted.is_some() {
            return Err(Fault::conflict("BMSUserErrorItemSoftDeleted", format!("'{}' is soft-deleted. Undelete it first.", self.name)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    #[derive(Clone, Debug)]
    enum Step {
        Enable { policy: u128, has_full: bool },
        Stop,
        Suspend,
        SoftDelete { days: u32 },
        Undelete,
    }
    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1u128..4, any::<bool>()).prop_map(|(policy, has_full)| Step::Enable { policy, has_full }),
            Just(Step::Stop),
            Just(Step::Suspend),
            (14u32..=180).prop_map(|days| Step::SoftDelete { days }),
            Just(Step::Undelete),
        ]
    }
    fn fresh() -> ProtectedItem {
        ProtectedItem {
            id: Uuid::from_u128(1).into(),
            vault_id: Uuid::from_u128(2).into(),
            container_id: Uuid::from_u128(3).into(),
            name: ItemName::new("MSSQLSERVER", "salesdb"),
            policy_id: Some(Uuid::from_u128(4).into()),
            state: ItemState::IRPending,
            data_source_id: "100000000000000".into(),
            recovery_model: RecoveryModel::Full,
            last_backup: None,
            soft_deleted: None,
            track: Track::default(),
            reap_at: None,
            watch_at: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }
    fn take(item: &mut ProtectedItem, step: &Step, now: Timestamp) -> Result<()> {
        match step {
            Step::Enable { policy, has_full } => item.enable(Uuid::from_u128(*policy).into(), *has_full, now),
            Step::Stop => item.stop(now),
            Step::Suspend => item.suspend(now),
            Step::SoftDelete { days } => item.soft_delete(*days, now),
            Step::Undelete => item.undelete(now),
        }
    }

    proptest! {
        #[test]
        fn whatever_is_done_to_an_item_its_invariants_hold(steps in prop::collection::vec((step(), 0i64..1_000_000), 0..40)) {
            let mut item = fresh();
            let mut now = Timestamp::UNIX_EPOCH;
            for (step, seconds) in steps {
                now += SignedDuration::from_secs(seconds);
                let before = item.clone();
                let done = take(&mut item, &step, now);
                // A refusal changes nothing, and is the caller's to mend.
                if let Err(fault) = &done {
                    prop_assert_eq!(&item, &before);
                    prop_assert!(matches!(fault.kind, crate::FaultKind::Conflict | crate::FaultKind::Invalid));
                } else {
                    prop_assert_eq!(item.updated_at, now);
                }
                // Out of soft deletion leads only one way, and into it only if it was not there.
                let refused = match &step {
                    Step::Undelete => before.soft_deleted.is_none(),
                    Step::Suspend => before.may_back_up().is_err(),
                    _ => before.soft_deleted.is_some(),
                };
                prop_assert_eq!(done.is_err(), refused);
                // Whether it has a policy follows from its state.
                let active = matches!(item.state, ItemState::IRPending | ItemState::Protected);
                prop_assert_eq!(active || item.state == ItemState::BackupsSuspended, item.policy_id.is_some());
                // A soft-deleted item is stopped and waits as long as was said at its deletion.
                if let Some(deleted) = item.soft_deleted {
                    prop_assert_eq!(item.state, ItemState::ProtectionStopped);
                    prop_assert!(item.may_be_used().is_err());
                    if let (Step::SoftDelete { days }, Ok(())) = (&step, &done) {
                        prop_assert_eq!(deleted.purge_at.duration_since(deleted.at), SignedDuration::from_hours(24 * i64::from(*days)));
                    }
                }
                // Only what has a policy and is not deleted is backed up.
                prop_assert_eq!(item.may_back_up().is_ok(), active && item.soft_deleted.is_none());
            }
        }
    }
}
