//! Moments: which link serves which, and what of it is shown in whole seconds.

use super::index::Place;
use jiff::{SignedDuration, Timestamp};

/// A run of seconds, both ends restorable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    /// First second.
    pub start: Timestamp,
    /// Last second.
    pub end: Timestamp,
}

impl Range {
    /// Whether the moment lies inside.
    pub fn contains(&self, t: Timestamp) -> bool {
        self.start <= t && t <= self.end
    }
}

/// A stretch of time that one link serves as the last of a plan; both ends included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) owner: Place,
}

/// Cuts stretches that overlap so that the one which ends first serves: the fewest bytes beyond what
/// is asked for. Gives the pieces by end (the shorter first), and the islands that they make up.
pub(super) fn pieces_of(mut stretches: Vec<Piece>) -> (Vec<Piece>, Vec<(Timestamp, Timestamp)>) {
    stretches.sort_by_key(|s| (s.end, s.owner));
    let mut pieces = Vec::with_capacity(stretches.len());
    let mut islands: Vec<(Timestamp, Timestamp)> = Vec::new();
    for Piece { start, end, owner } in stretches {
        // It reaches to the right of all before it: fill what they left, from the right.
        let (mut left, mut open) = (start, end);
        let mut covered = false;
        while let Some((from, to)) = islands.pop_if(|(_, to)| *to >= start) {
            if to < open {
                pieces.push(Piece { start: to, end: open, owner });
            }
            open = from;
            covered = from <= start;
            left = left.min(from);
        }
        if !covered {
            pieces.push(Piece { start, end: open, owner });
        }
        islands.push((left, end));
    }
    pieces.sort_by(|a, b| a.end.cmp(&b.end).then(b.start.cmp(&a.start)));
    (pieces, islands)
}

/// Who serves the moment.
pub(super) fn owner(pieces: &[Piece], t: Timestamp) -> Option<Place> {
    let from = pieces.partition_point(|p| p.end < t);
    let end = pieces.get(from)?.end;
    pieces[from..].iter().take_while(|p| p.end == end).find(|p| p.start <= t).map(|p| p.owner)
}

/// Islands in whole seconds: merged where no second is lost between them.
pub(super) fn ranges_of(islands: &[(Timestamp, Timestamp)]) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for (start, end) in islands {
        let (start, end) = (ceil(*start), floor(*end));
        if start > end {
            continue;
        }
        match ranges.last_mut() {
            Some(last) if start.duration_since(last.end) <= SignedDuration::from_secs(1) => last.end = end,
            _ => ranges.push(Range { start, end }),
        }
    }
    ranges
}

/// The last second that can be restored and is not after `t`, the first that is not before it.
pub(super) fn nearest(ranges: &[Range], t: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
    let (low, high) = (floor(t), ceil(t));
    let after = ranges.partition_point(|r| r.end < high);
    let before = ranges.partition_point(|r| r.start <= low);
    (before.checked_sub(1).map(|at| ranges[at].end.min(low)), ranges.get(after).map(|r| r.start.max(high)))
}

/// The whole second at or before.
fn floor(t: Timestamp) -> Timestamp {
    let second = t.as_nanosecond().div_euclid(1_000_000_000);
    i64::try_from(second).ok().and_then(|s| Timestamp::from_second(s).ok()).unwrap_or(Timestamp::MIN)
}

/// The whole second at or after.
fn ceil(t: Timestamp) -> Timestamp {
    let down = floor(t);
    if down == t { t } else { down.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX) }
}
