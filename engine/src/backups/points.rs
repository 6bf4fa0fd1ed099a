//! Reading recovery points.

use crate::Engine;
use crate::protection::{ItemPath, find_item};
use rsvault_domain::backup::{RecoveryPoint, RecoveryPointName};
use rsvault_domain::discovery::Container;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::ports::{Page, PointFilter, Slice};
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::vault::Vault;

/// What a point's resource shows beside the point.
#[derive(Clone, Debug)]
pub struct PointView {
    /// Vault.
    pub vault: Vault,
    /// Container.
    pub container: Container,
    /// Item.
    pub item: ProtectedItem,
}

/// Points of an item, newest first. Full coverage by logs comes with the log chain (issue 3): the
/// edge shows an empty `DefaultRangeRecoveryPoint` last.
pub async fn points(
    engine: &Engine,
    path: &ItemPath,
    filter: &PointFilter,
    page: &Page,
) -> Result<(PointView, Slice<RecoveryPoint>)> {
    let mut tx = engine.store.read().await?;
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    let slice = tx.points(item.id, filter, page).await?;
    Ok((PointView { vault, container, item }, slice))
}

/// One point.
pub async fn point(engine: &Engine, path: &ItemPath, name: &str) -> Result<(PointView, RecoveryPoint)> {
    let mut tx = engine.store.read().await?;
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    let point = tx.point(item.id, &RecoveryPointName(name.to_owned())).await?.ok_or_else(|| not_found(&item, name))?;
    Ok((PointView { vault, container, item }, point))
}

/// The 404 of an unknown point.
pub(crate) fn not_found(item: &ProtectedItem, name: &str) -> Fault {
    Fault::not_found(
        "BMSUserErrorRecoveryPointNotFound",
        format!("Recovery point '{name}' of '{}' was not found. List the item's recovery points for the names.", item.name),
    )
    .at("recoveryPointId")
}
