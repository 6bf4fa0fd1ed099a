//! Who may do what: principals, role assignments, and one matcher by action string and scope
//! (rulebook 8).

mod assignment;
mod matcher;
mod roles;

pub use assignment::{RoleAssignment, may_replace, role_of_definition, upwards};
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
