//! Who runs beside whom: stages go in the order of their list, one at a time, except that neighbours that may share the
//! machine go in two lanes, so that one works while the other waits.
//!
//! Always holds: a stage that must be alone begins after all before it have ended, and ends before the next begins.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Stages side by side.
pub(crate) const LANES: usize = 2;

/// Plays all of `stages`; tells each whether it is alone.
pub(crate) fn play<S: Sync>(stages: &[S], shares: impl Fn(&S) -> bool, one: impl Fn(&S, bool) + Sync) {
    for group in stages.chunk_by(|before, after| shares(before) && shares(after)) {
        if let [only] = group {
            one(only, true);
            continue;
        }
        let next = AtomicUsize::new(0);
        let lane = || {
            while let Some(stage) = group.get(next.fetch_add(1, Ordering::Relaxed)) {
                one(stage, false);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..LANES {
                scope.spawn(lane);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Barrier, Mutex};

    /// A name; those in capitals must be alone.
    fn shares(name: &&str) -> bool {
        name.chars().all(char::is_lowercase)
    }

    #[test]
    fn every_stage_is_played_once_and_the_lonely_ones_by_themselves_in_their_place() {
        let told = Mutex::new(Vec::new());
        play(&["A", "B", "c", "d", "e", "F", "g", "H"], shares, |name, alone| told.lock().unwrap().push((*name, alone)));
        let mut told = told.into_inner().unwrap();
        told[2..5].sort_unstable();
        let want = [("A", true), ("B", true), ("c", false), ("d", false), ("e", false), ("F", true), ("g", true), ("H", true)];
        assert_eq!(told, want);
    }

    #[test]
    fn neighbours_that_share_go_at_the_same_time() {
        // Each waits for the other: in one lane this would never end.
        let both = Barrier::new(LANES);
        play(&["c", "d"], shares, |_, _| {
            both.wait();
        });
    }
}
