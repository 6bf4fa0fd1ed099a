//! Listing vaults.

use crate::Engine;
use rsvault_domain::fault::Result;
use rsvault_domain::id::{NameKey, SubscriptionId};
use rsvault_domain::ports::{Page, Slice};
use rsvault_domain::vault::Vault;

/// Vaults of a subscription, or of one of its groups, by name.
pub async fn list(engine: &Engine, subscription: SubscriptionId, group: Option<&str>, page: &Page) -> Result<Slice<Vault>> {
    let group = group.map(NameKey::new);
    Ok(engine.store.glance().await?.vaults(subscription, group.as_ref(), page).await?)
}
