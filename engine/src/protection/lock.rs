//! Whether another operation has hold of an item (rulebook 9, `BMSUserErrorObjectLocked`).
//!
//! Changes of protection queue behind each other; a restore that is about to replace the item's database
//! does not let any by: what a change would then be of is not known before it has ended.

use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{NameKey, ServerId};
use rsvault_domain::ports::Tx;
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::restore::RestoreTarget;
use rsvault_domain::work::CommandWork;

/// Refuses (409) while a restore over the item's database runs on its server.
pub(crate) async fn free(tx: &mut dyn Tx, server: ServerId, item: &ProtectedItem) -> Result<()> {
    let (own_instance, own_database) = (NameKey::new(&item.name.instance), NameKey::new(&item.name.database));
    let over = tx.open_commands(server).await?.into_iter().find(|command| match &command.work {
        CommandWork::Restore { plan, .. } => matches!(&plan.target, RestoreTarget::Database { instance, database, .. }
            if NameKey::new(instance) == own_instance && NameKey::new(database) == own_database),
        _ => false,
    });
    let Some(command) = over else { return Ok(()) };
    let job = command.job_id.map_or_else(String::new, |job| format!(" (job {job})"));
    Err(Fault::conflict(
        "BMSUserErrorObjectLocked",
        format!(
            "Another operation on '{}' is running: a restore over it{job}. Wait until it has ended, or cancel it, then try again.",
            item.name
        ),
    )
    .at("protectedItemName"))
}
