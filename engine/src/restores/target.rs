//! Where a restore goes: which server, instance and names, and what forbids it.
//!
//! Always holds: the target server is registered to this vault; a database that exists is replaced
//! only when the caller said so; over one database runs one restore at a time.

use super::request::{Destination, RestoreRequest};
use crate::discovery::find_container;
use crate::groups;
use rsvault_domain::discovery::{Container, Registration};
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::id::{ArmId, ContainerName, ItemId, NameKey, ServerId};
use rsvault_domain::ports::Tx;
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::restore::RestoreTarget;
use rsvault_domain::vault::Vault;
use rsvault_domain::work::CommandWork;

/// The code for a restore over the same database that runs on the server: of the same item, or of another one
/// (rulebook 4.3).
pub(crate) async fn same_target_runs(
    tx: &mut dyn Tx,
    server: ServerId,
    item: ItemId,
    target: &RestoreTarget,
) -> Result<Option<&'static str>> {
    let RestoreTarget::Database { instance, database, .. } = target else { return Ok(None) };
    let (instance, database) = (NameKey::new(instance), NameKey::new(database));
    Ok(tx.open_commands(server).await?.iter().find_map(|c| match &c.work {
        CommandWork::Restore { plan, item: of, .. } => match &plan.target {
            RestoreTarget::Database { instance: i, database: d, .. } if NameKey::new(i) == instance && NameKey::new(d) == database => {
                Some(if *of == item { "UserErrorRestoreOperationInProgress" } else { "UserErrorAnotherRestoreInProgressOnSameTarget" })
            }
            _ => None,
        },
        _ => None,
    }))
}

/// The target that the request means, and its container.
pub(crate) async fn target_of(
    tx: &mut dyn Tx,
    vault: &Vault,
    own: &Container,
    item: &ProtectedItem,
    request: &RestoreRequest,
) -> Result<(Container, RestoreTarget)> {
    match &request.destination {
        Destination::Original => {
            groups::no_original(own, item)?;
            usable(own)?;
            let spelled = own.inventory.spelled(&item.name);
            let target = RestoreTarget::Database {
                instance: spelled.instance,
                database: spelled.database,
                overwrite: true,
                files: request.files.clone(),
                recover: !request.no_recovery,
            };
            Ok((own.clone(), target))
        }
        Destination::Alternate { container, database } => {
            let container = container_of(tx, vault, own, container.as_deref()).await?;
            let field = "properties.targetInfo.databaseName";
            let (instance, name) = database.split_once('/').filter(|(i, d)| !i.is_empty() && !d.trim().is_empty()).ok_or_else(|| {
                Fault::invalid(
                    "BMSUserErrorInvalidRestoreRequest",
                    format!("Property 'databaseName' is '{database}'; it must read '<instance>/<database>'."),
                )
                .at(field)
            })?;
            groups::no_target(&container, instance, name)?;
            let instance = container.inventory.instance(instance).ok_or_else(|| {
                Fault::invalid(
                    "BMSUserErrorInvalidRestoreRequest",
                    format!(
                        "Instance '{instance}' was not found on server '{}'. Rediscover it, or name another instance.",
                        container.name.server
                    ),
                )
                .at(field)
            })?;
            let original = container.id == own.id
                && NameKey::new(&instance.name) == NameKey::new(&item.name.instance)
                && NameKey::new(name) == NameKey::new(&item.name.database);
            if original && !request.overwrite {
                return Err(Fault::invalid(
                    "UserErrorCannotRestoreExistingDBWithoutForceOverwrite",
                    format!("Database '{name}' exists on '{}'. Choose another name, or set overwriteOption to Overwrite.", instance.name),
                )
                .at("properties.targetInfo.overwriteOption"));
            }
            let target = RestoreTarget::Database {
                instance: instance.name.clone(),
                database: name.to_owned(),
                overwrite: request.overwrite,
                files: request.files.clone(),
                recover: !request.no_recovery,
            };
            Ok((container, target))
        }
        Destination::Files { container, directory } => {
            if directory.trim().is_empty() {
                return Err(Fault::invalid(
                    "BMSUserErrorInvalidRestoreRequest",
                    "Property 'targetDirectoryForFileRestore' is empty. Name a folder on the target server.",
                )
                .at("properties.targetInfo.targetDirectoryForFileRestore"));
            }
            let container = container_of(tx, vault, own, container.as_deref()).await?;
            Ok((container, RestoreTarget::Files { directory: directory.clone() }))
        }
    }
}

/// The target container by ARM id or name; it must be registered to this vault and reachable.
async fn container_of(tx: &mut dyn Tx, vault: &Vault, own: &Container, text: Option<&str>) -> Result<Container> {
    let container = match text.filter(|t| !t.is_empty()) {
        None => own.clone(),
        Some(text) => {
            let name = if text.starts_with('/') {
                let id = ArmId::parse(text, "properties.targetInfo.containerId")?;
                let same_vault = id.subscription == vault.subscription
                    && NameKey::new(&id.resource_group) == NameKey::new(&vault.resource_group)
                    && id.name_of("vaults").is_some_and(|v| NameKey::new(v) == NameKey::new(&vault.name));
                if !same_vault {
                    return Err(Fault::invalid(
                        "BMSUserErrorInvalidRestoreRequest",
                        format!("Property 'containerId' names no container of vault '{}': '{text}'. The target server must be registered to this vault.", vault.name),
                    )
                    .at("properties.targetInfo.containerId"));
                }
                id.name_of("protectionContainers").map(str::to_owned).ok_or_else(|| {
                    Fault::invalid(
                        "BMSUserErrorInvalidRestoreRequest",
                        format!("Property 'containerId' does not name a protection container: '{text}'."),
                    )
                    .at("properties.targetInfo.containerId")
                })?
            } else {
                text.to_owned()
            };
            find_container(tx, vault, &ContainerName::parse(&name)?).await.map_err(|fault| match fault.kind {
                FaultKind::NotFound => Fault::invalid(
                    "BMSUserErrorInvalidRestoreRequest",
                    format!("The target server is not registered to this vault: '{name}'. Register it first."),
                )
                .at("properties.targetInfo.containerId"),
                _ => fault,
            })?
        }
    };
    groups::is_a_server(&container)?;
    usable(&container)?;
    Ok(container)
}

fn usable(container: &Container) -> Result<()> {
    let first_fault = container.inventory.instances.iter().find_map(|i| Some((&i.name, i.fault.as_ref()?)));
    if container.registration == Registration::Registered {
        // One instance that cannot be read makes the whole server no target (rulebook 2.1).
        return match first_fault {
            None => Ok(()),
            Some((instance, fault)) => Err(Fault::conflict(
                fault.code.clone(),
                format!(
                    "Server '{}' cannot be restored to: all of its instances must be readable, and '{instance}' is not. {} {} Then rediscover the server (inquire), and restore.",
                    container.name.server,
                    fault.message,
                    fault.recommendations.join(" ")
                ),
            )),
        };
    }
    Err(Fault::conflict(
        "BMSUserErrorContainerNotRegistered",
        format!(
            "Container '{}' is {}; a restore needs a registered server. Register it, then restore.",
            container.name,
            container.registration.as_str()
        ),
    ))
}
