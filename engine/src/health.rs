//! Health events: one for each backup or restore that ended, written in the transaction that ends it
//! (rulebook 7.2). Cancelled ones give none.

use crate::Engine;
use crate::vaults::{VaultPath, find};
use jiff::Timestamp;
use rsvault_domain::discovery::Container;
use rsvault_domain::fault::{Fault, JobFault, Result};
use rsvault_domain::health::{HealthEvent, HealthMetric, HealthStatus};
use rsvault_domain::id::{ContainerId, ItemId, JobId, VaultId};
use rsvault_domain::ports::Tx;
use rsvault_domain::protection::{ProtectedItem, Trouble};
use rsvault_domain::vault::Vault;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// Events that one question may ask for: what its answer is counted from is held in memory.
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

/// Events of a vault, and what they are about.
#[derive(Debug)]
pub struct Events {
    /// The vault.
    pub vault: Vault,
    /// Oldest first; those of items that are still there.
    pub events: Vec<HealthEvent>,
    /// The items.
    pub items: HashMap<ItemId, ProtectedItem>,
    /// Their servers.
    pub containers: HashMap<ContainerId, Container>,
}

/// Events of a vault with `from <= at < to`.
pub async fn events(engine: &Engine, path: &VaultPath, metric: HealthMetric, from: Timestamp, to: Timestamp) -> Result<Events> {
    let mut tx = engine.store.read().await?;
    let vault = find(tx.as_mut(), path).await?;
    let mut events = tx.health_events(vault.id, metric, from, to, MOST).await?;
    if events.len() == MOST as usize {
        return Err(Fault::invalid("BadRequest", format!("The span has {MOST} events or more. Ask for a shorter timespan.")).at("timespan"));
    }
    let (mut items, mut containers) = (HashMap::new(), HashMap::new());
    let named: HashSet<ItemId> = events.iter().map(|event| event.item_id).collect();
    for id in named {
        let Some(item) = tx.item_by_id(id).await? else { continue };
        if let Entry::Vacant(vacant) = containers.entry(item.container_id) {
            let Some(container) = tx.container_by_id(item.container_id).await? else { continue };
            vacant.insert(container);
        }
        items.insert(id, item);
    }
    events.retain(|event| items.contains_key(&event.item_id));
    Ok(Events { vault, events, items, containers })
}
