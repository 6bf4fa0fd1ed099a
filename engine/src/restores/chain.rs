//! The chain of an item's backups, built in one place for all who ask what can be restored.
//!
//! Always holds: soft-deleted points count (they can still be restored); a set that was aborted or is
//! being collected has no point, and so no place here.

use super::request::Wanted;
use jiff::Timestamp;
use rsvault_domain::backup::chain::{Chain, Link};
use rsvault_domain::backup::{BackupKind, RecoveryPointName};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::ports::Tx;
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::restore::PlanRequest;

/// The chain of all that an item has.
pub(crate) async fn of_item(tx: &mut dyn Tx, item: &ProtectedItem) -> Result<Chain> {
    Ok(Chain::new(tx.marks(item.id).await?.into_iter().map(|mark| mark.link)))
}

/// The chain to plan what is wanted on, and the question to it.
pub(super) async fn ask(tx: &mut dyn Tx, item: &ProtectedItem, wanted: &Wanted) -> Result<(Chain, PlanRequest)> {
    question(of_item(tx, item).await?, item, wanted)
}

/// The same of a chain that is there already.
pub(crate) fn question(chain: Chain, item: &ProtectedItem, wanted: &Wanted) -> Result<(Chain, PlanRequest)> {
    Ok(match wanted {
        Wanted::Point(name) => (chain, PlanRequest::Point(RecoveryPointName(name.clone()))),
        Wanted::Time { at, from: None } => (chain, PlanRequest::At(second(*at))),
        Wanted::Time { at, from: Some(full) } => {
            let name = RecoveryPointName(full.clone());
            let full = chain.get(&name).ok_or_else(|| crate::backups::not_found(item, &name.0))?;
            (hung_on(&chain, full)?, PlanRequest::At(second(*at)))
        }
    })
}

/// The part of the chain that begins with this full (rulebook 4.2): the full, its differentials, every log.
fn hung_on(chain: &Chain, full: &Link) -> Result<Chain> {
    if full.kind != BackupKind::Full {
        return Err(Fault::invalid(
            "BMSUserErrorInvalidRestoreRequest",
            format!(
                "Recovery point '{}' is a {} backup; a restore to a point in time begins with a full. Name a full, or DefaultRangeRecoveryPoint.",
                full.name,
                full.kind.as_str()
            ),
        )
        .at("recoveryPointId"));
    }
    let belongs = |link: &&Link| match link.kind {
        BackupKind::Full => link.set_id == full.set_id,
        BackupKind::Differential => link.database_backup_lsn == full.checkpoint_lsn && link.recovery_fork == full.recovery_fork,
        BackupKind::Log => true,
        BackupKind::CopyOnlyFull => false,
    };
    Ok(Chain::new(chain.links().iter().filter(belongs).cloned()))
}

/// The whole second that is meant: points in time are restored to the second (rulebook 4.1).
fn second(at: Timestamp) -> Timestamp {
    let whole = at.as_nanosecond().div_euclid(1_000_000_000);
    i64::try_from(whole).ok().and_then(|s| Timestamp::from_second(s).ok()).unwrap_or(Timestamp::MIN)
}
