//! Always On availability groups (rulebook 3.7): what a vault knows of a group, and which of its
//! replicas takes which backup.
//!
//! Always holds: a database of a group is backed up under the group's name, so a failover changes
//! nothing of its identity and its chain; SQL Server's own backup priorities do not count; one replica
//! of SQL Server 2022 or earlier makes the rules of 2022 hold for the whole group.

mod table;
#[cfg(test)]
mod tests;

pub use table::{Preference, Role, Takers};

use crate::backup::BackupKind;
use crate::discovery::DatabaseInventory;
use crate::fault::{Fault, Result, codes};
use crate::id::{ContainerName, ServerId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// First major version whose secondaries take fulls and differentials (SQL Server 2025).
const MODERN: u32 = 17;

/// A replica of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replica {
    /// Host name of its server.
    pub host: String,
    /// Instance that it lives on.
    pub instance: String,
    /// Engine version text (`16.0.4165.4`).
    pub version: String,
    /// Its role.
    pub role: Role,
    /// Whether it is connected and its databases are in step with the primary.
    pub synchronized: bool,
    /// The server, if it is registered to the vault that keeps this record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<ServerId>,
    /// ARM id of its VM, if it is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_id: Option<String>,
}

/// An availability group as one of its nodes sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The cluster's id of it: a group that is made anew under its old name is another.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Where its databases are to be backed up.
    pub preference: Preference,
    /// Replicas.
    pub replicas: Vec<Replica>,
}

/// A group and the databases in it, as discovery saw them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupInventory {
    /// The group.
    pub group: Group,
    /// Its databases; the instances of its replicas do not list them.
    pub databases: Vec<DatabaseInventory>,
}

impl Replica {
    /// Whether its secondaries take fulls. What cannot be read is taken for old.
    fn modern(&self) -> bool {
        self.version.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= MODERN)
    }
}

