//! Auto-protection (rulebook 2.4): a mark on an instance or an availability group that has every
//! unprotected database of it protected with one policy, those that stand and those to come.
//!
//! Always holds: a target has one mark; a protected database keeps its policy; what was deleted under
//! the mark, or given up, is not taken again as long as the mark stands as it is.

use crate::discovery::Inventory;
use crate::fault::codes;
use crate::id::{ContainerId, IntentId, ItemName, JobId, NameKey, PolicyId, VaultId};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;

/// Times that configuring a database is tried again after it failed.
pub const RETRIES: u32 = 3;
/// From one try to the next: as discovery comes round. With it a database whose last try succeeds is
/// protected within 32 hours of its creation.
pub const RETRY_EVERY: SignedDuration = SignedDuration::from_hours(8);

/// What is auto-protected.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum IntentTarget {
    /// An instance, by name.
    Instance(String),
    /// An availability group, by name.
    AvailabilityGroup(String),
}

impl IntentTarget {
    /// The word on the wire and in the database.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Instance(_) => "SQLInstance",
            Self::AvailabilityGroup(_) => "SQLAvailabilityGroupContainer",
        }
    }
    /// From the word (compared without case) and the name.
    pub fn parse(kind: &str, name: &str) -> Option<Self> {
        [Self::Instance(name.to_owned()), Self::AvailabilityGroup(name.to_owned())]
            .into_iter()
            .find(|target| target.kind().eq_ignore_ascii_case(kind))
    }
    /// Its name; the first part of the name of its databases' items.
    pub fn name(&self) -> &str {
        match self {
            Self::Instance(name) | Self::AvailabilityGroup(name) => name,
        }
    }
    /// Key for look-ups.
    pub fn key(&self) -> NameKey {
        NameKey::new(self.name())
    }
    /// Whether it is the same, however it is spelled.
    pub fn is(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.key() == other.key()
    }
    /// Whether a database of this name is one of its databases.
    pub fn covers(&self, item: &ItemName) -> bool {
        NameKey::new(&item.instance) == self.key()
    }
    /// Its databases as discovery saw them, spelled as the server does. The container of a group lists it as
    /// its one instance.
    pub fn databases(&self, inventory: &Inventory) -> Vec<ItemName> {
        let parent = inventory.instance(self.name());
        parent.map(|parent| parent.databases.iter().map(|d| ItemName::new(&parent.name, &d.name)).collect()).unwrap_or_default()
    }
}

/// The mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Id.
    pub id: IntentId,
    /// Vault.
    pub vault_id: VaultId,
    /// Container of the target.
    pub container_id: ContainerId,
    /// Name, as the client put it.
    pub name: String,
    /// What it protects.
    pub target: IntentTarget,
    /// Policy for what is not protected yet.
    pub policy_id: PolicyId,
    /// First put.
    pub created_at: Timestamp,
    /// Last put.
    pub updated_at: Timestamp,
}

/// How a mark stands to a database that it does not, or not yet, protect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A job is to configure it, or waits to try again.
    Configuring,
    /// Configuring failed for good.
    GivenUp,
    /// Its backups were deleted under the mark: it is left alone.
    OptedOut,
}

impl Standing {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuring => "Configuring",
            Self::GivenUp => "GivenUp",
            Self::OptedOut => "OptedOut",
        }
    }
    /// Parses the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Configuring, Self::GivenUp, Self::OptedOut].into_iter().find(|s| s.as_str() == word)
    }
}

/// A database that a mark knows of beside the protected ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentDatabase {
    /// Mark.
    pub intent_id: IntentId,
    /// Database.
    pub name: ItemName,
    /// How it stands.
    pub standing: Standing,
    /// The job that configures it.
    pub job_id: Option<JobId>,
    /// Tries that failed.
    pub failures: u32,
}

