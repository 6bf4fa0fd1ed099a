//! The log chain: which backups fit together, which seconds they cover, what breaks them
//! (rulebook 3.7, 4.2). The single source of truth: lists of ranges, validation and restore plans all
//! ask a [`Chain`]; the verdict on a backup just taken is a question to the [`Head`] of the chain.
//!
//! How backups fit (SQL Server's rules, per recovery fork):
//! - a base is a full that is not copy-only, or a differential with the full whose checkpoint LSN it
//!   names; taken in the simple model it carries no logs;
//! - a log can be applied at LSN p when `first_lsn <= p <= last_lsn`; it leads to its `last_lsn`. So a
//!   range read twice is fine, a gap is not, and logs run on across fulls;
//! - a log with bulk-logged changes is applied whole or not at all.
//!
//! Always holds: a range that is shown can be restored at each of its seconds, and no other second
//! can. Points in time are offered where logs reach: a base that no log follows is restored by its
//! name alone (rulebook 4.3).

mod gap;
mod head;
mod index;
mod link;
#[cfg(test)]
mod model_tests;
mod range;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;

pub use gap::{Gap, Why};
pub use head::{Base, Break, Head};
pub use link::Link;
pub use range::Range;

use super::{BackupKind, RecoveryPointName};
use index::{Place, Via};
use jiff::Timestamp;
use range::Piece;

/// An index over the recovery points of one item: O(n log n) to build, O(log n + steps) to plan.
///
/// Which plan: from the latest base that holds at the moment asked for (the latest full with its
/// latest differential, rulebook 4.2), and from there the fewest logs: none whose range the next one
/// holds as well. Latest base rather than fewest bytes: of a growing database the older full with a
/// week of logs is always fewer bytes, and the slower and more fragile restore.
#[derive(Debug, Default)]
pub struct Chain {
    /// By fork, then by last LSN; at one LSN by time, then bases first.
    links: Vec<Link>,
    /// How each link is reached.
    via: Vec<Via>,
    /// Bases that logs can follow, ascending.
    bases: Vec<Place>,
    /// Every log, reached or not, by time: only to explain gaps.
    logs_by_time: Vec<Place>,
    /// Every link by name.
    by_name: Vec<Place>,
    /// Who serves which moments, by end.
    pieces: Vec<Piece>,
    /// The same, merged, in whole seconds.
    ranges: Vec<Range>,
}

impl Chain {
    /// Indexes the points of one item, in any order given.
    pub fn new(links: impl IntoIterator<Item = Link>) -> Self {
        index::build(links.into_iter().collect())
    }

    /// The seconds that can be restored, ascending: starts rounded up, ends rounded down.
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// The links, by fork and LSN.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// The link of this name.
    pub fn get(&self, name: &RecoveryPointName) -> Option<&Link> {
        self.find(name).map(|place| self.link(place))
    }

    /// What to restore, in order, to get the state at `t`: all of it, the last link up to `t`.
    pub fn plan_at(&self, t: Timestamp) -> Result<Vec<&Link>, Box<Gap>> {
        let Some(owner) = range::owner(&self.pieces, t) else { return Err(self.gap_at(t)) };
        Ok(match self.via(owner) {
            Via::Log { root, .. } => {
                let before = self.bases.partition_point(|base| *base < owner);
                let base = self.bases[..before].iter().rev().copied().find(|b| *b <= root || self.link(*b).time <= t);
                self.logs_from(base.unwrap_or(root), owner)
            }
            _ => self.base(owner),
        })
    }

    /// What to restore, in order, to get the state of a point: a full or copy-only full alone, a
    /// differential on its full, all up to the end of a log.
    pub fn plan_for(&self, name: &RecoveryPointName) -> Result<Vec<&Link>, Box<Gap>> {
        let Some(place) = self.find(name) else { return Err(Gap::no_such_point(name)) };
        match self.via(place) {
            Via::Alone | Via::Base { .. } => Ok(self.base(place)),
            Via::Log { root, .. } => {
                let before = self.bases.partition_point(|base| *base < place);
                let base = before.checked_sub(1).map_or(root, |last| self.bases[last]);
                Ok(self.logs_from(base, place))
            }
            Via::Nothing => Err(self.gap_before(place)),
        }
    }

    /// The base with what it builds on.
    fn base(&self, place: Place) -> Vec<&Link> {
        match self.via(place) {
            Via::Base { full: Some(full) } => vec![self.link(full), self.link(place)],
            _ => vec![self.link(place)],
        }
    }

    /// From the base to the end of a log that is reached from it. Going back from the log, each step
    /// takes the earliest link that it can be applied on; the base holds as soon as it can be one.
    fn logs_from(&self, base: Place, log: Place) -> Vec<&Link> {
        let (mut base, mut at, mut back) = (base, log, Vec::new());
        while let Via::Log { on, .. } = self.via(at) {
            back.push(self.link(at));
            if self.link(base).last_lsn >= self.link(at).first_lsn {
                break;
            }
            // Only a clock that went back hides a base: then the logs lead to it.
            if matches!(self.via(on), Via::Base { .. }) {
                base = on;
                break;
            }
            at = on;
        }
        let mut plan = self.base(base);
        plan.extend(back.into_iter().rev());
        plan
    }

    fn link(&self, place: Place) -> &Link {
        &self.links[place as usize]
    }
    fn via(&self, place: Place) -> Via {
        self.via[place as usize]
    }
    fn find(&self, name: &RecoveryPointName) -> Option<Place> {
        let at = self.by_name.binary_search_by(|place| self.link(*place).name.cmp(name)).ok()?;
        Some(self.by_name[at])
    }
}

/// Whether a chain can begin with it.
fn is_base(kind: BackupKind) -> bool {
    matches!(kind, BackupKind::Full | BackupKind::Differential)
}
