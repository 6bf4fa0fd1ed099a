//! Giving a role.

use super::{named, scope_exists, tenant_of};
use crate::{Caller, Engine};
use rsvault_domain::access::{RoleAssignment, may_replace, role_of_definition};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::PrincipalId;
use rsvault_domain::ports::StoreError;

/// What a body asks for.
#[derive(Clone, Debug)]
pub struct Grant {
    /// `properties.principalId`.
    pub principal: PrincipalId,
    /// `properties.roleDefinitionId`; its last segment counts.
    pub definition: String,
}

/// Gives a principal a role at `scope`. True if it is new, false if it stood so already.
pub async fn give(engine: &Engine, caller: &Caller, scope: &str, name: &str, grant: &Grant) -> Result<(RoleAssignment, bool)> {
    let id = named(name)?;
    let role = role_of_definition(&grant.definition)?;
    let mut tx = engine.store.begin().await?;
    scope_exists(tx.as_mut(), scope).await?;
    let new = RoleAssignment {
        id,
        principal_id: grant.principal,
        role: role.name.to_owned(),
        scope: scope.to_owned(),
        created_at: engine.clock.now(),
    };
    if let Some(stands) = tx.assignment(id).await? {
        may_replace(&stands, &new)?;
        return Ok((stands, false));
    }
    let tenant = tenant_of(tx.as_mut(), scope).await?;
    if tx.principal_by_id(grant.principal).await?.is_none_or(|found| Some(found.tenant) != tenant) {
        return Err(Fault::invalid(
            "PrincipalNotFound",
            format!(
                "Principal '{}' does not exist in the directory of the subscription. Send the object id of a service principal of its tenant.",
                grant.principal
            ),
        )
        .at("properties.principalId"));
    }
    match tx.insert_assignment(&new).await {
        Ok(()) => {}
        Err(StoreError::Exists(_)) => {
            return Err(Fault::conflict(
                "RoleAssignmentExists",
                format!(
                    "The role assignment already exists: principal '{}' is '{}' at this scope. Use it, or delete it first.",
                    new.principal_id, new.role
                ),
            ));
        }
        Err(error) => return Err(error.into()),
    }
    tx.commit().await?;
    tracing::info!(principal = %new.principal_id, role = %new.role, scope = %new.scope, by = %caller.principal.client_id, "role given");
    Ok((new, true))
}
