//! Inquire ("rediscover databases"): asks a registered server's agent what lives on it now.

use super::find_container;
use crate::agents::queue;
use crate::operations::{Start, repeated, start};
use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine};
use rsvault_domain::discovery::Registration;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::ContainerName;
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::Bell;
use rsvault_domain::work::{CommandWork, InquiryPurpose};

/// Starts an inquiry.
pub async fn inquire(engine: &Engine, caller: &Caller, path: &VaultPath, name: &ContainerName) -> Result<Operation> {
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let vault = find(tx.as_mut(), path).await?;
    let mut container = find_container(tx.as_mut(), &vault, name).await?;
    if container.name.is_group() {
        // What a group holds one of its nodes tells.
        let node = tx.container_of_server(container.server_id).await?.filter(|node| node.vault_id == vault.id);
        container = node.ok_or_else(|| {
            Fault::conflict(
                "BMSUserErrorContainerNotRegistered",
                format!("No node of availability group '{}' is registered to this vault. Register one, then rediscover it.", name.server),
            )
        })?;
    }
    if container.registration == Registration::SoftDeleted {
        return Err(Fault::conflict(
            "BMSUserErrorContainerNotRegistered",
            format!("Container '{name}' is SoftDeleted. Register the server again, then rediscover its databases."),
        ));
    }
    let server = tx.server_by_id(container.server_id).await?.ok_or_else(|| {
        Fault::conflict(
            "WorkloadExtensionNotReachable",
            format!("The server of container '{name}' does not exist any more. Unregister the container."),
        )
    })?;
    let operation = start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Nothing, job: None, done: false }).await?;
    queue(
        engine,
        tx.as_mut(),
        &server,
        &vault,
        None,
        CommandWork::Inquire { container: container.id, purpose: InquiryPurpose::Inquire },
        None,
        Some(operation.id),
    )
    .await?;
    tx.commit().await?;
    engine.wake.ring(Bell::Commands);
    Ok(operation)
}
