//! The schedule of a server: what its agent keeps on its disk and fires by its own clock.
//!
//! Always holds: the revision follows from the content alone, so agents and vault agree without a
//! counter; a database that is stopped, suspended or deleted is in no schedule.

use super::commands::touch;
use crate::Engine;
use jiff::SignedDuration;
use rsvault_domain::discovery::{AgentRecord, Container, Registration};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{ItemId, PolicyId, ServerId};
use rsvault_domain::policy::Timetable;
use rsvault_domain::ports::{Bell, ItemFilter, Page, Tx};
use serde::Serialize;
use std::collections::HashMap;
use std::time::Duration;

/// An agent that was not heard of for so long is noted as alive when it asks for its schedule.
const SIGN_OF_LIFE: SignedDuration = SignedDuration::from_secs(60);

/// The schedule of one database.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScheduledItem {
    /// Item.
    pub item: ItemId,
    /// Instance, as the server spells it.
    pub instance: String,
    /// Database, as the server spells it.
    pub database: String,
    /// From when on slots count.
    pub since: jiff::Timestamp,
    /// When which kind is due.
    pub timetable: Timetable,
}

/// The schedule of a server.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleOf {
    /// Follows from the items.
    pub revision: String,
    /// Items by id.
    pub items: Vec<ScheduledItem>,
}

/// The schedule of the agent's server as soon as it differs from `have`, or None after `wait`
/// (bounded to a minute). `have` is noted as what the agent has on its disk.
pub async fn next_schedule(engine: &Engine, agent: &AgentRecord, have: Option<&str>, wait: Duration) -> Result<Option<ScheduleOf>> {
    const STEP: Duration = Duration::from_secs(2);
    let wait = wait.min(Duration::from_secs(60));
    if let Some(have) = have.filter(|have| agent.schedule_revision.as_deref() != Some(*have)) {
        if have.len() > 128 {
            return Err(Fault::invalid("InvalidRevision", "'have' is longer than any revision. Send the one that was given.").at("have"));
        }
        let mut tx = engine.store.begin().await?;
        tx.ack_schedule(agent.id, have, engine.clock.now()).await?;
        tx.commit().await?;
    }
    let now = engine.clock.now();
    if now.duration_since(agent.last_seen_at) > SIGN_OF_LIFE {
        // One that asks for work as well is heard of more often.
        let mut tx = engine.store.begin().await?;
        touch(engine, tx.as_mut(), agent, &agent.version).await?;
        tx.commit().await?;
    }
    let mut waited = Duration::ZERO;
    loop {
        // Stands from here on: a change while the schedule is read rings for this waiter.
        let step = STEP.min(wait.saturating_sub(waited));
        let bell = engine.wake.wait(Bell::Schedules, step);
        let schedule = schedule_of(engine.store.read().await?.as_mut(), agent.server_id).await?;
        if have != Some(schedule.revision.as_str()) {
            return Ok(Some(schedule));
        }
        if waited >= wait {
            return Ok(None);
        }
        bell.await;
        waited += step;
    }
}

/// The schedule of a server as it stands. The databases of its availability groups are in it: each node
/// offers their slots, and one is elected (`super::slot`).
pub(crate) async fn schedule_of(tx: &mut dyn Tx, server: ServerId) -> Result<ScheduleOf> {
    let mut items = Vec::new();
    if let Some(container) = tx.container_of_server(server).await?.filter(|c| c.registration != Registration::SoftDeleted) {
        let mut tables = HashMap::new();
        scheduled(tx, &container, &mut tables, &mut items).await?;
        for seen in &container.inventory.groups {
            let group = tx.container(container.vault_id, &seen.group.container_name().key()).await?;
            if let Some(group) = group.filter(|group| group.group().is_some_and(|group| group.replica(server).is_some())) {
                scheduled(tx, &group, &mut tables, &mut items).await?;
            }
        }
    }
    items.sort_by_key(|i| i.item);
    let text = serde_json::to_vec(&items).map_err(Fault::internal)?;
    Ok(ScheduleOf { revision: blake3::hash(&text).to_hex()[..32].to_owned(), items })
}

/// Adds the databases of a container that are backed up.
async fn scheduled(
    tx: &mut dyn Tx,
    container: &Container,
    tables: &mut HashMap<PolicyId, Option<Timetable>>,
    items: &mut Vec<ScheduledItem>,
) -> Result<()> {
    let filter = ItemFilter { container_id: Some(container.id), policy_id: None };
    let mut page = Page::default();
    loop {
        let slice = tx.items(container.vault_id, &filter, &page).await?;
        for item in slice.items {
            let Ok(policy) = item.may_back_up() else { continue };
            let timetable = match tables.get(&policy) {
                Some(known) => known.clone(),
                None => {
                    let table = timetable(tx, policy).await?;
                    tables.insert(policy, table.clone());
                    table
                }
            };
            let Some(timetable) = timetable else { continue };
            let spelled = container.inventory.spelled(&item.name);
            let since = item.track.scheduled_since.unwrap_or(item.created_at);
            items.push(ScheduledItem { item: item.id, instance: spelled.instance, database: spelled.database, since, timetable });
        }
        match slice.next {
            Some(next) => page.after = Some(next),
            None => return Ok(()),
        }
    }
}

/// The timetable of a policy for SQL databases.
pub(crate) async fn timetable(tx: &mut dyn Tx, id: PolicyId) -> Result<Option<Timetable>> {
    let Some(policy) = tx.policy_by_id(id).await? else { return Ok(None) };
    let Ok(sql) = policy.spec.for_sql(&policy.name) else { return Ok(None) };
    Ok(Some(Timetable::of(sql, policy.updated_at)))
}
