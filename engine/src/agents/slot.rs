//! A slot of a schedule that an agent offers: what becomes of it.
//!
//! Always holds: a slot runs once, however often and by whomever it is offered (the item's watermark
//! moves in the transaction that makes the command); a run that was lost with its agent is leased
//! again at a higher generation; what the chain forbids becomes the full that mends it.

use super::commands::{LeasedCommand, lease_end, lease_seconds};
use crate::alerts::{self, Cause};
use crate::backups::{Asked, verdict};
use crate::groups::{self, Turn};
use crate::reconcile::watch;
use crate::{Engine, jobs, outcome};
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::alert::AlertKind;
use rsvault_domain::availability::Group;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::backup::heal::Decision;
use rsvault_domain::discovery::{AgentRecord, Container};
use rsvault_domain::fault::{Fault, JobFault, Result, codes};
use rsvault_domain::id::{CommandId, ItemId, JobId, ServerId};
use rsvault_domain::job::{Job, JobKind, JobStatus};
use rsvault_domain::policy::Timetable;
use rsvault_domain::ports::{About, Event, EventKind, Tx};
use rsvault_domain::protection::{LastBackup, ProtectedItem};
use rsvault_domain::work::{AgentCommand, CommandState, CommandWork, Slot};

/// How far an agent's clock may be ahead of the vault's.
const AHEAD: SignedDuration = SignedDuration::from_mins(2);

/// What an agent offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotOffer {
    /// Item.
    pub item: ItemId,
    /// The slot.
    pub slot: Slot,
}

/// What becomes of it.
#[derive(Clone, Debug)]
pub enum SlotVerdict {
    /// Run this command; it is leased to the agent.
    Run(Box<LeasedCommand>),
    /// It has run, was merged into a newer one, or is not due any more.
    Done,
    /// It will not run, and why.
    Refused(JobFault),
}

/// Where the item stands: all that a run needs.
struct Place {
    item: ProtectedItem,
    container: Container,
    /// What people are told as the place of the database.
    host: String,
    timetable: Timetable,
    compress: bool,
}

/// Takes an offer.
pub async fn slot(engine: &Engine, agent: &AgentRecord, offer: SlotOffer) -> Result<SlotVerdict> {
    let now = engine.clock.now();
    if offer.slot.at > now.saturating_add(AHEAD).map_err(Fault::internal)? {
        return Err(Fault::invalid(
            "SlotNotDue",
            format!("The slot {} has not come: it is {now} here. Check the clocks of the server and the vault.", offer.slot.at),
        )
        .at("slot"));
    }
    let mut tx = engine.store.begin().await?;
    let Some(mut place) = place(tx.as_mut(), agent, offer).await? else { return Ok(SlotVerdict::Done) };
    match place.item.track.slots.get(&offer.slot.kind) {
        Some(newest) if *newest > offer.slot.at => return Ok(SlotVerdict::Done),
        Some(newest) if *newest == offer.slot.at => return again(engine, tx, agent, offer).await,
        _ => {}
    }
    let running = groups::open_commands(tx.as_mut(), &place.container).await?;
    let asked = Asked { kind: offer.slot.kind, scheduled: true, now };
    let mut decision = verdict(tx.as_mut(), &place.item, asked, &running).await?;
    if let Some(group) = place.container.group() {
        match elected(tx.as_mut(), group, agent.server_id, offer.slot.kind, decision).await? {
            Some(still) => decision = still,
            None => return Ok(SlotVerdict::Refused(JobFault::catalogue(codes::OTHER_NODE, ""))),
        }
    }
    let item = &mut place.item;
    item.track.slots.insert(offer.slot.kind, offer.slot.at);
    item.updated_at = now;
    heard_of(engine, tx.as_mut(), item, offer.slot.kind).await?;
    item.watch_at = watch::next_look(&place.timetable, item, now);
    if decision != (Decision::Skip { code: codes::UNSUPPORTED_TYPE }) {
        able_again(engine, tx.as_mut(), &mut place.item, offer.slot.kind).await?;
    }
    let answer = match decision {
        Decision::Run(kind) => run(engine, tx.as_mut(), agent, &place, offer.slot, kind, None).await?,
        Decision::Convert { to, because } => run(engine, tx.as_mut(), agent, &place, offer.slot, to, Some(because.to_owned())).await?,
        Decision::FailAndHeal { code } => {
            failed(engine, tx.as_mut(), &mut place, offer.slot.kind, &JobFault::catalogue(code, "")).await?;
            run(engine, tx.as_mut(), agent, &place, offer.slot, BackupKind::Full, Some(code.to_owned())).await?
        }
        Decision::Fail { code } => {
            let fault = JobFault::catalogue(code, "");
            failed(engine, tx.as_mut(), &mut place, offer.slot.kind, &fault).await?;
            SlotVerdict::Refused(fault)
        }
        Decision::Skip { code } => skipped(engine, tx.as_mut(), &mut place, offer.slot.kind, code).await?,
    };
    tx.update_item(&place.item).await?;
    tx.commit().await?;
    note(engine, &place, offer.slot, &answer);
    Ok(answer)
}

