//! Who may do what: principals, role assignments, and one matcher by action string and scope
//! (rulebook 8).

mod matcher;
mod roles;

pub use matcher::{allowed, covers};
pub use roles::{ROLES, Role, role};

use crate::id::{PrincipalId, TenantId};

/// A service principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Object id.
    pub id: PrincipalId,
    /// Client (application) id: any string.
    pub client_id: String,
    /// Tenant.
    pub tenant: TenantId,
    /// Display name.
    pub name: String,
}

/// A role given to a principal at a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleAssignment {
    /// Who.
    pub principal_id: PrincipalId,
    /// Built-in role by name (`Owner`, `Reader`, `Backup Contributor` …).
    pub role: String,
    /// ARM scope (`/`, `/subscriptions/{id}`, … down to a vault).
    pub scope: String,
}
