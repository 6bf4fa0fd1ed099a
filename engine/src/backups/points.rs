//! Reading recovery points: the distinct ones, and the seconds that logs make restorable.

use crate::Engine;
use crate::protection::{ItemPath, find_item};
use crate::restores::chain;
use jiff::Timestamp;
use rsvault_domain::backup::chain::Chain;
use rsvault_domain::backup::{BackupKind, RecoveryPoint, RecoveryPointName};
use rsvault_domain::discovery::Container;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::SetId;
use rsvault_domain::ports::{Page, PointFilter, Slice, Tx};
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::vault::Vault;
use std::collections::HashSet;

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

/// What a list asks for.
#[derive(Clone, Debug)]
pub struct PointQuery {
    /// Distinct points of these kinds; empty = none.
    pub kinds: Vec<BackupKind>,
    /// Whether the coverage comes last.
    pub coverage: bool,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub to: Option<Timestamp>,
}

impl PointQuery {
    /// Everything.
    pub fn all() -> Self {
        let kinds = vec![BackupKind::Full, BackupKind::CopyOnlyFull, BackupKind::Differential];
        Self { kinds, coverage: true, from: None, to: None }
    }
}

/// Which seconds can be restored.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// First and last second of each stretch, oldest first.
    pub ranges: Vec<(Timestamp, Timestamp)>,
    /// The newest distinct point: it lends its files.
    pub newest: Option<RecoveryPoint>,
}

impl Coverage {
    /// What a chain covers between two moments.
    pub(crate) fn of(chain: &Chain, newest: Option<RecoveryPoint>, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        let within = chain
            .ranges()
            .iter()
            .map(|range| (range.start.max(from.unwrap_or(range.start)), range.end.min(to.unwrap_or(range.end))))
            .filter(|(start, end)| start <= end);
        Self { ranges: within.collect(), newest }
    }
}

/// A page of points.
#[derive(Clone, Debug)]
pub struct PointList {
    /// Whose points.
    pub of: PointView,
    /// Distinct points, newest first.
    pub points: Slice<RecoveryPoint>,
    /// What logs cover within the query's window: on the last page of a list that asks for it.
    pub coverage: Option<Coverage>,
    /// Sets of those points that the secondary region shows too.
    pub replicated: HashSet<SetId>,
}

/// Points of an item, newest first.
pub async fn points(engine: &Engine, path: &ItemPath, query: &PointQuery, page: &Page) -> Result<PointList> {
    let mut tx = engine.store.glance().await?;
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    let filter = PointFilter { kinds: query.kinds.clone(), from: query.from, to: query.to };
    let points = if query.kinds.is_empty() { Slice { items: Vec::new(), next: None } } else { tx.points(item.id, &filter, page).await? };
    let replicated = if vault.settings.cross_region_restore && !points.items.is_empty() {
        // The page of the secondary that begins at the same place has them all, and perhaps older ones.
        tx.visible_points(item.id, &filter, engine.clock.now(), page).await?.items.into_iter().map(|point| point.set_id).collect()
    } else {
        HashSet::new()
    };
    // All logs of an item are no short question.
    drop(tx);
    let coverage = match query.coverage && points.next.is_none() {
        true => Some(coverage(engine.store.read().await?.as_mut(), &item, query.from, query.to).await?),
        false => None,
    };
    Ok(PointList { of: PointView { vault, container, item }, points, coverage, replicated })
}

/// The whole coverage of an item.
pub async fn whole_coverage(engine: &Engine, path: &ItemPath) -> Result<(PointView, Coverage)> {
    let mut tx = engine.store.read().await?;
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    let coverage = coverage(tx.as_mut(), &item, None, None).await?;
    Ok((PointView { vault, container, item }, coverage))
}

async fn coverage(tx: &mut dyn Tx, item: &ProtectedItem, from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Coverage> {
    let chain = chain::of_item(tx, item).await?;
    let newest = tx.points(item.id, &PointFilter::default(), &Page { after: None, limit: 1 }).await?.items.into_iter().next();
    Ok(Coverage::of(&chain, newest, from, to))
}

/// One distinct point. Logs have no resource of their own: their coverage is shown as ranges.
pub async fn point(engine: &Engine, path: &ItemPath, name: &str) -> Result<(PointView, RecoveryPoint)> {
    let mut tx = engine.store.glance().await?;
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    let point = tx.point(item.id, &RecoveryPointName(name.to_owned())).await?;
    let point = point.filter(|p| p.kind != BackupKind::Log).ok_or_else(|| not_found(&item, name))?;
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
