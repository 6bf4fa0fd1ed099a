//! Taking a role away.

use super::{named, scope_exists};
use crate::{Caller, Engine};
use rsvault_domain::access::RoleAssignment;
use rsvault_domain::fault::Result;
use rsvault_domain::id::NameKey;

/// Deletes the assignment `name` of `scope`; None if there is none. It counts no more from the next request on.
pub async fn take(engine: &Engine, caller: &Caller, scope: &str, name: &str) -> Result<Option<RoleAssignment>> {
    let id = named(name)?;
    let mut tx = engine.store.begin().await?;
    scope_exists(tx.as_mut(), scope).await?;
    let Some(stood) = tx.assignment(id).await?.filter(|found| found.scope_key() == NameKey::new(scope)) else { return Ok(None) };
    tx.delete_assignment(id).await?;
    tx.commit().await?;
    tracing::info!(principal = %stood.principal_id, role = %stood.role, scope = %stood.scope, by = %caller.principal.client_id, "role taken away");
    Ok(Some(stood))
}