/// The item of an offer, if it is this server's to back up and the slot is one of its policy's.
async fn place(tx: &mut dyn Tx, agent: &AgentRecord, offer: SlotOffer) -> Result<Option<Place>> {
    let Some(item) = tx.item_by_id(offer.item).await? else { return Ok(None) };
    let own = |c: &Container| match c.group() {
        Some(group) => group.replica(agent.server_id).is_some(),
        None => c.server_id == agent.server_id,
    };
    let Some(container) = tx.container_by_id(item.container_id).await?.filter(own) else {
        return Err(Fault::not_found("ItemNotFound", format!("Item '{}' is not one of this server's.", offer.item)).at("itemId"));
    };
    let Ok(policy) = item.may_back_up() else { return Ok(None) };
    let since = item.track.scheduled_since.unwrap_or(item.created_at);
    let Some(policy) = tx.policy_by_id(policy).await? else { return Ok(None) };
    let sql = policy.spec.for_sql(&policy.name)?;
    let timetable = Timetable::of(sql, policy.updated_at);
    if offer.slot.at < since || timetable.latest(offer.slot.kind, offer.slot.at) != Some(offer.slot.at) {
        return Ok(None); // The policy has changed since the agent read it.
    }
    let Some(server) = tx.server_by_id(agent.server_id).await? else { return Ok(None) };
    let host = groups::host_of(&container, &server);
    Ok(Some(Place { item, container, host, timetable, compress: sql.compresses() }))
}

/// Who of the nodes of a group takes a slot: the decision if it is the asking one, or if nobody may take
/// what is due; None if it is another's, who offers the slot too. Nothing is written for one that bails out.
async fn elected(tx: &mut dyn Tx, group: &Group, node: ServerId, due: BackupKind, decision: Decision) -> Result<Option<Decision>> {
    let (kind, because) = match decision {
        Decision::Run(kind) => (kind, None),
        Decision::Convert { to, because } => (to, Some(because)),
        Decision::FailAndHeal { code } => (BackupKind::Full, Some(code)),
        Decision::Fail { .. } | Decision::Skip { .. } => return Ok(Some(decision)),
    };
    Ok(match (groups::turn(tx, group, kind, node).await?, because) {
        (Turn::Mine, _) => Some(decision),
        (Turn::Other, _) => None,
        // Logs without a full that can be reached end here after their 15 days.
        (Turn::Nobody, Some(codes::FULL_OLD)) => Some(Decision::Fail { code: codes::FULL_OLD }),
        (Turn::Nobody, Some(_)) => Some(Decision::Fail { code: codes::FULL_NOT_POSSIBLE }),
        // The node that would take it is down: the slot is missed, not failed.
        (Turn::Nobody, None) if group.has_taker(due) => None,
        (Turn::Nobody, None) => Some(Decision::Fail { code: group.nobody(due) }),
    })
}

/// A slot that was offered before: what still runs of it is leased again.
async fn again(engine: &Engine, mut tx: Box<dyn Tx>, agent: &AgentRecord, offer: SlotOffer) -> Result<SlotVerdict> {
    let open = tx.open_commands(agent.server_id).await?.into_iter().find(|command| match &command.work {
        CommandWork::Backup { item, slot, .. } => *item == offer.item && *slot == Some(offer.slot),
        _ => false,
    });
    let Some(mut command) = open else { return Ok(SlotVerdict::Done) };
    command.state = CommandState::Leased;
    command.generation += 1;
    command.lease_expires_at = Some(lease_end(engine)?);
    tx.update_command(&command).await?;
    tx.commit().await?;
    Ok(SlotVerdict::Run(Box::new(LeasedCommand { command, lease_seconds: lease_seconds() })))
}

/// A missed kind has come back: health and alerts say so.
async fn heard_of(engine: &Engine, tx: &mut dyn Tx, item: &mut ProtectedItem, kind: BackupKind) -> Result<()> {
    if item.track.missed.is_empty() {
        return Ok(());
    }
    item.track.missed.retain(|missed| missed.kind != kind);
    if item.track.missed.is_empty() {
        alerts::resolve(engine, tx, item.vault_id, About::Item(item.id), AlertKind::BackupMissed).await?;
    }
    Ok(())
}

/// The database can do a kind that it was warned of: the warning is over.
async fn able_again(engine: &Engine, tx: &mut dyn Tx, item: &mut ProtectedItem, kind: BackupKind) -> Result<()> {
    if item.track.unsupported.is_empty() {
        return Ok(());
    }
    item.track.unsupported.retain(|other| *other != kind);
    if item.track.unsupported.is_empty() {
        alerts::resolve(engine, tx, item.vault_id, About::Item(item.id), AlertKind::UnsupportedBackupType).await?;
    }
    Ok(())
}

