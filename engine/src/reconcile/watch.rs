//! Watches schedules: what should have happened and was not heard of (rulebook 7; the agent fires by
//! its own clock, so the vault can only notice).
//!
//! Always holds: a slot is missed when nobody offered it within [`GRACE`] of its time; a row of missed
//! slots of a kind is one finding and one alert, over when the kind runs again
//! or is not scheduled any more.

use crate::Engine;
use crate::agents::timetable;
use crate::alerts::{self, Cause};
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::alert::AlertKind;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::fault::Result;
use rsvault_domain::policy::Timetable;
use rsvault_domain::ports::{About, Event, EventKind, Tx};
use rsvault_domain::protection::{MissedSlot, ProtectedItem};
use rsvault_domain::work::COMMAND_PATIENCE;

/// How late a slot may be offered: a server that restarts, a vault that was away for a moment.
pub(crate) const GRACE: SignedDuration = SignedDuration::from_mins(15);
/// Kinds that are scheduled.
const KINDS: [BackupKind; 3] = [BackupKind::Full, BackupKind::Differential, BackupKind::Log];

/// Looks at every item whose time to be looked at has come.
pub(crate) async fn watch(engine: &Engine) -> Result<()> {
    let now = engine.clock.now();
    loop {
        if engine.store.read().await?.items_to_watch(now, 1).await?.is_empty() {
            return Ok(());
        }
        let mut tx = engine.store.begin().await?;
        let mut events = Vec::new();
        for mut item in tx.items_to_watch(now, 100).await? {
            look(engine, tx.as_mut(), &mut item, now, &mut events).await?;
            tx.update_item(&item).await?;
        }
        tx.commit().await?;
        events.into_iter().for_each(|event| engine.chronicle.note(event));
    }
}

async fn look(engine: &Engine, tx: &mut dyn Tx, item: &mut ProtectedItem, now: Timestamp, events: &mut Vec<Event>) -> Result<()> {
    let table = match item.may_back_up() {
        Ok(policy) => timetable(tx, policy).await?,
        Err(_) => None,
    };
    let Some(table) = table else {
        item.watch_at = None;
        return forget(engine, tx, item, |_| true).await;
    };
    forget(engine, tx, item, |kind| !table.schedules(kind)).await?;
    for kind in KINDS {
        let Some(slot) = late(&table, item, kind, now).filter(|_| !noted(item, kind)) else { continue };
        item.track.missed.push(MissedSlot { kind, slot, noticed_at: now });
        let text = format!(
            "The {} backup of '{}' that was due at {slot} has not been heard of. Check that the server is up, that its agent runs and that it reaches the vault.",
            kind.as_str(),
            item.name
        );
        events.push(Event { at: now, kind: EventKind::MissedSlot, subject: item.name.to_string(), text: text.clone() });
        let cause = Cause {
            vault: item.vault_id,
            item: Some(item.id),
            subject: item.name.to_string(),
            kind: AlertKind::BackupMissed,
            code: None,
            text,
            job: None,
        };
        alerts::raise(engine, tx, cause).await?;
        silent_server(engine, tx, item, now, events).await?;
    }
    item.watch_at = next_look(&table, item, now);
    Ok(())
}

/// Nothing is due of the kinds that are not scheduled (any more), so none is missed and none asked in vain.
async fn forget(engine: &Engine, tx: &mut dyn Tx, item: &mut ProtectedItem, gone: impl Fn(BackupKind) -> bool) -> Result<()> {
    let track = &mut item.track;
    let before = (track.missed.len(), track.unsupported.len());
    track.missed.retain(|missed| !gone(missed.kind));
    track.unsupported.retain(|kind| !gone(*kind));
    let left = (track.missed.len(), track.unsupported.len());
    for (kind, over) in
        [(AlertKind::BackupMissed, left.0 == 0 && before.0 > 0), (AlertKind::UnsupportedBackupType, left.1 == 0 && before.1 > 0)]
    {
        if over {
            alerts::resolve(engine, tx, item.vault_id, About::Item(item.id), kind).await?;
        }
    }
    Ok(())
}

/// The agent of the item's server has not been heard of either: one alert a server.
async fn silent_server(engine: &Engine, tx: &mut dyn Tx, item: &ProtectedItem, now: Timestamp, events: &mut Vec<Event>) -> Result<()> {
    let Some(mut container) = tx.container_by_id(item.container_id).await? else { return Ok(()) };
    if container.name.is_group() {
        // Servers are silent, not groups: the node that is asked first.
        let Some(node) = tx.container_of_server(container.server_id).await? else { return Ok(()) };
        container = node;
    }
    let heard = tx.agent_of(container.server_id).await?.map(|agent| agent.last_seen_at);
    let subject = container.name.server.clone();
    let told = tx.active_alert(container.vault_id, About::Subject(&subject), AlertKind::WorkloadExtensionUnhealthy).await?.is_some();
    if told || heard.is_some_and(|at| now.duration_since(at) <= COMMAND_PATIENCE) {
        return Ok(());
    }
    container.healthy = false;
    tx.update_container(&container).await?;
    let text = format!(
        "The agent of server '{subject}' has not been heard of since {}.",
        heard.map_or("its enrolment".to_owned(), |at| at.to_string())
    );
    events.push(Event { at: now, kind: EventKind::Alert, subject: subject.clone(), text: text.clone() });
    let cause = Cause {
        vault: container.vault_id,
        item: None,
        subject,
        kind: AlertKind::WorkloadExtensionUnhealthy,
        code: Some("WorkloadExtensionNotReachable".to_owned()),
        text,
        job: None,
    };
    alerts::raise(engine, tx, cause).await
}

/// When the item's schedule is to be looked at next: when the first slot that may still come is late.
pub(crate) fn next_look(table: &Timetable, item: &ProtectedItem, now: Timestamp) -> Option<Timestamp> {
    let look = |kind| table.next(kind, counted(item, kind).max(before(now)))?.checked_add(GRACE).ok();
    KINDS.into_iter().filter_map(look).min()
}

/// The newest slot of a kind that is late and that nobody has offered.
fn late(table: &Timetable, item: &ProtectedItem, kind: BackupKind, now: Timestamp) -> Option<Timestamp> {
    table.latest(kind, before(now)).filter(|slot| *slot > counted(item, kind))
}

/// Slots up to here are of no interest: they were taken, or their schedule was not in force.
fn counted(item: &ProtectedItem, kind: BackupKind) -> Timestamp {
    let since = item.track.scheduled_since.unwrap_or(item.created_at);
    let before_since = since.checked_sub(SignedDuration::from_micros(1)).unwrap_or(Timestamp::MIN);
    item.track.slots.get(&kind).copied().unwrap_or(Timestamp::MIN).max(before_since)
}

fn noted(item: &ProtectedItem, kind: BackupKind) -> bool {
    item.track.missed.iter().any(|missed| missed.kind == kind)
}

fn before(now: Timestamp) -> Timestamp {
    now.checked_sub(GRACE).unwrap_or(Timestamp::MIN)
}
