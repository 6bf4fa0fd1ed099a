//! Putting an intent: from now on its target is auto-protected with its policy.
//!
//! Always holds: a target has one intent. Put under another name it takes that name; put with another
//! policy it protects with that from then on, and what is protected already keeps its own.

use super::apply::apply;
use super::read::{IntentView, view};
use crate::discovery::find_container;
use crate::protection::policy_of;
use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine};
use rsvault_domain::discovery::{Container, Registration};
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::id::{ArmId, ContainerName, IntentId, NameKey};
use rsvault_domain::intent::{Intent, IntentTarget, Standing};
use rsvault_domain::ports::{Bell, Tx};
use rsvault_domain::vault::Vault;
use uuid::Uuid;

const ITEM: &str = "properties.itemId";
const INVALID: &str = "BMSUserErrorInvalidInput";

/// What the body of the PUT asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentRequest {
    /// ARM id of the instance or availability group, as the protectable list or an intent shows it.
    pub item_id: String,
    /// ARM id of the policy.
    pub policy_id: String,
}

/// Puts the intent `name`.
pub async fn put(engine: &Engine, _: &Caller, path: &VaultPath, name: &str, request: &IntentRequest) -> Result<IntentView> {
    may_be_named(name)?;
    let now = engine.clock.now();
    let mut tx = engine.store.begin().await?;
    let vault = find(tx.as_mut(), path).await?;
    let (container, target) = target_of(tx.as_mut(), &vault, &request.item_id).await?;
    let policy = policy_of(tx.as_mut(), &vault, &request.policy_id).await?;
    let named = tx.intent(vault.id, &NameKey::new(name)).await?;
    if let Some(other) = named.filter(|i| i.container_id != container.id || !i.target.is(&target)) {
        return Err(Fault::invalid(
            INVALID,
            format!(
                "Property 'itemId' names {} '{}', but protection intent '{name}' is that of {} '{}'. Put a new intent under another name, or delete this one first.",
                target.kind(),
                target.name(),
                other.target.kind(),
                other.target.name()
            ),
        )
        .at(ITEM));
    }
    let stands = tx.intents_of_container(container.id).await?.into_iter().find(|i| i.target.is(&target));
    let intent = match stands {
        Some(intent) => Intent { name: name.to_owned(), policy_id: policy.id, updated_at: now, ..intent },
        None => Intent {
            id: IntentId(Uuid::new_v4()),
            vault_id: vault.id,
            container_id: container.id,
            name: name.to_owned(),
            target,
            policy_id: policy.id,
            created_at: now,
            updated_at: now,
        },
    };
    tx.put_intent(&intent).await?;
    // Asked for again, what was given up is tried again.
    for given_up in tx.intent_databases(intent.id).await?.iter().filter(|d| d.standing == Standing::GivenUp) {
        tx.delete_intent_database(intent.id, &given_up.name.key()).await?;
    }
    apply(engine, tx.as_mut(), &container).await?;
    let shown = view(tx.as_mut(), &vault, intent).await?.ok_or_else(|| Fault::internal("container of an intent is gone"))?;
    tx.commit().await?;
    engine.wake.ring(Bell::Tasks);
    Ok(shown)
}

fn may_be_named(name: &str) -> Result<()> {
    let fit = (1..=128).contains(&name.chars().count()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if fit {
        return Ok(());
    }
    Err(Fault::invalid(
        INVALID,
        format!(
            "The name '{name}' of a protection intent breaks the rule: 1 to 128 letters, digits, hyphens, underscores and dots. Take a new GUID."
        ),
    )
    .at("intentObjectName"))
}

/// The container and the target that `itemId` names: `…/protectionContainers/{c}/protectableItems/{i}`, with the
/// prefixes of the protectable list or without, as an intent answers them.
async fn target_of(tx: &mut dyn Tx, vault: &Vault, item_id: &str) -> Result<(Container, IntentTarget)> {
    let id = ArmId::parse(item_id, ITEM)?;
    let bad = |message: String| Fault::invalid(INVALID, message).at(ITEM);
    let same_vault = id.subscription == vault.subscription
        && NameKey::new(&id.resource_group) == NameKey::new(&vault.resource_group)
        && id.name_of("vaults").is_some_and(|v| NameKey::new(v) == NameKey::new(&vault.name));
    let names = id.name_of("protectionContainers").zip(id.name_of("protectableItems")).filter(|_| same_vault);
    let (container, item) = names.ok_or_else(|| {
        bad(format!(
            "Property 'itemId' does not name a protectable item of vault '{}': '{item_id}'. Take the 'id' of an instance or availability group from the list of protectable items.",
            vault.name
        ))
    })?;
    let name = ContainerName::parse(container).map_err(|fault| fault.at(ITEM))?;
    let container = find_container(tx, vault, &name).await.map_err(|fault| match fault.kind {
        FaultKind::NotFound => bad(fault.message),
        _ => fault,
    })?;
    if container.registration != Registration::Registered {
        return Err(Fault::conflict(
            "BMSUserErrorContainerNotRegistered",
            format!("Container '{name}' is {}. Register it, then auto-protect what is on it.", container.registration.as_str()),
        )
        .at(ITEM));
    }
    let (kind, parent) = match item.split_once(';') {
        Some((kind, parent)) => (Some(kind), parent),
        None => (None, item),
    };
    let target = |name: &str| {
        if container.name.is_group() { IntentTarget::AvailabilityGroup(name.to_owned()) } else { IntentTarget::Instance(name.to_owned()) }
    };
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case(target("").kind())) {
        return Err(bad(format!(
            "Property 'itemId' names '{item}', which cannot be auto-protected. Auto-protection is set on an instance or an availability group and covers its databases; protect a single database by itself."
        )));
    }
    let Some(found) = container.inventory.instance(parent) else {
        return Err(bad(format!(
            "{} '{parent}' was not found on '{}'. Rediscover it (inquire), then take the id of a protectable item.",
            target("").kind(),
            container.name.server
        )));
    };
    let target = target(&found.name);
    Ok((container, target))
}
