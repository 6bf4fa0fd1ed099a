//! What immutability holds of policies (rulebook 3.6, 5.3): while it is on, no retention gets shorter,
//! neither by an edit of a policy nor by moving an item to another one, and none gets longer for items
//! whose backups are suspended. Schedules may change.

use jiff::Timestamp;
use rsvault_domain::fault::{Fault, Result};
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
    if !vault.settings.immutability.is_on() || item.policy_id == Some(to.id) {
        return Ok(());
    }
    let sql = to.spec.for_sql(&to.name)?;
    let shorter = match item.policy_id {
        Some(id) => match tx.policy_by_id(id).await? {
            Some(from) => shortens(from.spec.for_sql(&from.name)?, sql).is_some(),
            None => false,
        },
        None => {
            let marks = tx.marks(item.id).await?;
            let changed = reapply(&Rules::of(sql, to.updated_at), &marks, None, now);
            changed.iter().any(|new| {
                let old = marks.iter().find(|old| old.link.set_id == new.link.set_id).and_then(|old| old.expires_at);
                old.is_some_and(|old| old > now && new.expires_at.is_some_and(|new| new < old))
            })
        }
    };
    if !shorter {
        return Ok(());
    }
    let what = format!("Policy '{}' for '{}', whose backups it would keep shorter,", to.name, item.name);
    let cure = "Choose a policy that keeps every kind of backup at least as long.";
    vault.may_lose_backups(&what, cure).map_err(|fault| fault.at("properties.policyId"))
}