/// The databases to protect now: those of the target that have no item (`protected`) and that the mark does
/// not know of (`known`), each once.
pub fn to_protect(target: &IntentTarget, inventory: &Inventory, protected: &HashSet<NameKey>, known: &HashSet<NameKey>) -> Vec<ItemName> {
    let mut seen = HashSet::new();
    let new = |name: &ItemName| {
        let key = name.key();
        !protected.contains(&key) && !known.contains(&key) && seen.insert(key)
    };
    let mut names = target.databases(inventory);
    names.retain(new);
    names
}

/// When to try again after `failures` failures of which the last was `code`; None: give up. What no time
/// will mend is given up at once.
pub fn next_try(code: &str, failures: u32, now: Timestamp) -> Option<Timestamp> {
    let lasting = [codes::NAME_UNFIT, codes::QUOTA, "UserErrorSQLPODoesNotExist"].contains(&code);
    (!lasting && failures <= RETRIES).then(|| now.saturating_add(RETRY_EVERY).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::RecoveryModel;
    use crate::discovery::{DatabaseInventory, InstanceInventory};
    use proptest::prelude::*;

    fn inventory(names: &[String]) -> Inventory {
        let database =
            |name: &String| DatabaseInventory { name: name.clone(), recovery_model: RecoveryModel::Full, size: 1, read_only: false };
        let instance = |name: &str, databases| InstanceInventory {
            name: name.to_owned(),
            version: "16".into(),
            directories: Vec::new(),
            databases,
            fault: None,
        };
        Inventory {
            instances: vec![instance("MSSQLSERVER", names.iter().map(database).collect()), instance("OTHER", vec![database(&"x".into())])],
            ..Inventory::default()
        }
    }

    #[test]
    fn three_retries_in_the_pace_of_discovery_end_within_32_hours() {
        // Made right after a discovery, a database is first seen eight hours later.
        let mut at = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(8);
        let mut tries = 1;
        for failures in 1.. {
            let Some(next) = next_try("VMNotInRunningStateUserError", failures, at) else { break };
            (at, tries) = (next, tries + 1);
        }
        assert_eq!((tries, at), (1 + RETRIES, Timestamp::UNIX_EPOCH + SignedDuration::from_hours(32)));
    }

    #[test]
    fn what_time_does_not_mend_is_given_up_at_once() {
        for code in [codes::NAME_UNFIT, codes::QUOTA, "UserErrorSQLPODoesNotExist"] {
            assert_eq!(next_try(code, 1, Timestamp::UNIX_EPOCH), None, "{code}");
        }
    }

    #[test]
    fn targets_are_read_from_their_words() {
        let group = IntentTarget::parse("sqlavailabilitygroupcontainer", "ag1").unwrap();
        assert_eq!((group.kind(), group.name()), ("SQLAvailabilityGroupContainer", "ag1"));
        assert_eq!(IntentTarget::parse("SQLDataBase", "x"), None);
        assert!(group.covers(&ItemName::new("AG1", "sales")) && !group.covers(&ItemName::new("MSSQLSERVER", "sales")));
    }

    proptest! {
        #[test]
        fn what_is_protected_or_known_is_left_alone_and_all_else_is_taken_once(
            names in prop::collection::vec("[a-cA-C]{1,2}", 0..12), protected in prop::collection::vec("[a-c]{1,2}", 0..6), known in prop::collection::vec("[a-c]{1,2}", 0..6),
        ) {
            let key = |name: &String| ItemName::new("mssqlserver", name).key();
            let (protected, known): (HashSet<_>, HashSet<_>) = (protected.iter().map(key).collect(), known.iter().map(key).collect());
            let taken: Vec<NameKey> = to_protect(&IntentTarget::Instance("mssqlserver".into()), &inventory(&names), &protected, &known).iter().map(ItemName::key).collect();
            let once: HashSet<NameKey> = taken.iter().cloned().collect();
            prop_assert_eq!(once.len(), taken.len());
            let wanted: HashSet<NameKey> = names.iter().map(key).filter(|k| !protected.contains(k) && !known.contains(k)).collect();
            prop_assert_eq!(once, wanted);
        }
    }
}
