//! Health events: one for each backup or restore that ended, written in the transaction that ends it
//! (rulebook 7.2). Cancelled ones give none.

use crate::Engine;
use crate::vaults::{VaultPath, find};
use jiff::Timestamp;
use rsvault_domain::fault::{JobFault, Result};
use rsvault_domain::health::{HealthEvent, HealthMetric, HealthStatus};
use rsvault_domain::id::{ItemId, JobId, VaultId};
use rsvault_domain::ports::Tx;
use rsvault_domain::protection::Trouble;
use rsvault_domain::vault::Vault;

/// Events that one question may ask for.
const MOST: u32 = 100_000;

/// What has ended.
pub(crate) struct Ended<'a> {
    /// Vault.
    pub(crate) vault: VaultId,
    /// Item.
    pub(crate) item: ItemId,
    /// Job, where there is one.
    pub(crate) job: Option<JobId>,
    /// Backup or restore.
    pub(crate) metric: HealthMetric,
    /// The failure and how often it came in a row; None: it went well.
    pub(crate) trouble: Option<&'a Trouble>,
}

/// Notes it.
pub(crate) async fn note(engine: &Engine, tx: &mut dyn Tx, ended: Ended<'_>) -> Result<()> {
    let event = HealthEvent {
        vault_id: ended.vault,
        item_id: ended.item,
        job_id: ended.job,
        metric: ended.metric,
        status: HealthStatus::after(ended.trouble.map(|t| t.code.as_str()), ended.trouble.map_or(0, |t| t.times)),
        code: ended.trouble.map(|t| t.code.clone()),
        at: engine.clock.now(),
    };
    Ok(tx.insert_health_event(&event).await?)
}

/// The trouble that a failure makes of the one before it: the same again, or a new one.
pub(crate) fn again(before: Option<Trouble>, fault: &JobFault) -> Trouble {
    match before {
        Some(trouble) if trouble.code == fault.code => Trouble { times: trouble.times.saturating_add(1), ..trouble },
        _ => Trouble { code: fault.code.clone(), times: 1 },
    }
}

/// Events of a vault with `from <= at < to`, oldest first.
pub async fn events(
    engine: &Engine,
    path: &VaultPath,
    metric: HealthMetric,
    from: Timestamp,
    to: Timestamp,
) -> Result<(Vault, Vec<HealthEvent>)> {
    let mut tx = engine.store.read().await?;
    let vault = find(tx.as_mut(), path).await?;
    let events = tx.health_events(vault.id, metric, from, to, MOST).await?;
    Ok((vault, events))
}
