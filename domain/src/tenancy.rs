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

/// A region folded for comparison, without case and blanks: `West Europe` is `westeurope`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionKey(String);

impl RegionKey {
    /// Folds a region.
    pub fn new(region: &str) -> Self {
        Self(region.replace(' ', "").to_lowercase())
    }
    /// The folded text, as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether two regions are the same.
pub fn same_region(a: &str, b: &str) -> bool {
    RegionKey::new(a) == RegionKey::new(b)
}
