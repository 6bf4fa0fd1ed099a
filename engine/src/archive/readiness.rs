//! Whether points may move to the archive tier.

use crate::Engine;
use jiff::Timestamp;
use rsvault_domain::archive::{NotReady, movable};
use rsvault_domain::backup::RecoveryPoint;
use rsvault_domain::fault::Result;
use rsvault_domain::policy::retention::is_needed;
use rsvault_domain::ports::Tx;

/// Whether each of these points may move, in their order. Only of one that is old enough and stays long enough
/// it is asked what hangs on it.
pub async fn readiness(engine: &Engine, points: &[RecoveryPoint]) -> Result<Vec<std::result::Result<(), NotReady>>> {
    let now = engine.trusted_now();
    // Each is a short question, and a page of old points asks many.
    let mut tx = engine.store.glance().await?;
    let mut all = Vec::with_capacity(points.len());
    for point in points {
        all.push(of(tx.as_mut(), point, now).await?);
    }
    Ok(all)
}

pub(super) async fn of(tx: &mut dyn Tx, point: &RecoveryPoint, now: Timestamp) -> Result<std::result::Result<(), NotReady>> {
    if let Err(why) = movable(point, now) {
        return Ok(Err(why));
    }
    let after = tx.marks_from(point.item_id, point.time).await?;
    Ok(if is_needed(&after, point.set_id) { Err(NotReady::Needed) } else { Ok(()) })
}
