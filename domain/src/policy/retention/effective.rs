//! Until when each point stays: its own time, or longer for what is built on it (rulebook 3.5).

use super::needs::Needs;
use crate::backup::PointMark;
use jiff::Timestamp;
use std::collections::BinaryHeap;

/// Until when each point stays, in the order given; None: for ever. A point stays until its own time
/// has passed, and its soft deletion if there is one, and that of every point whose restore needs it.
/// Takes n log n steps.
pub fn effective(points: &[PointMark]) -> Vec<Option<Timestamp>> {
    let claims: Vec<Timestamp> = points.iter().map(claim).collect();
    until(&Needs::of(points), &claims).into_iter().map(|at| (at != FOREVER).then_some(at)).collect()
}

/// The time of what never ends.
pub(super) const FOREVER: Timestamp = Timestamp::MAX;

/// Until when a point stays for its own sake.
pub(super) fn claim(point: &PointMark) -> Timestamp {
    let own = point.expires_at.unwrap_or(FOREVER);
    point.soft_deleted.map_or(own, |mark| own.max(mark.purge_at))
}

/// Until when each point stays if each makes this claim on what it needs.
pub(super) fn until(needs: &Needs, claims: &[Timestamp]) -> Vec<Timestamp> {
    let mut until = claims.to_vec();
    for (point, claim) in claims.iter().enumerate() {
        if let Some(full) = needs.full_of(point) {
            until[full] = until[full].max(*claim);
        }
    }
    // Backwards, with the claims of later logs that reach back to the present one, greatest first.
    let mut reaching: BinaryHeap<(Timestamp, usize)> = BinaryHeap::new();
    for (place, before) in needs.of_logs().rev() {
        let log = needs.logs[place];
        while reaching.peek().is_some_and(|(_, first)| *first > place) {
            reaching.pop();
        }
        if let Some((claim, _)) = reaching.peek() {
            until[log] = until[log].max(*claim);
        }
        let Some(before) = before else { continue };
        for base in [Some(before.base), needs.full_of(before.base)].into_iter().flatten() {
            until[base] = until[base].max(claims[log]);
        }
        // What a greater claim covers whole adds nothing: in a steady chain one claim is left.
        let covered = reaching.peek().is_some_and(|(claim, first)| *claim >= claims[log] && *first <= before.first);
        if before.first < place && !covered {
            reaching.push((claims[log], before.first));
        }
    }
    until
}
