//! Reading intents.

use crate::Engine;
use crate::vaults::{VaultPath, find};
use rsvault_domain::discovery::Container;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{ContainerName, NameKey};
use rsvault_domain::intent::Intent;
use rsvault_domain::policy::Policy;
use rsvault_domain::ports::{Page, Slice, Tx};
use rsvault_domain::vault::Vault;

/// An intent and all that its resource shows.
#[derive(Clone, Debug)]
pub struct IntentView {
    /// Vault.
    pub vault: Vault,
    /// Container of its target.
    pub container: Container,
    /// Intent.
    pub intent: Intent,
    /// Its policy.
    pub policy: Option<Policy>,
}

/// Which intents; None matches all.
#[derive(Clone, Debug, Default)]
pub struct IntentQuery {
    /// Of this container.
    pub container: Option<ContainerName>,
    /// Of the target of this name, compared without case.
    pub target: Option<String>,
    /// Of targets of this kind: `SQLInstance`, `SQLAvailabilityGroupContainer`.
    pub kind: Option<String>,
}

impl IntentQuery {
    fn admits(&self, intent: &Intent) -> bool {
        self.target.as_ref().is_none_or(|name| NameKey::new(name) == intent.target.key())
            && self.kind.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case(intent.target.kind()))
    }
}

pub(super) async fn view(tx: &mut dyn Tx, vault: &Vault, intent: Intent) -> Result<Option<IntentView>> {
    let Some(container) = tx.container_by_id(intent.container_id).await? else { return Ok(None) };
    let policy = tx.policy_by_id(intent.policy_id).await?;
    Ok(Some(IntentView { vault: vault.clone(), container, intent, policy }))
}

/// Reads an intent.
pub async fn get(engine: &Engine, path: &VaultPath, name: &str) -> Result<IntentView> {
    let mut tx = engine.store.read().await?;
    let vault = find(tx.as_mut(), path).await?;
    let found = match tx.intent(vault.id, &NameKey::new(name)).await? {
        Some(intent) => view(tx.as_mut(), &vault, intent).await?,
        None => None,
    };
    found.ok_or_else(|| {
        Fault::not_found(
            "BMSUserErrorProtectionIntentNotFound",
            format!(
                "Protection intent '{name}' was not found in vault '{}'. List the vault's protection intents for the names.",
                vault.name
            ),
        )
        .at("intentObjectName")
    })
}

/// Lists intents by name. One target of one container has at most one.
pub async fn list(engine: &Engine, path: &VaultPath, query: &IntentQuery, page: &Page) -> Result<Slice<IntentView>> {
    let mut tx = engine.store.read().await?;
    let vault = find(tx.as_mut(), path).await?;
    let slice = match &query.container {
        None => tx.intents(vault.id, page).await?,
        Some(name) => match tx.container(vault.id, &name.key()).await? {
            Some(container) => Slice { items: tx.intents_of_container(container.id).await?, next: None },
            None => Slice { items: Vec::new(), next: None },
        },
    };
    let mut items = Vec::new();
    for intent in slice.items.into_iter().filter(|intent| query.admits(intent)) {
        items.extend(view(tx.as_mut(), &vault, intent).await?);
    }
    Ok(Slice { items, next: slice.next })
}
