//! Reading recovery points: the distinct ones, and the seconds that logs make restorable.

use crate::Engine;
use crate::protection::{ItemPath, find_item};
use crate::restores::chain;
use jiff::Timestamp;
use rsvault_domain::backup::{BackupKind, RecoveryPoint, RecoveryPointName};
use rsvault_domain::discovery::Container;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::ports::{Page, PointFilter, Slice, Tx};
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

/// A page of points.
#[derive(Clone, Debug)]
pub struct PointList {
    /// Whose points.
    pub of: PointView,
    /// Distinct points, newest first.
    pub points: Slice<RecoveryPoint>,
    /// What logs cover within the query's window: on the last page of a list that asks for it.
    pub coverage: Option<Coverage>,
}

/// Points of an item, newest first.
pub async fn points(engine: &Engine, path: &ItemPath, query: &PointQuery, page: &Page) -> Result<PointList> {
    let mut tx = engine.store.read().await?;
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    let points = if query.kinds.is_empty() {
        Slice { items: Vec::new(), next: None }
    } else {
        let filter = PointFilter { kinds: query.kinds.clone(), from: query.from, to: query.to };
        tx.points(item.id, &filter, page).await?
    };
    let coverage = match query.coverage && points.next.is_none() {
        true => Some(coverage(tx.as_mut(), &item, query.from, query.to).await?),
        false => None,
    };
    Ok(PointList { of: PointView { vault, container, item }, points, coverage })
}

/// The whole coverage of an item.
pub async fn whole_coverage(engine: &Engine, path: &ItemPath) -> Result<(PointView, Coverage)> {
    let mut tx = engine.store.read().await?;
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    let coverage = coverage(tx.as_mut(), &item, None, None).await?;
    Ok((PointView { vault, container, item }, coverage))
}

async fn coverage(tx: &mut dyn Tx, item: &ProtectedItem, from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Coverage> {
    let ranges = chain::of_item(tx, item)
        .await?
        .ranges()
        .iter()
        .map(|range| (range.start.max(from.unwrap_or(range.start)), range.end.min(to.unwrap_or(range.end))))
        .filter(|(start, end)| start <= end)
        .collect();
    let newest = tx.points(item.id, &PointFilter::default(), &Page { after: None, limit: 1 }).await?.items.into_iter().next();
    Ok(Coverage { ranges, newest })
}

/// One distinct point. Logs have no resource of their own: their coverage is shown as ranges.
pub async fn point(engine: &Engine, path: &ItemPath, name: &str) -> Result<(PointView, RecoveryPoint)> {
    let mut tx = engine.store.read().await?;
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
