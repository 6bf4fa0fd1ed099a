//! The chain against a server that applies backups one by one, and against the truth of what the
//! database was.

use super::world::{Restored, World, history};
use super::{Chain, Gap, Link, Why};
use crate::backup::BackupKind;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

/// Applies a backup that leads on: a server would also take a log that ended before the base, at the
/// same LSN.
fn goes_on(state: Restored, link: &Link) -> Option<Restored> {
    (state.lsn < link.last_lsn || state.time <= link.time).then(|| state.apply(link))?
}

/// Every state that can be reached by applying backups whole: naively, until nothing new comes.
fn states(links: &[Link]) -> Vec<(Restored, Option<&Link>)> {
    let mut found: Vec<(Restored, Option<&Link>)> = links.iter().filter_map(|l| Some((Restored::begin(l)?, Some(l)))).collect();
    let mut next = 0;
    while next < found.len() {
        let (state, _) = found[next];
        for link in links {
            let Some(then) = goes_on(state, link) else { continue };
            let base = (link.kind != BackupKind::Log).then_some(link);
            if then != state && !found.iter().any(|(known, b)| *known == then && (b.is_some() || base.is_none())) {
                found.push((then, base));
            }
        }
        next += 1;
    }
    found
}

/// Whether the moment can be restored, as a server would find out by trying everything.
fn restorable(states: &[(Restored, Option<&Link>)], links: &[Link], t: Timestamp) -> bool {
    states.iter().any(|(state, base)| {
        links.iter().any(|log| state.stops_in(log, t))
            || (base.is_some() && state.time == t && links.iter().any(|l| l.kind == BackupKind::Log && goes_on(*state, l).is_some()))
    })
}

/// Runs a plan on a server. Gives the last state before `t`'s log, and the log if there is one.
fn run<'a>(plan: &[&'a Link]) -> Option<(Restored, Option<&'a Link>)> {
    let (first, rest) = plan.split_first()?;
    let mut state = Restored::begin(first)?;
    let Some((last, middle)) = rest.split_last() else { return Some((state, None)) };
    for link in middle {
        state = state.apply(link)?;
    }
    if last.kind == BackupKind::Log { Some((state, Some(last))) } else { Some((state.apply(last)?, None)) }
}

fn whole_seconds(world: &World) -> impl Iterator<Item = Timestamp> {
    let end = world.now().as_second() + 3;
    (99_998..end).map(|s| Timestamp::from_second(s).unwrap())
}

/// What is left when some of the points have been deleted, shuffled.
fn thinned(links: &[Link], seed: &[u8]) -> Vec<Link> {
    let at = |i: usize| seed[i % seed.len()];
    let mut kept: Vec<(u8, Link)> = links.iter().enumerate().map(|(i, l)| (at(i), l.clone())).filter(|(s, _)| *s > 25).collect();
    kept.sort_by_key(|(s, _)| *s);
    kept.into_iter().map(|(_, l)| l).collect()
}

