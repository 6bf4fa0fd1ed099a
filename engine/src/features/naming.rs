//! Whether a name is free for a vault.

use crate::Engine;
use rsvault_domain::fault::Result;
use rsvault_domain::id::{NameKey, SubscriptionId, vault_name};

/// Whether a vault of this name can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// It can.
    Available,
    /// One has it; a deleted vault frees its name.
    AlreadyExists,
    /// It breaks the rule for names, which the text tells.
    Invalid(String),
}

/// Looks whether `name` is free in a resource group.
pub async fn check(engine: &Engine, subscription: SubscriptionId, group: &str, name: &str) -> Result<Naming> {
    if let Err(fault) = vault_name(name) {
        return Ok(Naming::Invalid(fault.message));
    }
    let stands = engine.store.read().await?.vault(subscription, &NameKey::new(group), &NameKey::new(name)).await?;
    Ok(if stands.is_some() { Naming::AlreadyExists } else { Naming::Available })
}
