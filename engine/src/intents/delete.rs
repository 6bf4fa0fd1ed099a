//! Deleting an intent: what it has protected stays protected; jobs of it that still configure a database are
//! cancelled.

use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine, outcome};
use rsvault_domain::fault::{JobFault, Result, codes};
use rsvault_domain::id::{ContainerId, NameKey};
use rsvault_domain::intent::Intent;
use rsvault_domain::job::JobStatus;
use rsvault_domain::ports::{Bell, Tx};

/// Deletes the intent `name`; one that is not there is deleted already.
pub async fn delete(engine: &Engine, _: &Caller, path: &VaultPath, name: &str) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    let vault = find(tx.as_mut(), path).await?;
    let Some(intent) = tx.intent(vault.id, &NameKey::new(name)).await? else { return Ok(()) };
    end(engine, tx.as_mut(), &intent).await?;
    tx.commit().await?;
    engine.wake.ring(Bell::Operations);
    Ok(())
}

/// Ends the intents of a container that is given up.
pub(crate) async fn end_all(engine: &Engine, tx: &mut dyn Tx, container: ContainerId) -> Result<()> {
    for intent in tx.intents_of_container(container).await? {
        end(engine, tx, &intent).await?;
    }
    Ok(())
}

/// Its tasks find no intent any more, and end.
async fn end(engine: &Engine, tx: &mut dyn Tx, intent: &Intent) -> Result<()> {
    for database in tx.intent_databases(intent.id).await? {
        if let Some(job) = database.job_id {
            let fault = JobFault::catalogue(codes::AUTO_PROTECTION_ENDED, "");
            outcome::end_job(engine, tx, intent.vault_id, job, JobStatus::Cancelled, vec![fault], &[]).await?;
        }
    }
    tx.delete_intent(intent.id).await?;
    Ok(())
}