impl Group {
    /// Name of the group's container in any vault.
    pub fn container_name(&self) -> ContainerName {
        ContainerName::group(self.id, &self.name)
    }
    /// Whether all replicas are SQL Server 2025 or later.
    pub fn modern(&self) -> bool {
        self.replicas.iter().all(Replica::modern)
    }
    /// Who takes a backup of `kind`.
    pub fn takers(&self, kind: BackupKind) -> Takers {
        Takers::of(self.preference, kind, self.modern())
    }
    /// The replica on a server.
    pub fn replica(&self, node: ServerId) -> Option<&Replica> {
        self.replicas.iter().find(|replica| replica.node == Some(node))
    }
    /// The replica of a host, compared without case.
    pub fn replica_of_host(&self, host: &str) -> Option<&Replica> {
        self.replicas.iter().find(|replica| replica.host.eq_ignore_ascii_case(host))
    }
    /// Servers of the vault that are nodes of the group.
    pub fn nodes(&self) -> impl Iterator<Item = ServerId> + '_ {
        self.replicas.iter().filter_map(|replica| replica.node)
    }

    /// What a replica says when it is asked for a backup of `kind`: None, it may take it; else the code
    /// of its refusal.
    pub fn refusal(&self, replica: &Replica, kind: BackupKind) -> Option<&'static str> {
        let takers = self.takers(kind);
        match (takers.rank(replica.role), replica.role) {
            (_, Role::Resolving) => Some(codes::REPLICA_RESOLVING),
            (None, Role::Secondary) if Takers::of(Preference::None, kind, self.modern()) == Takers::Primary => {
                Some(codes::NOT_ON_SECONDARY)
            }
            (None, _) => Some(codes::NOT_PREFERRED),
            (Some(_), Role::Secondary) if !replica.synchronized => Some(codes::NOT_IN_STEP),
            (Some(_), _) => None,
        }
    }

    /// Servers of the vault that may take a backup of `kind` now, those to be asked first in front.
    /// `up`: whether a server runs.
    pub fn able(&self, kind: BackupKind, up: impl Fn(ServerId) -> bool) -> Vec<ServerId> {
        self.ranked(kind, up).into_iter().map(|(_, node)| node).collect()
    }

    /// Whether the server `node` is one of those that are asked first: any of them may take a slot, and
    /// the first that offers it does.
    pub fn elects(&self, kind: BackupKind, node: ServerId, up: impl Fn(ServerId) -> bool) -> bool {
        let ranked = self.ranked(kind, up);
        let best = ranked.first().map(|(rank, _)| *rank);
        ranked.iter().any(|(rank, able)| *able == node && Some(*rank) == best)
    }

    /// Why no registered node may take a backup of `kind`.
    pub fn nobody(&self, kind: BackupKind) -> &'static str {
        let registered = self.replicas.iter().filter(|replica| replica.node.is_some());
        registered.filter_map(|replica| self.refusal(replica, kind)).next().unwrap_or(codes::NOT_PREFERRED)
    }

    /// Whether a failover is under way.
    pub fn is_resolving(&self) -> bool {
        self.replicas.iter().any(|replica| replica.role == Role::Resolving)
    }

    /// Whether some registered node has a role that takes backups of `kind`, up or not.
    pub fn has_taker(&self, kind: BackupKind) -> bool {
        let takers = self.takers(kind);
        self.replicas.iter().any(|replica| replica.node.is_some() && takers.rank(replica.role).is_some())
    }

    fn ranked(&self, kind: BackupKind, up: impl Fn(ServerId) -> bool) -> Vec<(u8, ServerId)> {
        let takers = self.takers(kind);
        let able = |replica: &Replica| {
            let node = replica.node.filter(|node| up(*node) && self.refusal(replica, kind).is_none())?;
            Some((takers.rank(replica.role)?, node))
        };
        let mut able: Vec<_> = self.replicas.iter().filter_map(able).collect();
        able.sort_by_key(|(rank, _)| *rank);
        able
    }

    /// Takes a node at its word about its role: what the vault believed is wrong. What passes by itself (a
    /// failover under way, a server that is down) changes nothing here.
    pub fn believe(&mut self, node: ServerId, kind: BackupKind, code: &str) {
        let takers = self.takers(kind);
        let Some(at) = self.replicas.iter().position(|replica| replica.node == Some(node)) else { return };
        let role = match code {
            codes::NOT_ON_SECONDARY => Role::Secondary,
            codes::NOT_PREFERRED if takers == Takers::Primary => Role::Secondary,
            codes::NOT_PREFERRED => Role::Primary,
            _ => return,
        };
        self.replicas[at].role = role;
        let others = || self.replicas.iter().enumerate().filter(|(other, _)| *other != at);
        if role == Role::Primary {
            // There is one primary.
            let old: Vec<usize> = others().filter(|(_, r)| r.role == Role::Primary).map(|(other, _)| other).collect();
            old.into_iter().for_each(|other| self.replicas[other].role = Role::Secondary);
        } else if role == Role::Secondary && others().all(|(_, r)| r.role != Role::Primary) {
            // Of two the other must be it; of more only a node itself can tell.
            let only: Vec<usize> = others().map(|(other, _)| other).collect();
            if let [other] = only[..] {
                self.replicas[other].role = Role::Primary;
            }
        }
    }

    /// Refuses protection while the nodes that its backups need are not registered (rulebook 3.7).
    pub fn may_protect(&self) -> Result<()> {
        let registered = |role| self.replicas.iter().any(|replica| replica.node.is_some() && replica.role == role);
        let (primary, secondary) = (registered(Role::Primary), registered(Role::Secondary));
        let needs = match (self.modern(), self.preference) {
            (false, Preference::SecondaryOnly) if !(primary && secondary) => "its primary replica and at least one secondary replica",
            (false, Preference::SecondaryOnly) => return Ok(()),
            (false, _) | (true, Preference::Primary) if !primary => "its primary replica",
            (true, Preference::SecondaryOnly) if !secondary => "at least one secondary replica",
            (true, Preference::PreferSecondary | Preference::None) if !(primary || secondary) => "one of its replicas",
            _ => return Ok(()),
        };
        let missing: Vec<_> = self.replicas.iter().filter(|r| r.node.is_none()).map(|r| r.host.as_str()).collect();
        Err(Fault::invalid(
            codes::PREFERENCE_CHECK,
            format!(
                "The backup preference of availability group '{}' is {:?}: {needs} must be registered to this vault. Not registered: {}. Register them and rediscover, or change the preference.",
                self.name,
                self.preference,
                if missing.is_empty() { "none".to_owned() } else { missing.join(", ") }
            ),
        )
        .at("protectedItemName"))
    }
}
