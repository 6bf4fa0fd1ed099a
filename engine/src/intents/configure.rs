//! Protecting one database for an intent: tried at once, and, while it fails for what time may mend, three
//! more times in the pace of discovery; then given up with a failed job and without an alert.
//!
//! Always holds: the job is open exactly as long as the intent has the database as Configuring.

use crate::{Engine, outcome, protection};
use rsvault_domain::discovery::{Container, DatabaseInventory, Registration, ServerState};
use rsvault_domain::fault::{Fault, FaultKind, JobFault, Result, codes};
use rsvault_domain::id::{IntentId, ItemName, JobId, NameKey, TaskId};
use rsvault_domain::intent::{Intent, IntentDatabase, Standing, next_try};
use rsvault_domain::job::JobStatus;
use rsvault_domain::ports::{Bell, EventKind, Tx};
use rsvault_domain::work::{Task, TaskKind};
use rsvault_domain::{limits, naming};
use uuid::Uuid;

/// Runs a task.
pub(crate) async fn run(engine: &Engine, owner: &str, task: &Task, intent: IntentId, name: &ItemName, job: JobId) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    if !tx.finish_task(task.id, owner, task.attempt).await? {
        return Ok(()); // Somebody else holds it now.
    }
    let Some((intent, mut database)) = waiting(tx.as_mut(), intent, name, job).await? else {
        return Ok(tx.commit().await?); // The intent ended, and its jobs with it.
    };
    let text = match protect(engine, tx.as_mut(), &intent, name, job).await {
        Ok(text) => {
            tx.delete_intent_database(intent.id, &name.key()).await?;
            outcome::end_job(engine, tx.as_mut(), intent.vault_id, job, JobStatus::Completed, Vec::new(), &[]).await?;
            text.to_owned()
        }
        Err(fault) if matches!(fault.kind, FaultKind::Internal | FaultKind::Unavailable) => return Err(fault),
        Err(fault) => {
            let shown = JobFault::catalogue(&fault.code, fault.message);
            database.failures += 1;
            match next_try(&fault.code, database.failures, engine.clock.now()) {
                Some(at) => {
                    again(tx.as_mut(), &intent, &database, job, &shown).await?;
                    tx.enqueue(TaskId(Uuid::now_v7()), &task.kind, at).await?;
                    format!("Not protected yet, tried again at {at}: {}", shown.message)
                }
                None => {
                    let text = format!("Auto-protection gives up: {}", shown.message);
                    end(engine, tx.as_mut(), &intent, database, job, shown).await?;
                    text
                }
            }
        }
    };
    tx.commit().await?;
    engine.wake.ring(Bell::Schedules);
    engine.note(EventKind::Discovery, name.to_string(), text);
    Ok(())
}

/// Gives a database up whose task could not be run.
pub(crate) async fn give_up(engine: &Engine, tx: &mut dyn Tx, task: &TaskKind, fault: &Fault) -> Result<()> {
    let TaskKind::AutoProtect { intent, parent, database, job } = task else { return Ok(()) };
    let name = ItemName::new(parent, database);
    match waiting(tx, *intent, &name, *job).await? {
        Some((intent, database)) => end(engine, tx, &intent, database, *job, JobFault::catalogue(&fault.code, fault.message.clone())).await,
        None => Ok(()),
    }
}

/// The intent and what it knows of the database, if it waits for this job.
async fn waiting(tx: &mut dyn Tx, intent: IntentId, name: &ItemName, job: JobId) -> Result<Option<(Intent, IntentDatabase)>> {
    let Some(intent) = tx.intent_by_id(intent).await? else { return Ok(None) };
    let database = tx.intent_database(intent.id, &name.key()).await?;
    Ok(database.filter(|d| d.standing == Standing::Configuring && d.job_id == Some(job)).map(|d| (intent, d)))
}

/// The job runs on and shows what stands in its way.
async fn again(tx: &mut dyn Tx, intent: &Intent, database: &IntentDatabase, job: JobId, fault: &JobFault) -> Result<()> {
    tx.put_intent_database(database).await?;
    if let Some(mut job) = tx.job(intent.vault_id, job).await?.filter(|job| !job.status.is_final()) {
        job.faults = vec![fault.clone()];
        tx.update_job(&job).await?;
    }
    Ok(())
}

