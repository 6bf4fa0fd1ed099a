//! Deleting a vault (rulebook 5.6, 13.38): refused while something in it is protected, kept or registered, with all that
//! blocks it told at once. With soft-deleted items left the vault is soft-deleted with them: it frees its name
//! and waits, so that it may be brought back; an empty one is gone at once.

use super::{VaultPath, find};
use crate::operations::{Start, repeated, start};
use crate::{Caller, Engine};
use rsvault_domain::discovery::{Container, Registration};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{NameKey, VaultId};
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::{ItemFilter, Page, Tx};
use rsvault_domain::protection::SoftDeleted;
use rsvault_domain::vault::Vault;

/// Names told of each kind of blocker.
const TOLD: usize = 20;

/// Deletes the vault at `path`; None if there is none (204).
pub async fn delete(engine: &Engine, caller: &Caller, path: &VaultPath) -> Result<Option<Operation>> {
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(Some(operation));
    }
    let vault = match find(tx.as_mut(), path).await {
        Ok(vault) => vault,
        Err(fault) if fault.code == "ResourceNotFound" => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let operation = start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Nothing, job: None, done: true }).await?;
    let gone = take_away(engine, tx.as_mut(), vault).await?;
    tx.commit().await?;
    forget_keys(engine, gone.as_slice()).await;
    Ok(Some(operation))
}

/// Deletes a vault that nothing blocks; its id if it is gone for good, for [`forget_keys`] after the commit.
pub(crate) async fn take_away(engine: &Engine, tx: &mut dyn Tx, mut vault: Vault) -> Result<Option<VaultId>> {
    let latest = blockers(tx, &vault).await?;
    // What has the name next is another resource.
    tx.delete_assignments_of(&NameKey::new(&vault.arm_id())).await?;
    if let Some(purge_at) = latest {
        let promised = vault.settings.soft_delete.promise(engine.stamp_now());
        // Nothing of what its items were promised is taken.
        vault.soft_deleted = Some(SoftDeleted { purge_at: promised.purge_at.max(purge_at), ..promised });
        vault.updated_at = engine.clock.now();
        tx.update_vault(&vault).await?;
        tx.forget_unlocks(vault.id).await?;
        return Ok(None);
    }
    for container in all_containers(tx, &vault).await? {
        tx.delete_container(container.id).await?;
    }
    tx.remove_vault(vault.id).await?;
    Ok(Some(vault.id))
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

async fn all_containers(tx: &mut dyn Tx, vault: &Vault) -> Result<Vec<Container>> {
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

/// Refuses with the blockers by name, one detail a kind; when the last soft-deleted item that stays behind is
/// purged, None if there is none.
async fn blockers(tx: &mut dyn Tx, vault: &Vault) -> Result<Option<jiff::Timestamp>> {
    let mut page = Page::default();
    let (mut items, mut kept, mut latest) = (Vec::new(), 0_usize, None);
    loop {
        let slice = tx.items(vault.id, &ItemFilter::default(), &page).await?;
        for item in slice.items {
            match item.soft_deleted {
                Some(deleted) => {
                    kept += 1;
                    latest = latest.max(Some(deleted.purge_at));
                }
                None => items.push(item.name.to_string()),
            }
        }
        match slice.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    let registered = all_containers(tx, vault).await?.into_iter().filter(|c| c.registration != Registration::SoftDeleted);
    let servers: Vec<String> = registered.map(|c| c.name.to_string()).collect();
    let mut details = Vec::new();
    let mut blocks = |target: &str, what: &str, cure: &str, names: Vec<String>| {
        if !names.is_empty() {
            let message = format!("{what}: {}. {cure}", told(&names));
            details.push(Fault::invalid("BMSUserErrorVaultDeletionNotAllowed", message).at(target));
        }
    };
    blocks("protectedItems", "Protected or retained items", "Stop their protection with deletion of the data.", items);
    blocks("protectionContainers", "Registered servers", "Unregister them once their items are deleted.", servers);
    let endpoints = vault.settings.private_endpoints.iter().map(|e| e.name.clone()).collect();
    blocks("privateEndpointConnections", "Private endpoint connections", "Delete them.", endpoints);
    if details.is_empty() {
        return Ok(latest);
    }
    let texts: Vec<&str> = details.iter().map(|d| d.message.as_str()).collect();
    let also = match kept {
        0 => String::new(),
        n => format!(" {n} soft-deleted item(s) do not block it: they wait with the soft-deleted vault."),
    };
    let message = format!(
        "Recovery Services vault '{}' cannot be deleted as there are existing resources within the vault. {}{also}",
        vault.name,
        texts.join(" ")
    );
    Err(Fault::invalid("ServiceResourceNotEmptyWithBackendMessage", message).with_details(details))
}

/// Names for a message, up to a bound.
fn told(names: &[String]) -> String {
    let more = names.len().saturating_sub(TOLD);
    let shown = names.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
