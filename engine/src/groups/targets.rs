//! Availability groups as targets of restores: they are none (rulebook 3.7). A database is restored beside its
//! group, to an instance, and joins a group from there.

use rsvault_domain::discovery::Container;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::NameKey;
use rsvault_domain::protection::ProtectedItem;

fn refused(message: String, field: &str) -> Fault {
    Fault::invalid("BMSUserErrorInvalidRestoreRequest", message).at(field)
}

/// Refuses a restore over a database of a group.
pub(crate) fn no_original(own: &Container, item: &ProtectedItem) -> Result<()> {
    let Some(group) = own.group() else { return Ok(()) };
    Err(refused(
        format!(
            "'{}' is a database of availability group '{}', which cannot be restored over. Restore it to another name on an instance (recoveryType AlternateLocation), then add it to the group.",
            item.name.database, group.name
        ),
        "properties.recoveryType",
    ))
}

/// Refuses the container of a group as a target.
pub(crate) fn is_a_server(target: &Container) -> Result<()> {
    let Some(group) = target.group() else { return Ok(()) };
    Err(refused(
        format!(
            "The target is availability group '{}', which nothing can be restored into. Name the container of a server in 'containerId', and restore to one of its instances.",
            group.name
        ),
        "properties.targetInfo.containerId",
    ))
}

/// Refuses a group as the target instance, and a name that a database of a group has on the instance.
pub(crate) fn no_target(server: &Container, instance: &str, database: &str) -> Result<()> {
    let field = "properties.targetInfo.databaseName";
    let key = NameKey::new(instance);
    let host: String = server.name.server.chars().take(15).collect();
    for seen in &server.inventory.groups {
        let name = &seen.group.name;
        if NameKey::new(name) == key {
            return Err(refused(
                format!(
                    "'{name}' is an availability group, which nothing can be restored into. Name an instance: '<instance>/<database>'."
                ),
                field,
            ));
        }
        let here = seen.group.replica_of_host(&host).is_some_and(|replica| NameKey::new(&replica.instance) == key);
        if here && seen.databases.iter().any(|d| NameKey::new(&d.name) == NameKey::new(database)) {
            return Err(refused(
                format!(
                    "Database '{database}' on instance '{instance}' is in availability group '{name}' and cannot be restored over. Choose another name."
                ),
                field,
            ));
        }
    }
    Ok(())
}
