//! Servers, what lives on them, and their registration to a vault (rulebook 2).

use crate::availability::{Group, GroupInventory};
use crate::backup::{BackupKind, FileKind, RecoveryModel};
use crate::fault::JobFault;
use crate::id::{AgentId, ContainerId, ContainerName, ItemName, NameKey, ServerId, SubscriptionId, VaultId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether a server (VM) runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerState {
    /// Up.
    #[default]
    Running,
    /// Powered off.
    Stopped,
}

impl ServerState {
    /// Stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
        }
    }
}

/// A machine that may hold databases; the VM of the ARM world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Id.
    pub id: ServerId,
    /// Subscription of the VM.
    pub subscription: SubscriptionId,
    /// Resource group, as written.
    pub resource_group: String,
    /// Name, as written.
    pub name: String,
    /// Region.
    pub location: String,
    /// Power state as far as the vault knows it.
    pub state: ServerState,
    /// When it was first seen.
    pub created_at: Timestamp,
}

impl Server {
    /// ARM id of the VM.
    pub fn vm_id(&self) -> String {
        crate::id::vm_id(self.subscription, &self.resource_group, &self.name)
    }
    /// The guest's NetBIOS name: the first 15 characters, case kept (wire-facts 0.9).
    pub fn host_name(&self) -> String {
        self.name.chars().take(15).collect()
    }
    /// Name of its container in any vault.
    pub fn container_name(&self) -> ContainerName {
        ContainerName::new(&self.resource_group, &self.name)
    }
}

/// An enrolled agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRecord {
    /// Id.
    pub id: AgentId,
    /// Server it runs on.
    pub server_id: ServerId,
    /// SHA-256 of its secret.
    pub secret_hash: [u8; 32],
    /// When it enrolled.
    pub enrolled_at: Timestamp,
    /// When it last asked for work or reported.
    pub last_seen_at: Timestamp,
    /// Version it reported.
    pub version: String,
    /// Revision of the schedule that it has on its disk.
    pub schedule_revision: Option<String>,
    /// When it said so.
    pub schedule_acked_at: Option<Timestamp>,
}

/// A folder of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataDirectory {
    /// Data or log.
    pub kind: FileKind,
    /// Path, ending with the path separator (az-client c).
    pub path: String,
}

/// A database as discovery saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseInventory {
    /// Name.
    pub name: String,
    /// Recovery model.
    pub recovery_model: RecoveryModel,
    /// Bytes.
    pub size: u64,
    /// Whether it is read-only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
}

impl DatabaseInventory {
    /// Whether a backup of `kind` is possible: as its recovery model allows, and of a read-only
    /// database nothing but fulls (rulebook 3.7).
    pub fn allows(&self, kind: BackupKind) -> bool {
        let full = matches!(kind, BackupKind::Full | BackupKind::CopyOnlyFull);
        (full || !self.read_only) && self.recovery_model.allows(kind, &self.name)
    }
}

/// An instance as discovery saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceInventory {
    /// Name (`MSSQLSERVER`).
    pub name: String,
    /// Engine version text.
    pub version: String,
    /// Default data and log folders.
    pub directories: Vec<DataDirectory>,
    /// Databases; empty when `fault` says the instance could not be read.
    pub databases: Vec<DatabaseInventory>,
    /// Why the instance could not be inquired (rulebook 2.1), if so.
    pub fault: Option<JobFault>,
}

/// All that discovery saw on a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// Instances. The container of an availability group has one: the group itself, with its databases.
    pub instances: Vec<InstanceInventory>,
    /// Availability groups that its instances take part in; of a group's container, the group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupInventory>,
    /// Why its availability groups could not be seen, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_fault: Option<JobFault>,
}

impl Inventory {
    /// Databases on all readable instances.
    pub fn database_count(&self) -> usize {
        self.instances.iter().map(|i| i.databases.len()).sum()
    }
    /// The name as the server itself spells it. Clients send the folded names of the protectable
    /// list back; an engine may care about case.
    pub fn spelled(&self, name: &ItemName) -> ItemName {
        let Some(instance) = self.instance(&name.instance) else { return name.clone() };
        let key = NameKey::new(&name.database);
        let database = instance.databases.iter().find(|d| NameKey::new(&d.name) == key).map_or(&name.database, |d| &d.name);
        ItemName::new(&instance.name, database)
    }
    /// The instance named `name`, compared without case.
    pub fn instance(&self, name: &str) -> Option<&InstanceInventory> {
        self.instances.iter().find(|i| i.name.eq_ignore_ascii_case(name))
    }
}

/// Registration state of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// The agent is being asked.
    Registering,
    /// Belongs to the vault.
    Registered,
    /// Given up with only soft-deleted items left (rulebook 5.6).
    SoftDeleted,
}

impl Registration {
    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registering => "Registering",
            Self::Registered => "Registered",
            Self::SoftDeleted => "SoftDeleted",
        }
    }
    /// Parses the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Registering, Self::Registered, Self::SoftDeleted].into_iter().find(|s| s.as_str() == word)
    }
}

/// A server registered to a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Id.
    pub id: ContainerId,
    /// Vault.
    pub vault_id: VaultId,
    /// Server.
    pub server_id: ServerId,
    /// Name in canonical casing.
    pub name: ContainerName,
    /// ARM id of the VM.
    pub source_resource_id: String,
    /// Registration state.
    pub registration: Registration,
    /// `Healthy` or `NotReachable`.
    pub healthy: bool,
    /// What the last inquiry saw.
    pub inventory: Inventory,
    /// When the vault inquires it next by itself.
    pub discover_at: Option<Timestamp>,
    /// When it was last inquired or registered.
    pub updated_at: Timestamp,
}

impl Container {
    /// The availability group that it stands for; None for a server.
    pub fn group(&self) -> Option<&Group> {
        self.inventory.groups.first().map(|seen| &seen.group).filter(|_| self.name.is_group())
    }
}
