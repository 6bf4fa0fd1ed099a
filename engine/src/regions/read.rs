//! What the secondary region shows of a vault: the items and points whose bytes are there, and nothing of
//! what is on its way.

use super::enabled;
use crate::Engine;
use crate::backups::{Coverage, PointList, PointQuery, PointView, not_found};
use crate::protection::{ItemPath, ItemView, find_item};
use crate::vaults::{VaultPath, find};
use rsvault_domain::backup::chain::Chain;
use rsvault_domain::backup::{BackupKind, RecoveryPoint, RecoveryPointName};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::ports::{Page, PointFilter, Slice, Tx};
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::vault::Vault;
use std::sync::Arc;

/// Items of a vault that have a point in the secondary, in order of protection.
pub async fn items(engine: &Engine, path: &VaultPath, page: &Page) -> Result<Slice<ItemView>> {
    let now = engine.clock.now();
    let mut tx = engine.store.read().await?;
    let vault = Arc::new(find(tx.as_mut(), path).await?);
    enabled(engine, &vault)?;
    let slice = tx.visible_items(vault.id, now, page).await?;
    let mut items = Vec::with_capacity(slice.items.len());
    for item in slice.items {
        let Some(container) = tx.container_by_id(item.container_id).await? else { continue };
        let server = tx.server_by_id(container.server_id).await?.map(Arc::new);
        let policy = match item.policy_id {
            Some(id) => tx.policy_by_id(id).await?.map(Arc::new),
            None => None,
        };
        let points = tx.visible_summary(item.id, now).await?;
        items.push(ItemView { vault: vault.clone(), container: Arc::new(container), server, item, policy, points });
    }
    Ok(Slice { items, next: slice.next })
}

/// Points of an item in the secondary, newest first.
pub async fn points(engine: &Engine, path: &ItemPath, query: &PointQuery, page: &Page) -> Result<PointList> {
    let now = engine.clock.now();
    let mut tx = engine.store.read().await?;
    let of = place(engine, tx.as_mut(), path).await?;
    let points = if query.kinds.is_empty() {
        Slice { items: Vec::new(), next: None }
    } else {
        let filter = PointFilter { kinds: query.kinds.clone(), from: query.from, to: query.to };
        tx.visible_points(of.item.id, &filter, now, page).await?
    };
    let coverage = match query.coverage && points.next.is_none() {
        true => Some(coverage(engine, tx.as_mut(), &of.item, query).await?),
        false => None,
    };
    let replicated = points.items.iter().map(|point| point.set_id).collect();
    Ok(PointList { of, points, coverage, replicated })
}

/// The whole coverage of an item in the secondary.
pub async fn whole_coverage(engine: &Engine, path: &ItemPath) -> Result<(PointView, Coverage)> {
    let mut tx = engine.store.read().await?;
    let of = place(engine, tx.as_mut(), path).await?;
    let coverage = coverage(engine, tx.as_mut(), &of.item, &PointQuery::all()).await?;
    Ok((of, coverage))
}

/// One distinct point of the secondary.
pub async fn point(engine: &Engine, path: &ItemPath, name: &str) -> Result<(PointView, RecoveryPoint)> {
    let mut tx = engine.store.read().await?;
    let of = place(engine, tx.as_mut(), path).await?;
    let point = visible(engine, tx.as_mut(), &of.vault, &of.item, name).await?;
    Ok((of, point))
}

async fn place(engine: &Engine, tx: &mut dyn Tx, path: &ItemPath) -> Result<PointView> {
    let (vault, container, item) = find_item(tx, path).await?;
    enabled(engine, &vault)?;
    Ok(PointView { vault, container, item })
}

async fn coverage(engine: &Engine, tx: &mut dyn Tx, item: &ProtectedItem, query: &PointQuery) -> Result<Coverage> {
    let now = engine.clock.now();
    let chain = chain(engine, tx, item).await?;
    let newest = tx.visible_points(item.id, &PointFilter::default(), now, &Page { after: None, limit: 1 }).await?;
    Ok(Coverage::of(&chain, newest.items.into_iter().next(), query.from, query.to))
}

/// The chain of what the secondary has of an item.
pub(super) async fn chain(engine: &Engine, tx: &mut dyn Tx, item: &ProtectedItem) -> Result<Chain> {
    Ok(Chain::new(tx.visible_marks(item.id, engine.clock.now()).await?.into_iter().map(|mark| mark.link)))
}

/// A distinct point of the secondary; what is on its way is said to be.
pub(super) async fn visible(engine: &Engine, tx: &mut dyn Tx, vault: &Vault, item: &ProtectedItem, name: &str) -> Result<RecoveryPoint> {
    let point = tx.point(item.id, &RecoveryPointName(name.to_owned())).await?;
    let point = point.filter(|p| p.kind != BackupKind::Log).ok_or_else(|| not_found(item, name))?;
    if tx.replica(point.set_id).await?.is_some_and(|replica| replica.is_visible(engine.clock.now())) {
        return Ok(point);
    }
    let region = enabled(engine, vault)?;
    Err(Fault::not_found(
        "BMSUserErrorRecoveryPointNotFound",
        format!(
            "Recovery point '{name}' of '{}' has not arrived in region '{region}' yet. List the points of that region, or wait.",
            item.name
        ),
    )
    .at("recoveryPointId"))
}