/// Makes the command of a run, leased to the agent that offered the slot, and its job: scheduled logs
/// have none (rulebook 6.3).
async fn run(
    engine: &Engine,
    tx: &mut dyn Tx,
    agent: &AgentRecord,
    place: &Place,
    slot: Slot,
    kind: BackupKind,
    remedial: Option<String>,
) -> Result<SlotVerdict> {
    let job = match kind {
        BackupKind::Log => None,
        _ => Some(scheduled_job(engine, tx, place, kind).await?.id),
    };
    let command = command(engine, agent, place, kind, Some(slot), remedial, job)?;
    tx.insert_command(&command).await?;
    Ok(SlotVerdict::Run(Box::new(LeasedCommand { command, lease_seconds: lease_seconds() })))
}

async fn scheduled_job(engine: &Engine, tx: &mut dyn Tx, place: &Place, kind: BackupKind) -> Result<Job> {
    let job = jobs::scheduled(engine, &place.item, JobKind::Backup(kind), &place.host);
    tx.insert_job(&job).await?;
    Ok(job)
}

fn command(
    engine: &Engine,
    agent: &AgentRecord,
    place: &Place,
    kind: BackupKind,
    slot: Option<Slot>,
    remedial: Option<String>,
    job: Option<JobId>,
) -> Result<AgentCommand> {
    let now = engine.clock.now();
    let spelled = place.container.inventory.spelled(&place.item.name);
    Ok(AgentCommand {
        id: CommandId(uuid::Uuid::now_v7()),
        server_id: agent.server_id,
        vault_id: place.item.vault_id,
        item_id: Some(place.item.id),
        work: CommandWork::Backup {
            item: place.item.id,
            instance: spelled.instance,
            database: spelled.database,
            kind,
            compress: place.compress,
            expires_at: None,
            on_demand: false,
            slot,
            remedial,
        },
        state: CommandState::Leased,
        generation: 1,
        lease_expires_at: Some(lease_end(engine)?),
        cancel_requested: false,
        job_id: job,
        operation_id: None,
        created_at: now,
        deadline_at: now.saturating_add(rsvault_domain::work::COMMAND_PATIENCE).unwrap_or(Timestamp::MAX),
    })
}

/// A run that failed before it began: the failed job stands beside the one that mends it.
async fn failed(engine: &Engine, tx: &mut dyn Tx, place: &mut Place, kind: BackupKind, fault: &JobFault) -> Result<()> {
    let now = engine.clock.now();
    let mut job_id = None;
    if kind != BackupKind::Log {
        let mut job = scheduled_job(engine, tx, place, kind).await?;
        job.end(JobStatus::Failed, vec![fault.clone()], now);
        tx.update_job(&job).await?;
        job_id = Some(job.id);
    }
    place.item.last_backup = Some(LastBackup { at: now, fault: Some(fault.clone()) });
    outcome::backup_failed(engine, tx, &mut place.item, kind, job_id, fault).await
}

/// A kind that the database cannot do: skipped, with one warning (rulebook 3.7).
async fn skipped(engine: &Engine, tx: &mut dyn Tx, place: &mut Place, kind: BackupKind, code: &str) -> Result<SlotVerdict> {
    let fault = JobFault::catalogue(code, "");
    let unsupported = code == codes::UNSUPPORTED_TYPE;
    if unsupported && !place.item.track.unsupported.contains(&kind) {
        place.item.track.unsupported.push(kind);
        let text = format!(
            "The policy of '{}' asks for {} backups, which the database cannot do now (recovery model {}). They are skipped. {}",
            place.item.name,
            kind.as_str(),
            place.item.recovery_model.wire(),
            fault.recommendations.join(" ")
        );
        let cause = Cause {
            vault: place.item.vault_id,
            item: Some(place.item.id),
            subject: place.item.name.to_string(),
            kind: AlertKind::UnsupportedBackupType,
            code: Some(code.to_owned()),
            text,
            job: None,
        };
        alerts::raise(engine, tx, cause).await?;
    }
    Ok(SlotVerdict::Refused(fault))
}

fn note(engine: &Engine, place: &Place, slot: Slot, answer: &SlotVerdict) {
    let text = match answer {
        SlotVerdict::Run(leased) => match &leased.command.work {
            CommandWork::Backup { kind, remedial: Some(code), .. } => {
                format!("{} due, {} taken instead ({code})", slot.kind.as_str(), kind.as_str())
            }
            _ => format!("{} started", slot.kind.as_str()),
        },
        SlotVerdict::Done => return,
        SlotVerdict::Refused(fault) => format!("{} skipped ({})", slot.kind.as_str(), fault.code),
    };
    engine.chronicle.note(Event { at: slot.at, kind: EventKind::Schedule, subject: place.item.name.to_string(), text });
}
