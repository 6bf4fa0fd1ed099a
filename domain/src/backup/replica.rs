//! The copy of a backup set in the secondary region (rulebook 4.5).
//!
//! Always holds: a replica is seen in the secondary only when every byte of it is durable there, and not
//! before its lag has passed; it never outlives its set by more than the time its objects take to delete.

use crate::id::{ItemId, SetId, VaultId};
use jiff::{SignedDuration, Timestamp};

/// Where a replica stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaState {
    /// To be copied, or being copied.
    Pending,
    /// All of it is in the secondary.
    Held,
    /// Its set is gone: its objects go too, then its record.
    Doomed,
    /// The primary's bytes are missing or altered: what cannot be read cannot be copied.
    Broken,
}

impl ReplicaState {
    /// Stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Held => "Held",
            Self::Doomed => "Doomed",
            Self::Broken => "Broken",
        }
    }
    /// Parses the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Held, Self::Doomed, Self::Broken].into_iter().find(|s| s.as_str() == word)
    }
}

/// A replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Set it is a copy of; may be gone already.
    pub set_id: SetId,
    /// Vault of the set.
    pub vault_id: VaultId,
    /// Item of the set.
    pub item_id: ItemId,
    /// State.
    pub state: ReplicaState,
    /// Stream and position of the first chunk that is not known to be durable in the secondary: where a
    /// copy goes on.
    pub next: (u32, u32),
    /// From when on the secondary shows it; None until it is Held.
    pub visible_at: Option<Timestamp>,
}

impl Replica {
    /// One that is still to be made.
    pub fn pending(set_id: SetId, vault_id: VaultId, item_id: ItemId) -> Self {
        Self { set_id, vault_id, item_id, state: ReplicaState::Pending, next: (0, 0), visible_at: None }
    }
    /// Every byte is there at `now`. The secondary shows it when `lag` has passed since its commit, but
    /// not before it is there.
    pub fn hold(&mut self, committed_at: Timestamp, lag: SignedDuration, now: Timestamp) {
        self.state = ReplicaState::Held;
        self.visible_at = Some(committed_at.saturating_add(lag).unwrap_or(Timestamp::MAX).max(now));
    }
    /// The set is gone.
    pub fn doom(&mut self) {
        self.state = ReplicaState::Doomed;
        self.visible_at = None;
    }
    /// Whether the secondary shows it at `now`.
    pub fn is_visible(&self, now: Timestamp) -> bool {
        self.state == ReplicaState::Held && self.visible_at.is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_replica_shows_when_its_lag_has_passed_and_never_before_it_is_there() {
        let fresh = || Replica::pending(Uuid::nil().into(), Uuid::nil().into(), Uuid::nil().into());
        let hour = SignedDuration::from_hours(1);
        let mut early = fresh();
        assert!(!early.is_visible(Timestamp::MAX));
        early.hold(at(0), hour, at(10));
        assert!(!early.is_visible(at(3599)) && early.is_visible(at(3600)));
        let mut late = fresh();
        late.hold(at(0), hour, at(9000));
        assert!(!late.is_visible(at(8999)) && late.is_visible(at(9000)));
        late.doom();
        assert!(!late.is_visible(Timestamp::MAX));
    }
}
