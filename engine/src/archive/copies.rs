//! Copies of archived points that were brought back for a while.

use rsvault_domain::archive::Tier;
use rsvault_domain::backup::RecoveryPointName;
use rsvault_domain::fault::Result;
use rsvault_domain::id::ItemId;
use rsvault_domain::ports::{EventKind, Tx};

use crate::Engine;

/// The time of a copy is over, unless it was prolonged. Gives what to tell once that is durable.
pub(crate) async fn expire(
    engine: &Engine,
    tx: &mut dyn Tx,
    item: ItemId,
    name: &RecoveryPointName,
) -> Result<Option<(EventKind, String, String)>> {
    let now = engine.clock.now();
    let Some(point) = tx.point(item, name).await? else { return Ok(None) };
    match point.tier {
        Tier::Rehydrated { since, until } if until <= now => {
            tx.set_tier(point.set_id, &Tier::Archived { since }).await?;
            let subject = tx.item_by_id(item).await?.map_or_else(String::new, |item| item.name.to_string());
            Ok(Some((
                EventKind::Archive,
                subject,
                format!("The rehydrated copy of recovery point {name} expired; it is in the archive tier."),
            )))
        }
        _ => Ok(None),
    }
}
