//! The role assignment: what may be given to whom, and where.
//!
//! Always holds: a scope is `/` or an ARM id without its trailing slash; one principal has a role at a
//! scope once; the name of one that came from a seed follows from what it says.

use super::{Role, role};
use crate::fault::{Fault, Result};
use crate::id::{AssignmentId, NameKey, PrincipalId};
use jiff::Timestamp;
use uuid::Uuid;

/// Namespace of the names of assignments that a seed makes.
const SEEDED: Uuid = Uuid::from_u128(0x7273_7661_756c_7400_8000_726f_6c65_7321);

/// A role given to a principal at a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleAssignment {
    /// Name: a GUID.
    pub id: AssignmentId,
    /// Who.
    pub principal_id: PrincipalId,
    /// Built-in role by name (`Owner`, `Reader`, `Backup Contributor` …).
    pub role: String,
    /// ARM scope (`/`, `/subscriptions/{id}`, … down to a vault).
    pub scope: String,
    /// When it was given.
    pub created_at: Timestamp,
}

impl RoleAssignment {
    /// One that a seed makes: made again, it is the same.
    pub fn seeded(principal: PrincipalId, role: &str, scope: &str, now: Timestamp) -> Self {
        let id = Uuid::new_v5(&SEEDED, format!("{principal} {role} {}", scope.to_lowercase()).as_bytes());
        Self { id: id.into(), principal_id: principal, role: role.to_owned(), scope: scope.to_owned(), created_at: now }
    }
    /// The scope, folded.
    pub fn scope_key(&self) -> NameKey {
        NameKey::new(&self.scope)
    }
}

/// The built-in role that a `roleDefinitionId` names by its GUID.
pub fn role_of_definition(definition: &str) -> Result<&'static Role> {
    let field = "properties.roleDefinitionId";
    let tail = definition.rsplit('/').next().unwrap_or_default();
    super::ROLES.iter().find(|role| role.id.eq_ignore_ascii_case(tail)).ok_or_else(|| {
        let known: Vec<String> = super::ROLES.iter().map(|role| format!("{} ({})", role.id, role.name)).collect();
        Fault::not_found(
            "RoleDefinitionDoesNotExist",
            format!("The specified role definition with ID '{tail}' does not exist. Property 'roleDefinitionId' ends in the id of a built-in role: {}.", known.join(", ")),
        )
        .at(field)
    })
}

/// Refuses to change what an assignment says: it is deleted and made anew.
pub fn may_replace(stands: &RoleAssignment, new: &RoleAssignment) -> Result<()> {
    let same = stands.principal_id == new.principal_id && role(&stands.role) == role(&new.role) && stands.scope_key() == new.scope_key();
    if same {
        return Ok(());
    }
    Err(Fault::invalid(
        "RoleAssignmentUpdateNotPermitted",
        "Principal, role and scope of a role assignment cannot be changed. Delete it, or choose another GUID as its name.",
    )
    .at("properties"))
}

/// The scopes at which an assignment reaches `scope`: itself and all above it, `/` first.
pub fn upwards(scope: &str) -> Vec<String> {
    let mut all = vec!["/".to_owned()];
    let mut path = String::new();
    for segment in scope.split('/').filter(|segment| !segment.is_empty()) {
        path.push('/');
        path.push_str(segment);
        all.push(path.clone());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_reached_from_itself_and_all_above() {
        assert_eq!(upwards("/"), ["/"]);
        assert_eq!(
            upwards("/subscriptions/s/resourceGroups/g"),
            ["/", "/subscriptions", "/subscriptions/s", "/subscriptions/s/resourceGroups", "/subscriptions/s/resourceGroups/g"]
        );
    }

    #[test]
    fn a_definition_is_known_by_the_guid_at_its_end() {
        let reader = role("Backup Reader").unwrap();
        for id in [
            reader.id.to_owned(),
            format!("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/{}", reader.id.to_uppercase()),
        ] {
            assert_eq!(role_of_definition(&id).unwrap().name, "Backup Reader");
        }
        let fault = role_of_definition("King").unwrap_err();
        assert!(fault.code == "RoleDefinitionDoesNotExist" && fault.message.contains("Backup Operator"), "{fault}");
    }

    #[test]
    fn what_an_assignment_says_stays() {
        let who = PrincipalId(Uuid::from_u128(1));
        let stands = RoleAssignment::seeded(who, "Reader", "/subscriptions/S", Timestamp::UNIX_EPOCH);
        let again = RoleAssignment::seeded(who, "Reader", "/subscriptions/s", Timestamp::MAX);
        assert_eq!(stands.id, again.id);
        may_replace(&stands, &again).unwrap();
        may_replace(&stands, &RoleAssignment { role: "Owner".into(), ..again.clone() }).unwrap_err();
        may_replace(&stands, &RoleAssignment { scope: "/".into(), ..again }).unwrap_err();
    }
}
