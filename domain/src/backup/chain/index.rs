//! How the index is built: links in LSN order, fork by fork; each log finds what it can be applied on
//! among the positions that are reached already.

use super::range::{Piece, pieces_of, ranges_of};
use super::{Chain, Link, is_base};
use crate::backup::{BackupKind, Lsn, RecoveryModel};
use std::cmp::Ordering;
use std::collections::HashMap;

/// Index of a link in the chain's order.
pub(super) type Place = u32;

/// How a link is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// By itself, and nothing goes on from it: copy-only, or a base of the simple model's.
    Alone,
    /// A base: by itself, or a differential by its full.
    Base { full: Option<Place> },
    /// A log: it can be applied on the link `on` (the earliest possible), which is reached from the
    /// base `root`.
    Log { on: Place, root: Place },
    /// Not at all.
    Nothing,
}

/// Builds the index.
pub(super) fn build(mut links: Vec<Link>) -> Chain {
    // Places are 32 bits: four billion points of one item would not fit in memory anyway.
    links.truncate(Place::MAX as usize);
    links.sort_by(order);
    let mut chain = Chain { links, ..Chain::default() };
    chain.via = Vec::with_capacity(chain.links.len());
    let mut start = 0;
    for fork in chain.links.chunk_by(|a, b| a.recovery_fork == b.recovery_fork) {
        reach(fork, start, &mut chain.via, &mut chain.bases);
        start += fork.len();
    }
    let places = || (0..chain.links.len()).map(|at| at as Place);
    let link = |place: &Place| &chain.links[*place as usize];
    chain.by_name = places().collect();
    chain.by_name.sort_by(|a, b| link(a).name.cmp(&link(b).name));
    chain.logs_by_time = places().filter(|p| link(p).kind == BackupKind::Log).collect();
    chain.logs_by_time.sort_by_key(|p| link(p).time);

    let (pieces, islands) = pieces_of(candidates(&chain));
    chain.ranges = ranges_of(&islands);
    chain.pieces = pieces;
    chain
}

/// By fork and LSN. At one LSN the database stood still: by time, and at one moment what others build
/// on first.
fn order(a: &Link, b: &Link) -> Ordering {
    let rank = |l: &Link| match l.kind {
        BackupKind::Full => 0,
        BackupKind::Differential => 1,
        BackupKind::Log => 2,
        BackupKind::CopyOnlyFull => 3,
    };
    let key = |l: &Link| (l.recovery_fork, l.last_lsn, l.time, rank(l), l.first_lsn);
    key(a).cmp(&key(b)).then_with(|| a.set_id.cmp(&b.set_id))
}

/// Finds how the links of one fork are reached. `start`: place of the first.
fn reach(fork: &[Link], start: usize, via: &mut Vec<Via>, bases: &mut Vec<Place>) {
    let mut fulls: HashMap<Lsn, Place> = HashMap::new();
    // Positions reached so far: ascending by LSN, as the links are.
    let mut reached: Vec<Place> = Vec::with_capacity(fork.len());
    for (at, link) in fork.iter().enumerate() {
        let place = (start + at) as Place;
        let found = match link.kind {
            BackupKind::CopyOnlyFull => Via::Alone,
            BackupKind::Full => {
                fulls.insert(link.checkpoint_lsn, place);
                Via::Base { full: None }
            }
            BackupKind::Differential => fulls.get(&link.database_backup_lsn).map_or(Via::Nothing, |full| Via::Base { full: Some(*full) }),
            BackupKind::Log if link.recovery_model == RecoveryModel::Simple => Via::Nothing,
            BackupKind::Log => {
                let on = reached.partition_point(|p| fork[*p as usize - start].last_lsn < link.first_lsn);
                reached.get(on).map_or(Via::Nothing, |on| match via[*on as usize] {
                    Via::Log { root, .. } => Via::Log { on: *on, root },
                    _ => Via::Log { on: *on, root: *on },
                })
            }
        };
        let carries = match found {
            Via::Base { .. } => link.recovery_model != RecoveryModel::Simple,
            Via::Log { .. } => true,
            Via::Alone | Via::Nothing => false,
        };
        if carries {
            reached.push(place);
            if is_base(link.kind) {
                bases.push(place);
            }
        }
        via.push(found);
    }
}

/// The moments that each link serves, one stretch a link.
fn candidates(chain: &Chain) -> Vec<Piece> {
    let mut found = Vec::with_capacity(chain.links.len());
    let mut bases = chain.bases.iter().rev().copied().peekable();
    // Going back: the lowest LSN that a later log of the fork begins at.
    let (mut fork, mut lowest) = (None, Lsn(u128::MAX));
    for (at, link) in chain.links.iter().enumerate().rev() {
        let place = at as Place;
        if fork != Some(link.recovery_fork) {
            (fork, lowest) = (Some(link.recovery_fork), Lsn(u128::MAX));
        }
        if let Via::Log { on, .. } = chain.via(place) {
            lowest = lowest.min(link.first_lsn);
            // Of a bulk-logged log only the end; the same where the clock went back within a log.
            let start = if link.bulk_logged { link.time } else { chain.link(on).time.min(link.time) };
            found.push(Piece { start, end: link.time, owner: place });
        } else if bases.peek() == Some(&place) {
            bases.next();
            if lowest <= link.last_lsn {
                found.push(Piece { start: link.time, end: link.time, owner: place });
            }
        }
    }
    found
}
