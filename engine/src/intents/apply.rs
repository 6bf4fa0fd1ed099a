//! Carrying intents out: each time a container was inquired, every database of an auto-protected target that
//! is not protected gets a job of its own that protects it.

use crate::{Engine, jobs};
use rsvault_domain::discovery::Container;
use rsvault_domain::fault::{Fault, Result, codes};
use rsvault_domain::id::{ItemName, NameKey, TaskId};
use rsvault_domain::intent::{Intent, IntentDatabase, Standing, to_protect};
use rsvault_domain::job::JobKind;
use rsvault_domain::ports::Tx;
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::work::{AT_ONCE, TaskKind};
use std::collections::HashSet;
use uuid::Uuid;

/// Starts to protect what the intents of `container` ask for; how many databases it were. The caller rings
/// [`Tasks`](rsvault_domain::ports::Bell::Tasks).
pub(crate) async fn apply(engine: &Engine, tx: &mut dyn Tx, container: &Container) -> Result<usize> {
    let mut started = 0;
    for intent in tx.intents_of_container(container.id).await? {
        let known = known(tx, container, &intent).await?;
        let protected: HashSet<NameKey> = protected(tx, container, &intent).await?;
        let names = to_protect(&intent.target, &container.inventory, &protected, &known);
        started += names.len();
        if !names.is_empty() {
            start(engine, tx, container, &intent, names).await?;
        }
    }
    Ok(started)
}

/// Databases that the intent knows of. One that was given up and is gone is forgotten: made anew, it is new.
async fn known(tx: &mut dyn Tx, container: &Container, intent: &Intent) -> Result<HashSet<NameKey>> {
    let readable = container.inventory.instance(intent.target.name()).is_some_and(|parent| parent.fault.is_none());
    let there: HashSet<NameKey> = intent.target.databases(&container.inventory).iter().map(ItemName::key).collect();
    let mut known = HashSet::new();
    for database in tx.intent_databases(intent.id).await? {
        let key = database.name.key();
        if database.standing == Standing::GivenUp && readable && !there.contains(&key) {
            tx.delete_intent_database(intent.id, &key).await?;
        } else {
            known.insert(key);
        }
    }
    Ok(known)
}

async fn protected(tx: &mut dyn Tx, container: &Container, intent: &Intent) -> Result<HashSet<NameKey>> {
    // All names of the target lie between its prefix and the same with the character after ';'.
    let prefix = ItemName::new(intent.target.name(), "").key();
    let end = NameKey::new(&format!("{}<", prefix.as_str().trim_end_matches(';')));
    Ok(tx.item_names(container.id, &prefix, &end).await?.into_iter().map(|(key, _)| key).collect())
}

async fn start(engine: &Engine, tx: &mut dyn Tx, container: &Container, intent: &Intent, names: Vec<ItemName>) -> Result<()> {
    let Some(vault) = tx.vault_by_id(intent.vault_id).await? else { return Ok(()) };
    let Some(policy) = tx.policy_by_id(intent.policy_id).await? else { return Ok(()) };
    for name in names {
        let mut job = jobs::unattended(engine, &vault, JobKind::ConfigureBackup, name.database.clone());
        job.set_property("Policy Name", policy.name.clone());
        job.set_property("ContainerUniqueName", container.name.short());
        tx.insert_job(&job).await?;
        let task = TaskKind::AutoProtect { intent: intent.id, parent: name.instance.clone(), database: name.database.clone(), job: job.id };
        tx.enqueue(TaskId(Uuid::now_v7()), &task, AT_ONCE).await?;
        let database = IntentDatabase { intent_id: intent.id, name, standing: Standing::Configuring, job_id: Some(job.id), failures: 0 };
        tx.put_intent_database(&database).await?;
    }
    Ok(())
}

/// Leaves a database whose backups are deleted out of the intents that cover it, as long as they stand.
pub(crate) async fn left_out(tx: &mut dyn Tx, item: &ProtectedItem) -> Result<()> {
    for intent in tx.intents_of_container(item.container_id).await?.into_iter().filter(|intent| intent.target.covers(&item.name)) {
        let database =
            IntentDatabase { intent_id: intent.id, name: item.name.clone(), standing: Standing::OptedOut, job_id: None, failures: 0 };
        tx.put_intent_database(&database).await?;
    }
    Ok(())
}

/// Refuses to protect a database by itself that an intent leaves out (rulebook 2.3).
pub(crate) async fn may_take(tx: &mut dyn Tx, container: &Container, name: &ItemName) -> Result<()> {
    for intent in tx.intents_of_container(container.id).await?.into_iter().filter(|intent| intent.target.covers(name)) {
        if tx.intent_database(intent.id, &name.key()).await?.is_some_and(|d| d.standing == Standing::OptedOut) {
            return Err(Fault::conflict(
                codes::OPTED_OUT,
                format!(
                    "The backups of '{}' were deleted while '{}' was auto-protected, so it is left alone as long as that lasts. Disable the auto-protection of '{}' (delete protection intent '{}'), then protect the database.",
                    name.database,
                    intent.target.name(),
                    intent.target.name(),
                    intent.name
                ),
            )
            .at("protectedItemName"));
        }
    }
    Ok(())
}
