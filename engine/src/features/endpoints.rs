//! Private endpoint connections of a vault.

use crate::operations::{Start, repeated, start};
use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::vault::Vault;
use rsvault_domain::vault::endpoint::{EndpointChange, EndpointConnection};

/// What a write did.
#[derive(Clone, Debug)]
pub struct Written {
    /// The vault as it is now.
    pub vault: Vault,
    /// The connection as it is now.
    pub connection: EndpointConnection,
    /// Operation; it has ended.
    pub operation: Operation,
    /// Whether the connection is new.
    pub new: bool,
}

fn connection(vault: &Vault, name: &str) -> Result<EndpointConnection> {
    vault.endpoint(name).cloned().ok_or_else(|| {
        Fault::not_found(
            "ResourceNotFound",
            format!(
                "Vault '{}' has no private endpoint connection '{name}'. Use a name that its 'privateEndpointConnections' shows.",
                vault.name
            ),
        )
        .at("privateEndpointConnectionName")
    })
}

/// Reads a connection.
pub async fn get(engine: &Engine, path: &VaultPath, name: &str) -> Result<(Vault, EndpointConnection)> {
    let vault = crate::vaults::get(engine, path).await?;
    let connection = connection(&vault, name)?;
    Ok((vault, connection))
}

/// Makes a connection, or changes what stands.
pub async fn put(engine: &Engine, caller: &Caller, path: &VaultPath, name: &str, change: EndpointChange) -> Result<Written> {
    let mut tx = engine.store.begin().await?;
    let mut vault = find(tx.as_mut(), path).await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        let connection = connection(&vault, name)?;
        return Ok(Written { vault, connection, operation, new: true });
    }
    let new = vault.put_endpoint(name, change)?;
    touch(engine, &mut vault);
    tx.update_vault(&vault).await?;
    let operation = start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Nothing, job: None, done: true }).await?;
    tx.commit().await?;
    let connection = connection(&vault, name)?;
    Ok(Written { vault, connection, operation, new })
}

/// Takes a connection away; None if there was none.
pub async fn delete(engine: &Engine, caller: &Caller, path: &VaultPath, name: &str) -> Result<Option<Operation>> {
    let mut tx = engine.store.begin().await?;
    let mut vault = find(tx.as_mut(), path).await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(Some(operation));
    }
    if !vault.remove_endpoint(name) {
        return Ok(None);
    }
    touch(engine, &mut vault);
    tx.update_vault(&vault).await?;
    let operation = start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Nothing, job: None, done: true }).await?;
    tx.commit().await?;
    Ok(Some(operation))
}

fn touch(engine: &Engine, vault: &mut Vault) {
    vault.etag += 1;
    vault.updated_at = engine.clock.now();
}
