//! The table of rulebook 3.7: which replica takes which kind of backup.

use crate::backup::BackupKind;
use serde::{Deserialize, Serialize};

/// Where a group's databases are to be backed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Preference {
    /// On the primary replica.
    Primary,
    /// On a secondary replica, never on the primary.
    SecondaryOnly,
    /// On a secondary replica, on the primary if there is none; what SQL Server sets of itself.
    #[default]
    PreferSecondary,
    /// On any replica.
    None,
}

/// What a replica is in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Takes writes.
    Primary,
    /// Follows the primary.
    Secondary,
    /// A failover is under way.
    Resolving,
}

/// Who may take a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takers {
    /// The primary alone.
    Primary,
    /// Any secondary, never the primary.
    Secondaries,
    /// A secondary; the primary while there is none.
    SecondariesFirst,
    /// Any replica.
    All,
}

impl Takers {
    /// Who takes a backup of `kind` in a group with this preference; `modern`: every replica is SQL
    /// Server 2025 or later, whose secondaries take fulls and differentials too.
    pub fn of(preference: Preference, kind: BackupKind, modern: bool) -> Self {
        let heavy = matches!(kind, BackupKind::Full | BackupKind::Differential);
        match preference {
            _ if heavy && !modern => Self::Primary,
            Preference::Primary => Self::Primary,
            Preference::SecondaryOnly => Self::Secondaries,
            Preference::PreferSecondary => Self::SecondariesFirst,
            Preference::None => Self::All,
        }
    }

    /// How early a replica in this role is asked: 0 before 1; None, it may not take the backup.
    pub fn rank(self, role: Role) -> Option<u8> {
        match (self, role) {
            (_, Role::Resolving) | (Self::Primary, Role::Secondary) | (Self::Secondaries, Role::Primary) => None,
            (Self::SecondariesFirst, Role::Primary) => Some(1),
            _ => Some(0),
        }
    }
}