async fn end(engine: &Engine, tx: &mut dyn Tx, intent: &Intent, database: IntentDatabase, job: JobId, fault: JobFault) -> Result<()> {
    tx.put_intent_database(&IntentDatabase { standing: Standing::GivenUp, job_id: None, ..database }).await?;
    outcome::end_job(engine, tx, intent.vault_id, job, JobStatus::Failed, vec![fault], &[]).await
}

async fn protect(engine: &Engine, tx: &mut dyn Tx, intent: &Intent, name: &ItemName, job: JobId) -> Result<&'static str> {
    let mut vault = tx.vault_by_id(intent.vault_id).await?.ok_or_else(|| Fault::internal("vault of an intent is gone"))?;
    let container = tx.container_by_id(intent.container_id).await?.ok_or_else(|| Fault::internal("container of an intent is gone"))?;
    if tx.item(container.id, &name.key()).await?.is_some() {
        return Ok("Protected by somebody else meanwhile; it keeps the policy it has.");
    }
    reachable(tx, &container).await?;
    let database = found(&container, name)?;
    let policy = tx.policy_by_id(intent.policy_id).await?.ok_or_else(|| {
        Fault::conflict(
            "BMSUserErrorPolicyNotFound",
            "The policy of the auto-protection was deleted. Put the intent again with another one.",
        )
    })?;
    let held = tx.held(vault.id).await?.items;
    let cure = "Delete items that are not needed any more, then put the intent again; or protect the server in another vault.";
    limits::room(codes::QUOTA, held, limits::DATABASES_PER_VAULT, "protected databases", &vault.name, cure)?;
    let item = protection::new_item(&container, ItemName::new(&name.instance, &database.name), database, policy.id, engine.clock.now());
    tx.insert_item(&item).await?;
    if !vault.used {
        vault.used = true;
        tx.update_vault(&vault).await?;
    }
    if let Some(mut job) = tx.job(vault.id, job).await? {
        job.item_id = Some(item.id);
        job.set_property("Policy Name", policy.name);
        tx.update_job(&job).await?;
    }
    Ok("Protected by the auto-protection of what it is on.")
}

/// The schedule is brought to the server, which must be there to take it.
async fn reachable(tx: &mut dyn Tx, container: &Container) -> Result<()> {
    let name = &container.name.server;
    if container.registration != Registration::Registered {
        let text = format!("Container '{}' is {}. Register it.", container.name, container.registration.as_str());
        return Err(Fault::conflict("BMSUserErrorContainerNotRegistered", text));
    }
    let nodes = container.group().map_or_else(|| vec![container.server_id], |group| group.nodes().collect());
    let mut runs = false;
    for node in nodes {
        runs |= tx.server_by_id(node).await?.is_some_and(|server| server.state == ServerState::Running);
    }
    if !runs {
        return Err(Fault::conflict("VMNotInRunningStateUserError", format!("Server '{name}' is stopped.")));
    }
    if !container.healthy {
        return Err(Fault::conflict("WorkloadExtensionNotReachable", format!("The agent on '{name}' was silent when it was last asked.")));
    }
    Ok(())
}

/// The database, if what it is on can be read and its name can be protected.
fn found<'a>(container: &'a Container, name: &ItemName) -> Result<&'a DatabaseInventory> {
    let gone = || Fault::conflict("UserErrorSQLPODoesNotExist", format!("'{}' is not on '{}'.", name.database, name.instance));
    let parent = container.inventory.instance(&name.instance).ok_or_else(gone)?;
    if let Some(fault) = &parent.fault {
        return Err(Fault::conflict(fault.code.clone(), format!("On instance '{}'.", parent.name)));
    }
    let key = NameKey::new(&name.database);
    let database = parent.databases.iter().find(|d| NameKey::new(&d.name) == key).ok_or_else(gone)?;
    match naming::unfit(parent, &database.name).filter(|unfit| !unfit.by_auto_protection) {
        Some(unfit) => Err(Fault::conflict(codes::NAME_UNFIT, unfit.rule)),
        None => Ok(database),
    }
}