proptest! {
    #[test]
    fn a_second_is_shown_if_and_only_if_a_server_can_restore_it_and_its_plan_gives_the_state_of_that_second(
        events in history(),
        seed in prop::collection::vec(any::<u8>(), 1..60),
        strict in any::<bool>(),
    ) {
        let world = World::live(&events, strict);
        let links = thinned(&world.links, &seed);
        let chain = Chain::new(links.clone());
        let states = states(&links);
        for t in whole_seconds(&world) {
            let shown = chain.ranges().iter().any(|r| r.contains(t));
            prop_assert_eq!(shown, restorable(&states, &links, t), "at {}", t);
            match chain.plan_at(t) {
                Ok(plan) => {
                    prop_assert!(shown);
                    let (state, log) = run(&plan).expect("each step can be applied");
                    match log {
                        Some(log) => prop_assert!(state.stops_in(log, t)),
                        None => prop_assert_eq!(state.time, t),
                    }
                    let (fork, lsn) = world.at(t);
                    prop_assert_eq!(state.fork, fork);
                    prop_assert!(state.lsn <= lsn && log.is_none_or(|log| lsn <= log.last_lsn));
                    prop_assert!(log.is_some() || state.lsn == lsn);
                    cheapest(&plan, &links, t)?;
                }
                Err(gap) => {
                    prop_assert!(!shown);
                    nearest_times_plan(&chain, &gap, t)?;
                }
            }
        }
        prop_assert!(chain.ranges().windows(2).all(|w| w[1].start.duration_since(w[0].end) > SignedDuration::from_secs(1)));
    }

    #[test]
    fn a_point_has_a_plan_if_and_only_if_a_server_can_restore_it(
        events in history(),
        seed in prop::collection::vec(any::<u8>(), 1..60),
    ) {
        let world = World::live(&events, false);
        let links = thinned(&world.links, &seed);
        let chain = Chain::new(links.clone());
        let states = states(&links);
        for link in &links {
            let can = Restored::begin(link).is_some() || states.iter().any(|(s, _)| goes_on(*s, link).is_some());
            match chain.plan_for(&link.name) {
                Ok(plan) => {
                    prop_assert!(can);
                    prop_assert_eq!(plan.last().map(|l| &l.name), Some(&link.name));
                    let (state, log) = run(&plan).expect("each step can be applied");
                    let end = log.map_or(Some(state), |log| state.apply(log)).expect("the last step too");
                    prop_assert_eq!((end.fork, end.lsn, end.time), (link.recovery_fork, link.last_lsn, link.time));
                }
                Err(gap) => {
                    prop_assert!(!can, "{:?}", gap);
                    let kind = if link.kind == BackupKind::Differential { Some(BackupKind::Full) } else { gap.why.missing() };
                    prop_assert!(kind.is_some() && gap.why.missing() == kind);
                }
            }
        }
    }

    #[test]
    fn a_backup_fits_the_head_if_and_only_if_the_chain_reaches_it(events in history()) {
        for (link, fits, before) in World::live(&events, true).verdicts {
            let chain = Chain::new(before.into_iter().chain([link.clone()]));
            prop_assert_eq!(fits, chain.plan_for(&link.name).is_ok(), "{:?}", link);
        }
    }

    #[test]
    fn the_order_in_which_points_are_given_does_not_matter(
        events in history(),
        seed in prop::collection::vec(26u8.., 1..60),
    ) {
        let world = World::live(&events, false);
        let (one, other) = (Chain::new(world.links.clone()), Chain::new(thinned(&world.links, &seed)));
        prop_assert_eq!(one.ranges(), other.ranges());
        for t in whole_seconds(&world) {
            prop_assert_eq!(one.plan_at(t), other.plan_at(t));
        }
    }

    /// Clocks of servers go back; logs come with impossible bounds. What is offered can be applied.
    #[test]
    fn whatever_clocks_and_facts_say_a_plan_can_be_applied_and_every_range_plans(
        events in history(),
        jumps in prop::collection::vec((any::<prop::sample::Index>(), -300i64..300, 0u8..4), 1..8),
    ) {
        let mut world = World::live(&events, false);
        for (at, seconds, what) in jumps {
            let Some(link) = (!world.links.is_empty()).then(|| at.index(world.links.len())).map(|at| &mut world.links[at]) else { continue };
            match what {
                0 => std::mem::swap(&mut link.first_lsn, &mut link.last_lsn),
                1 => link.bulk_logged = !link.bulk_logged,
                _ => link.time += SignedDuration::from_millis(seconds * 100),
            }
        }
        let chain = Chain::new(world.links.clone());
        for t in whole_seconds(&world) {
            let shown = chain.ranges().iter().any(|r| r.contains(t));
            prop_assert_eq!(chain.plan_at(t).is_ok(), shown);
            match chain.plan_at(t) {
                Ok(plan) => {
                    let (state, log) = run(&plan).expect("each step can be applied");
                    prop_assert!(log.is_none_or(|log| state.apply(log).is_some() && t <= log.time));
                }
                Err(gap) => nearest_times_plan(&chain, &gap, t)?,
            }
        }
        for link in &world.links {
            if let Ok(plan) = chain.plan_for(&link.name) {
                let (state, log) = run(&plan).expect("each step can be applied");
                prop_assert!(log.is_none_or(|log| state.apply(log).is_some()));
            }
        }
    }
}

/// The latest base that leads to `t`, and no log that could be left out.
fn cheapest(plan: &[&Link], links: &[Link], t: Timestamp) -> Result<(), TestCaseError> {
    let logs = plan.iter().filter(|l| l.kind == BackupKind::Log).count();
    let base = plan[plan.len() - logs - 1];
    for without in plan.len() - logs..plan.len() {
        let shorter: Vec<&Link> = plan.iter().enumerate().filter(|(i, _)| *i != without).map(|(_, l)| *l).collect();
        let still = run(&shorter).is_some_and(|(state, log)| log.map_or(state.time == t, |log| state.stops_in(log, t)));
        prop_assert!(!still, "{:?} is not needed", plan[without]);
    }
    for later in links.iter().filter(|l| l.time > base.time && l.time <= t) {
        let full = links.iter().find(|f| f.kind == BackupKind::Full && f.checkpoint_lsn == later.database_backup_lsn);
        let begun = match later.kind {
            BackupKind::Full => Restored::begin(later),
            BackupKind::Differential => full.and_then(Restored::begin).and_then(|state| state.apply(later)),
            BackupKind::Log | BackupKind::CopyOnlyFull => None,
        };
        let Some(begun) = begun else { continue };
        // From it on, naively: every log that can be applied.
        let mut reached = vec![begun];
        let mut next = 0;
        while next < reached.len() {
            let state = reached[next];
            prop_assert!(!links.iter().any(|log| state.stops_in(log, t)), "{:?} is a later base", later);
            for then in links.iter().filter_map(|log| goes_on(state, log)) {
                if then != state && !reached.contains(&then) {
                    reached.push(then);
                }
            }
            next += 1;
        }
    }
    Ok(())
}

/// A refusal names seconds that can be restored, and none nearer can.
fn nearest_times_plan(chain: &Chain, gap: &Gap, t: Timestamp) -> Result<(), TestCaseError> {
    prop_assert_eq!(gap.at, Some(t));
    let before = chain.ranges().iter().map(|r| r.end).filter(|end| *end < t).max();
    let after = chain.ranges().iter().map(|r| r.start).filter(|start| *start > t).min();
    prop_assert_eq!((gap.before, gap.after), (before, after));
    for near in [gap.before, gap.after].into_iter().flatten() {
        prop_assert!(chain.plan_at(near).is_ok());
    }
    let of_a_name = matches!(gap.why, Why::NoSuchPoint { .. } | Why::MissingBase { .. });
    prop_assert!(!of_a_name);
    Ok(())
}
