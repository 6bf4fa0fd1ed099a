//! What stands above vaults: tenants, subscriptions, resource groups.

use crate::fault::{Fault, Result};
use crate::id::{SubscriptionId, TenantId};
use std::collections::BTreeMap;

/// A subscription. They come from the seed; ARM clients only read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Id.
    pub id: SubscriptionId,
    /// Tenant it belongs to.
    pub tenant: TenantId,
    /// Display name.
    pub name: String,
}

/// A resource group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceGroup {
    /// Subscription.
    pub subscription: SubscriptionId,
    /// Name, as written first.
    pub name: String,
    /// Region.
    pub location: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// Rule for resource group names: 1-90 letters, digits or `-_.()`, not ending with a period.
pub fn group_name(name: &str) -> Result<()> {
    let ok = (1..=90).contains(&name.chars().count())
        && name.chars().all(|c| c.is_alphanumeric() || "-_.()".contains(c))
        && !name.ends_with('.');
    if ok {
        return Ok(());
    }
    Err(Fault::invalid(
        "InvalidResourceGroup",
        format!("The resource group name '{name}' breaks the rule: 1 to 90 letters, digits or -_.(), not ending with a period."),
    )
    .at("resourceGroupName"))
}

/// Regions compare without case and blanks: `West Europe` is `westeurope`.
pub fn same_region(a: &str, b: &str) -> bool {
    let fold = |s: &str| s.replace(' ', "").to_lowercase();
    fold(a) == fold(b)
}
