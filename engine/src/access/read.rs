//! Reading assignments.

use super::{named, scope_exists};
use crate::Engine;
use rsvault_domain::access::{RoleAssignment, upwards};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{NameKey, PrincipalId};
use rsvault_domain::ports::{Page, Slice};

/// What of a list is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Only what counts at the scope itself: given there or above (`atScope()`).
    pub at_scope: bool,
    /// Of one principal.
    pub principal: Option<PrincipalId>,
}

/// The assignment `name` of `scope`.
pub async fn get(engine: &Engine, scope: &str, name: &str) -> Result<RoleAssignment> {
    let id = named(name)?;
    let mut tx = engine.store.read().await?;
    scope_exists(tx.as_mut(), scope).await?;
    tx.assignment(id).await?.filter(|found| found.scope_key() == NameKey::new(scope)).ok_or_else(|| {
        Fault::not_found(
            "RoleAssignmentNotFound",
            format!("The role assignment '{name}' is not found at scope '{scope}'. List them for the names."),
        )
    })
}

/// Assignments at `scope` and above it, and below it unless only the scope itself is asked for.
pub async fn list(engine: &Engine, scope: &str, asked: Asked, page: &Page) -> Result<Slice<RoleAssignment>> {
    let mut tx = engine.store.read().await?;
    scope_exists(tx.as_mut(), scope).await?;
    let here = NameKey::new(scope);
    if let Some(principal) = asked.principal {
        // One principal has a handful: no page is needed.
        let above: Vec<NameKey> = upwards(scope).iter().map(|scope| NameKey::new(scope)).collect();
        let mut items = tx.assignments(principal).await?;
        items.retain(|found| {
            let below = !asked.at_scope && rsvault_domain::access::covers(scope, &found.scope);
            below || above.contains(&found.scope_key())
        });
        return Ok(Slice { items, next: None });
    }
    let scopes: Vec<NameKey> = upwards(scope).iter().map(|scope| NameKey::new(scope)).collect();
    Ok(tx.assignments_at(&scopes, (!asked.at_scope).then_some(&here), page).await?)
}
