//! What moving points to the archive would come to, or bringing one back: real sizes, of the points that may move now.

use crate::archive::readiness;
use crate::operations::{Start, repeated, start};
use crate::protection::{ItemPath, find_item};
use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine, backups, policies};
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::archive::{MIN_AGE_DAYS, Tier};
use rsvault_domain::backup::{BackupKind, RecoveryPointName};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::ItemId;
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::outcome::{Outcome, Tiering};
use rsvault_domain::ports::{ItemFilter, Page, PointFilter};

/// What is asked about.
#[derive(Clone, Debug)]
pub enum TieringRequest {
    /// What the vault would save.
    Vault,
    /// What the items under a policy would save.
    Policy(String),
    /// What an item would save.
    Item(ItemPath),
    /// What bringing a point back would take.
    Rehydration(ItemPath, String),
}

/// Counts, and keeps the count beside the operation, which has ended then.
pub async fn fetch(engine: &Engine, caller: &Caller, path: &VaultPath, request: &TieringRequest) -> Result<Operation> {
    let tiering = match request {
        TieringRequest::Rehydration(item, point) => Tiering::Rehydration { bytes: archived(engine, item, point).await? },
        other => {
            let mut bytes = 0_i64;
            for item in items(engine, path, other).await? {
                bytes = bytes.saturating_add(movable(engine, item).await?);
            }
            Tiering::Saving { bytes }
        }
    };
    let mut tx = engine.store.begin().await?;
    let vault = find(tx.as_mut(), path).await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let operation = start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Nothing, job: None, done: true }).await?;
    tx.put_outcome(operation.id, &Outcome::Tiering(tiering)).await?;
    tx.commit().await?;
    Ok(operation)
}

/// The items that the request is about, soft-deleted ones left out.
async fn items(engine: &Engine, path: &VaultPath, request: &TieringRequest) -> Result<Vec<ItemId>> {
    let policy_id = match request {
        TieringRequest::Policy(name) => Some(policies::get(engine, path, name).await?.policy.id),
        _ => None,
    };
    let mut tx = engine.store.read().await?;
    if let TieringRequest::Item(item) = request {
        return Ok(vec![find_item(tx.as_mut(), item).await?.2.id]);
    }
    let vault = find(tx.as_mut(), path).await?;
    let filter = ItemFilter { policy_id, ..ItemFilter::default() };
    let mut page = Page::default();
    let mut all = Vec::new();
    loop {
        let slice = tx.items(vault.id, &filter, &page).await?;
        all.extend(slice.items.iter().filter(|item| item.soft_deleted.is_none()).map(|item| item.id));
        match slice.next {
            Some(next) => page.after = Some(next),
            None => return Ok(all),
        }
    }
}

/// Bytes of an item's points that may move now. Only fulls that are old enough are looked at.
async fn movable(engine: &Engine, item: ItemId) -> Result<i64> {
    let age = SignedDuration::from_hours(24 * i64::from(MIN_AGE_DAYS));
    let old = engine.trusted_now().saturating_sub(age).unwrap_or(Timestamp::MIN);
    let filter = PointFilter { kinds: vec![BackupKind::Full], from: None, to: Some(old) };
    let mut page = Page::default();
    let mut bytes = 0_i64;
    loop {
        let slice = engine.store.read().await?.points(item, &filter, &page).await?;
        for (point, ready) in slice.items.iter().zip(readiness(engine, &slice.items).await?) {
            if ready.is_ok() {
                bytes = bytes.saturating_add(i64::try_from(point.sealed_bytes).unwrap_or(i64::MAX));
            }
        }
        match slice.next {
            Some(next) => page.after = Some(next),
            None => return Ok(bytes),
        }
    }
}

/// Bytes of an archived point.
async fn archived(engine: &Engine, path: &ItemPath, name: &str) -> Result<i64> {
    let mut tx = engine.store.read().await?;
    let (_, _, item) = find_item(tx.as_mut(), path).await?;
    let point = tx.point(item.id, &RecoveryPointName(name.to_owned())).await?.ok_or_else(|| backups::not_found(&item, name))?;
    match point.tier.at(engine.clock.now()) {
        Tier::Archived { .. } | Tier::Rehydrating { .. } | Tier::Rehydrated { .. } => {
            Ok(i64::try_from(point.sealed_bytes).unwrap_or(i64::MAX))
        }
        Tier::Standard | Tier::Moving { .. } => Err(Fault::invalid(
            "UserErrorRecoveryPointNotInArchive",
            format!("Recovery point '{name}' is not in the archive tier, so nothing is to be rehydrated. Ask about one that is."),
        )
        .at("recoveryPointId")),
    }
}
