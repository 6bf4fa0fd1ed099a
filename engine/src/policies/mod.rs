//! Policies: write, read, list, delete.

mod hold;
mod put;

pub(crate) use hold::{keeps_shorter, may_apply, may_follow, warn_of_move};
pub(crate) use put::applied;
pub use put::{Saved, jobs_of, put};

use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{NameKey, PolicyId};
use rsvault_domain::policy::{self, Policy};
use rsvault_domain::ports::{Page, Slice, Tx};
use rsvault_domain::vault::Vault;
use uuid::Uuid;

/// A policy and how many items are under it.
#[derive(Clone, Debug)]
pub struct PolicyInUse {
    /// The policy.
    pub policy: Policy,
    /// `protectedItemsCount`.
    pub items: i64,
}

/// The policy `name` of a vault, or 404.
pub(crate) async fn find_policy(tx: &mut dyn Tx, vault: &Vault, name: &str) -> Result<Policy> {
    tx.policy(vault.id, &NameKey::new(name)).await?.ok_or_else(|| {
        Fault::not_found(
            "BMSUserErrorPolicyNotFound",
            format!("Policy '{name}' was not found in vault '{}'. List the vault's policies for the names.", vault.name),
        )
        .at("policyName")
    })
}

/// Reads a policy.
pub async fn get(engine: &Engine, path: &VaultPath, name: &str) -> Result<PolicyInUse> {
    let mut tx = engine.store.glance().await?;
    let vault = find(tx.as_mut(), path).await?;
    let policy = find_policy(tx.as_mut(), &vault, name).await?;
    let items = tx.policy_use(policy.id).await?;
    Ok(PolicyInUse { policy, items })
}

/// Lists policies, optionally of one `backupManagementType` (compared without case).
pub async fn list(engine: &Engine, path: &VaultPath, management: Option<&str>, page: &Page) -> Result<Slice<PolicyInUse>> {
    let mut tx = engine.store.glance().await?;
    let vault = find(tx.as_mut(), path).await?;
    let slice = tx.policies(vault.id, page).await?;
    let mut items = Vec::with_capacity(slice.items.len());
    for policy in slice.items {
        if management.is_none_or(|m| policy.spec.management().eq_ignore_ascii_case(m)) {
            let count = tx.policy_use(policy.id).await?;
            items.push(PolicyInUse { policy, items: count });
        }
    }
    Ok(Slice { items, next: slice.next })
}

/// Deletes a policy that protects nothing; false if there was none. A default policy comes back at
/// once as it was at first (rulebook 3.2).
pub async fn delete(engine: &Engine, _caller: &Caller, path: &VaultPath, name: &str) -> Result<bool> {
    let mut tx = engine.store.begin().await?;
    let vault = find(tx.as_mut(), path).await?;
    let Some(policy) = tx.policy(vault.id, &NameKey::new(name)).await? else { return Ok(false) };
    let used = tx.policy_use(policy.id).await?;
    if used > 0 {
        return Err(Fault::invalid(
            "BMSUserErrorPolicyInUse",
            format!(
                "Policy '{}' protects {used} item(s) and cannot be deleted. Move them to another policy or stop their protection first.",
                policy.name
            ),
        )
        .at("policyName"));
    }
    let intents = tx.intents_of_policy(policy.id).await?;
    if intents > 0 {
        return Err(Fault::invalid(
            "BMSUserErrorPolicyInUse",
            format!(
                "Policy '{}' is that of {intents} auto-protection(s) and cannot be deleted. Put their protection intents again with another policy, or delete them, first.",
                policy.name
            ),
        )
        .at("policyName"));
    }
    tx.delete_policy(policy.id).await?;
    if policy.system
        && let Some((_, spec)) = policy::defaults(vault.created_at).into_iter().find(|(n, _)| *n == policy.name)
    {
        tx.put_policy(&Policy { id: PolicyId(Uuid::new_v4()), spec, etag: 1, updated_at: engine.clock.now(), ..policy }).await?;
    }
    tx.commit().await?;
    Ok(true)
}
