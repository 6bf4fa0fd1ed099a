//! What a shorter retention costs (rulebook 3.6, 5.3, 7.1): in an immutable vault none gets shorter,
//! neither by an edit of a policy nor by moving an item to another one, and none gets longer for items
//! whose backups are suspended; elsewhere people are warned. Schedules may change.

use crate::Engine;
use crate::alerts::{self, Cause};
use jiff::Timestamp;
use rsvault_domain::alert::AlertKind;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::JobId;
use rsvault_domain::policy::retention::{Rules, reapply, shortens};
use rsvault_domain::policy::{Policy, SqlPolicy};
use rsvault_domain::ports::Tx;
use rsvault_domain::protection::{ItemState, ProtectedItem};
use rsvault_domain::vault::Vault;

/// Refuses to write `new` over the policy that `stands` (`old` is what it says) and protects `items`.
pub(super) fn may_write(vault: &Vault, stands: &Policy, old: &SqlPolicy, new: &SqlPolicy, items: &[ProtectedItem]) -> Result<()> {
    if items.is_empty() || !vault.settings.immutability.is_on() {
        return Ok(());
    }
    if let Some(field) = shortens(old, new) {
        let what = format!("A shorter retention in policy '{}' ({field})", stands.name);
        let cure = "Keep or raise every retention of the policy; its schedule may be changed.";
        return vault.may_lose_backups(&what, cure).map_err(|fault| fault.at(field));
    }
    let suspended = items.iter().find(|i| i.state == ItemState::BackupsSuspended);
    if let (Some(field), Some(item)) = (shortens(new, old), suspended) {
        return Err(Fault::invalid(
            "BMSUserErrorRetentionIncreaseNotAllowedForSuspendedItem",
            format!(
                "A longer retention in policy '{}' ({field}) is not allowed: the backups of '{}' are suspended, and an immutable vault keeps them as it was when they were. Resume its protection, or stop it with all data retained, then change the policy.",
                stands.name, item.name
            ),
        )
        .at(field));
    }
    Ok(())
}

/// Refuses to bring an item under policy `to` if that keeps its backups shorter: shorter than its policy
/// does, or, if it is stopped and has none, than the points that stand were to be kept at least.
pub(crate) async fn may_follow(tx: &mut dyn Tx, vault: &Vault, item: &ProtectedItem, to: &Policy, now: Timestamp) -> Result<()> {
    if !vault.settings.immutability.is_on() || !keeps_shorter(tx, item, to, now).await? {
        return Ok(());
    }
    let what = format!("Policy '{}' for '{}', whose backups it would keep shorter,", to.name, item.name);
    let cure = "Choose a policy that keeps every kind of backup at least as long.";
    vault.may_lose_backups(&what, cure).map_err(|fault| fault.at("properties.policyId"))
}

/// Whether policy `to` keeps the item's backups shorter than they are kept now.
pub(crate) async fn keeps_shorter(tx: &mut dyn Tx, item: &ProtectedItem, to: &Policy, now: Timestamp) -> Result<bool> {
    match item.policy_id {
        Some(_) => Ok(shortened_by(tx, item, to).await?.is_some()),
        None => shortens_points(tx, item, to, now).await,
    }
}

/// Refuses to bring the points of an item to its own policy where that would end some of them earlier: the
/// vault became immutable after the policy was written, before it reached the item.
pub(crate) async fn may_apply(tx: &mut dyn Tx, vault: &Vault, item: &ProtectedItem, policy: &Policy, now: Timestamp) -> Result<()> {
    if !vault.settings.immutability.is_on() || !shortens_points(tx, item, policy, now).await? {
        return Ok(());
    }
    let what = format!("Policy '{}' for '{}', whose points it would keep shorter,", policy.name, item.name);
    vault.may_lose_backups(&what, "Raise the policy's retention to what it was, then write it again with makePolicyConsistent true.")
}

/// Whether some point that stands would go earlier under `policy`.
async fn shortens_points(tx: &mut dyn Tx, item: &ProtectedItem, policy: &Policy, now: Timestamp) -> Result<bool> {
    let marks = tx.marks(item.id).await?;
    let rules = Rules::of(policy.spec.for_sql(&policy.name)?, policy.updated_at);
    Ok(reapply(&rules, &marks, None, now).iter().any(|new| {
        let old = marks.iter().find(|old| old.link.set_id == new.link.set_id).and_then(|old| old.expires_at);
        old.is_some_and(|old| old > now && new.expires_at.is_some_and(|new| new < old))
    }))
}

/// Warns that policy `to` will keep the item's backups shorter than its present one (rulebook 7.1).
pub(crate) async fn warn_of_move(engine: &Engine, tx: &mut dyn Tx, item: &ProtectedItem, to: &Policy, job: JobId) -> Result<()> {
    let Some(from) = shortened_by(tx, item, to).await? else { return Ok(()) };
    let cause = Cause {
        vault: item.vault_id,
        item: Some(item.id),
        subject: item.name.to_string(),
        kind: AlertKind::ProtectionRetentionReduced,
        code: None,
        text: format!("'{}' moved from policy '{}' to '{}', which keeps backups shorter.", item.name.database, from.name, to.name),
        job: Some(job),
    };
    alerts::raise(engine, tx, cause).await
}

/// Warns that a policy which protects something now keeps backups shorter; `field` says where.
pub(super) async fn warn_of_edit(engine: &Engine, tx: &mut dyn Tx, policy: &Policy, field: &str) -> Result<()> {
    let cause = Cause {
        vault: policy.vault_id,
        item: None,
        subject: policy.name.clone(),
        kind: AlertKind::PolicyRetentionReduced,
        code: None,
        text: format!(
            "Policy '{}' now keeps backups shorter ({field}). Fulls and differentials beyond it wait as long as soft delete says; a longer retention revives them.",
            policy.name
        ),
        job: None,
    };
    alerts::raise(engine, tx, cause).await
}

/// The item's present policy, if `to` is another and keeps some backups shorter.
async fn shortened_by(tx: &mut dyn Tx, item: &ProtectedItem, to: &Policy) -> Result<Option<Policy>> {
    let Some(id) = item.policy_id.filter(|id| *id != to.id) else { return Ok(None) };
    let Some(from) = tx.policy_by_id(id).await? else { return Ok(None) };
    let shorter = shortens(from.spec.for_sql(&from.name)?, to.spec.for_sql(&to.name)?).is_some();
    Ok(shorter.then_some(from))
}
