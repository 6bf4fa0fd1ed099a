//! Recovery points: what a committed set is to the people who restore.

use super::chain::Link;
use super::{BackupFacts, BackupKind};
use crate::archive::Tier;
use crate::id::{ItemId, SetId};
use crate::protection::SoftDeleted;
use jiff::Timestamp;

/// Name of a recovery point: a decimal string of 15 digits (wire-facts 1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct RecoveryPointName(pub String);

/// Name of the pseudo point that carries the log coverage (rulebook 1.1).
pub const DEFAULT_RANGE: &str = "DefaultRangeRecoveryPoint";

impl RecoveryPointName {
    /// Derives the name from the set's id: stable, 15 digits, never the reserved word. `salt` moves
    /// on to another name in the unlikely case that the item has this one already.
    pub fn of(set: SetId, salt: u32) -> Self {
        let (hi, lo) = set.0.as_u64_pair();
        let mixed = (hi ^ lo.rotate_left(29)).wrapping_add(u64::from(salt)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self(format!("{}", 100_000_000_000_000 + mixed % 900_000_000_000_000))
    }
}
impl std::fmt::Display for RecoveryPointName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A restorable point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryPoint {
    /// Item it belongs to.
    pub item_id: ItemId,
    /// Name on the wire.
    pub name: RecoveryPointName,
    /// Set whose bytes it is.
    pub set_id: SetId,
    /// Kind.
    pub kind: BackupKind,
    /// The state it gives back, to the second on the wire.
    pub time: Timestamp,
    /// When its own retention ends; None = kept for ever. What hangs on it may keep it longer.
    pub expires_at: Option<Timestamp>,
    /// Soft-deleted by a policy that was shortened (rulebook 3.6): still restorable until then.
    pub soft_deleted: Option<SoftDeleted>,
    /// Whether a user asked for it.
    pub on_demand: bool,
    /// Where it counts as being.
    pub tier: Tier,
    /// What the engine reported.
    pub facts: BackupFacts,
    /// Ciphertext bytes.
    pub sealed_bytes: u64,
}

/// What retention and the chain need of a point, without the weight of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointMark {
    /// Its place in the chain.
    pub link: Link,
    /// When its own retention ends; None = kept for ever.
    pub expires_at: Option<Timestamp>,
    /// Soft-deleted, if so.
    pub soft_deleted: Option<SoftDeleted>,
    /// Whether a user asked for it.
    pub on_demand: bool,
}
