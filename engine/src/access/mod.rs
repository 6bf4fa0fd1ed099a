//! Role assignments: who may do what where, as ARM resources at a subscription, a resource group or a
//! vault (rulebook 8).
//!
//! Always holds: a scope must exist before a role is given there; an assignment is reached only at its
//! own scope; what stands is never changed, only deleted and given anew.

mod give;
mod read;
mod take;

pub use give::{Grant, give};
pub use read::{Asked, get, list};
pub use take::take;

use crate::vaults::{VaultPath, find};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{AssignmentId, SubscriptionId, TenantId};
use rsvault_domain::ports::Tx;

/// The GUID that names an assignment.
fn named(name: &str) -> Result<AssignmentId> {
    name.parse().map_err(|_| {
        Fault::invalid("InvalidRoleAssignmentId", format!("The name of a role assignment is a GUID; '{name}' is none. Make a new one."))
            .at("roleAssignmentName")
    })
}

/// The tenant whose principals may be given roles at `scope`.
async fn tenant_of(tx: &mut dyn Tx, scope: &str) -> Result<Option<TenantId>> {
    let id: Option<SubscriptionId> = scope.split('/').nth(2).and_then(|id| id.parse().ok());
    let Some(id) = id else { return Ok(None) };
    Ok(tx.subscription(id).await?.map(|subscription| subscription.tenant))
}

/// Refuses a scope at which nothing stands. Subscription and resource group were looked at by the edge.
async fn scope_exists(tx: &mut dyn Tx, scope: &str) -> Result<()> {
    let segments: Vec<&str> = scope.split('/').filter(|segment| !segment.is_empty()).collect();
    if let ["subscriptions", subscription, "resourceGroups", group, "providers", "Microsoft.RecoveryServices", "vaults", vault] =
        segments.as_slice()
    {
        let subscription: SubscriptionId =
            subscription.parse().map_err(|_| Fault::invalid("InvalidSubscriptionId", "The subscription of the scope is not a GUID."))?;
        find(tx, &VaultPath { subscription, resource_group: (*group).to_owned(), name: (*vault).to_owned() }).await?;
    }
    Ok(())
}
