//! Identities: typed uuids, the grammar of container and item names, and ARM ids.
//!
//! Always holds: two names that differ only in case are the same name ([`NameKey`] compares), and
//! every answer shows the casing that was stored first.

mod arm;
mod names;

pub use arm::{ArmId, vault_path, vm_id};
pub use names::{ContainerKind, ContainerName, ItemName, NameKey, policy_name, vault_name};

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, concat!(stringify!($name), "({})"), self.0) }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, uuid::Error> { s.parse().map(Self) }
        }
        impl From<uuid::Uuid> for $name { fn from(id: uuid::Uuid) -> Self { Self(id) } }
    )+};
}
typed_ids! {
    /// A subscription.
    SubscriptionId,
    /// A tenant.
    TenantId,
    /// A principal's object id.
    PrincipalId,
    /// A role assignment.
    AssignmentId,
    /// A vault.
    VaultId,
    /// A server (VM) that may hold databases.
    ServerId,
    /// An agent: one enrolment of one server.
    AgentId,
    /// A protection container: a server registered to a vault.
    ContainerId,
    /// A policy.
    PolicyId,
    /// A protected item.
    ItemId,
    /// A job.
    JobId,
    /// An operation.
    OperationId,
    /// A task.
    TaskId,
    /// An agent command.
    CommandId,
    /// An auto-protection intent.
    IntentId,
    /// A backup set.
    SetId,
    /// A Resource Guard.
    GuardId,
}
