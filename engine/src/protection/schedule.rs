//! Reading an item's schedule: what is due, what has run, and whether the agent knows.

use super::{ItemPath, find_item};
use crate::Engine;
use crate::agents::{schedule_of, timetable};
use jiff::Timestamp;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::fault::Result;
use rsvault_domain::policy::Timetable;

/// The slots of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindFacts {
    /// Kind.
    pub kind: BackupKind,
    /// The next slot.
    pub next: Option<Timestamp>,
    /// The newest slot that was offered.
    pub last: Option<Timestamp>,
    /// The oldest slot that nothing was heard of, while there is one.
    pub missed: Option<Timestamp>,
    /// Whether the database can do it.
    pub supported: bool,
}

/// The schedule of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleFacts {
    /// When the agent wrote the schedule in force to its disk; None while it has not.
    pub acknowledged_at: Option<Timestamp>,
    /// When the agent was last heard of.
    pub agent_last_seen_at: Option<Timestamp>,
    /// Why nothing but a full may follow.
    pub needs_full: Option<String>,
    /// Kinds that the policy schedules; none while the item is stopped.
    pub kinds: Vec<KindFacts>,
}

/// The schedule of an item.
pub async fn schedule(engine: &Engine, path: &ItemPath) -> Result<ScheduleFacts> {
    let now = engine.clock.now();
    let mut tx = engine.store.read().await?;
    let (_, container, item) = find_item(tx.as_mut(), path).await?;
    let table = match item.may_back_up() {
        Ok(policy) => timetable(tx.as_mut(), policy).await?,
        Err(_) => None,
    };
    let agent = tx.agent_of(container.server_id).await?;
    let revision = schedule_of(tx.as_mut(), container.server_id).await?.revision;
    let known = agent.as_ref().filter(|a| a.schedule_revision.as_ref() == Some(&revision));
    let kinds = table.iter().flat_map(|table| {
        Timetable::KINDS.into_iter().filter(|kind| table.schedules(*kind)).map(|kind| KindFacts {
            kind,
            next: table.next(kind, now),
            last: item.track.slots.get(&kind).copied(),
            missed: item.track.missed.iter().find(|m| m.kind == kind).map(|m| m.slot),
            supported: item.recovery_model.allows(kind, &item.name.database) && !(item.track.read_only && kind != BackupKind::Full),
        })
    });
    Ok(ScheduleFacts {
        acknowledged_at: known.and_then(|a| a.schedule_acked_at),
        agent_last_seen_at: agent.as_ref().map(|a| a.last_seen_at),
        needs_full: item.track.needs_full.clone(),
        kinds: kinds.collect(),
    })
}
