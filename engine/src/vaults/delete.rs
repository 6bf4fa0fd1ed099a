//! Deleting a vault (rulebook 5.6): refused while something in it is protected, kept or registered;
//! soft-deleted items do not block, they stay behind until they are purged.

use super::{VaultPath, find};
use crate::operations::{Start, repeated, start};
use crate::{Caller, Engine};
use rsvault_domain::discovery::Registration;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::VaultId;
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::{ItemFilter, Page, Tx};
use rsvault_domain::vault::Vault;

/// Deletes the vault at `path`; None if there is none (204).
pub async fn delete(engine: &Engine, caller: &Caller, path: &VaultPath) -> Result<Option<Operation>> {
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(Some(operation));
    }
    let mut vault = match find(tx.as_mut(), path).await {
        Ok(vault) => vault,
        Err(fault) if fault.code == "ResourceNotFound" => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let soft_deleted = blockers(tx.as_mut(), &vault).await?;
    let id = vault.id;
    let operation = start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Nothing, job: None, done: true }).await?;
    if soft_deleted {
        vault.deleted_at = Some(engine.clock.now());
        tx.update_vault(&vault).await?;
    } else {
        for container in all_containers(tx.as_mut(), &vault).await? {
            tx.delete_container(container.id).await?;
        }
        tx.remove_vault(vault.id).await?;
    }
    tx.commit().await?;
    if !soft_deleted {
        forget_keys(engine, &[id]).await;
    }
    Ok(Some(operation))
}

/// Destroys the keys of vaults that are gone for good; call it after the commit that removed them. What
/// fails here costs a key file that opens nothing any more, not the deletion.
pub(crate) async fn forget_keys(engine: &Engine, vaults: &[VaultId]) {
    for id in vaults {
        if let Err(fault) = engine.keys.forget(*id).await {
            tracing::error!(vault = %id, error = %fault, detail = fault.internal_detail(), "the keys of a removed vault remain");
        }
    }
}

async fn all_containers(tx: &mut dyn Tx, vault: &Vault) -> Result<Vec<rsvault_domain::discovery::Container>> {
    let mut page = Page::default();
    let mut all = Vec::new();
    loop {
        let slice = tx.containers(vault.id, &page).await?;
        all.extend(slice.items);
        match slice.next {
            Some(next) => page.after = Some(next),
            None => return Ok(all),
        }
    }
}

/// Refuses with the blockers by name; true if soft-deleted items stay behind.
async fn blockers(tx: &mut dyn Tx, vault: &Vault) -> Result<bool> {
    let mut page = Page::default();
    let mut blockers = Vec::new();
    let mut soft_deleted = false;
    loop {
        let slice = tx.items(vault.id, &ItemFilter::default(), &page).await?;
        for item in slice.items {
            if item.soft_deleted.is_some() {
                soft_deleted = true;
            } else if blockers.len() < 20 {
                blockers.push(item.name.to_string());
            }
        }
        match slice.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    let registered = all_containers(tx, vault).await?;
    blockers.extend(registered.iter().filter(|c| c.registration != Registration::SoftDeleted).take(20).map(|c| c.name.to_string()));
    if blockers.is_empty() {
        return Ok(soft_deleted);
    }
    Err(Fault::invalid(
        "ServiceResourceNotEmptyWithBackendMessage",
        format!(
            "Recovery Services vault '{}' cannot be deleted as there are existing resources within the vault. Delete or unregister these, then try again: {}.",
            vault.name,
            blockers.join(", ")
        ),
    ))
}
