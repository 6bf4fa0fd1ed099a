//! Whatever happens to a database and its policy, retention keeps what it promised and no more. The
//! judge is [`Chain`], which knows nothing of retention: it says what can be restored before and after.

use super::testing::{Database, at, daily, for_days, logs, long_term, weekly};
use super::*;
use crate::backup::chain::Chain;
use crate::backup::{BackupKind, PointMark, RecoveryModel, RecoveryPointName};
use crate::policy::{DayOfWeek, MonthlyRetention, RetentionDays, RetentionFormat, SqlPolicy, WeekOfMonth, WeeklyFormat};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use std::collections::HashSet;

#[derive(Clone, Debug)]
enum Step {
    Wait { hours: i64 },
    Backup(BackupKind),
    OnDemand { kind: BackupKind, days: i64 },
    LoseLog,
    Overwrite,
    Model(RecoveryModel),
    Policy { policy: Box<SqlPolicy>, soft_delete_days: Option<u32> },
    Reap,
}

fn policy() -> impl Strategy<Value = SqlPolicy> {
    let log = || (7i64..=35).prop_map(|days| logs(60, days));
    let daily = (7i64..=60, log()).prop_map(|(days, log)| daily(days, log));
    let weekly = (1i64..=10, 7i64..=40, log()).prop_map(|(weeks, differentials, log)| weekly(DayOfWeek::Sunday, weeks, differentials, log));
    (prop_oneof![daily, weekly], proptest::option::of(20i64..200)).prop_map(|(mut policy, monthly)| {
        long_term(&mut policy).monthly = monthly.map(|days| {
            let weekly = Some(WeeklyFormat { days: vec![DayOfWeek::Sunday, DayOfWeek::Tuesday], weeks: vec![WeekOfMonth::First] });
            let on = RetentionDays { format: Some(RetentionFormat::Weekly), daily: None, weekly };
            MonthlyRetention { on, times: vec![], duration: for_days(days) }
        });
        policy
    })
}
fn kind() -> impl Strategy<Value = BackupKind> {
    prop_oneof![2 => Just(BackupKind::Full), 3 => Just(BackupKind::Differential), 12 => Just(BackupKind::Log), 1 => Just(BackupKind::CopyOnlyFull)]
}
fn step() -> impl Strategy<Value = Step> {
    let models = prop_oneof![3 => Just(RecoveryModel::Full), 1 => Just(RecoveryModel::Simple), 1 => Just(RecoveryModel::BulkLogged)];
    let policies = (policy(), proptest::option::weighted(0.8, 14u32..=30));
    prop_oneof![
        8 => (1i64..40).prop_map(|hours| Step::Wait { hours }),
        20 => kind().prop_map(Step::Backup),
        1 => (kind(), 1i64..90).prop_map(|(kind, days)| Step::OnDemand { kind, days }),
        1 => Just(Step::LoseLog),
        1 => Just(Step::Overwrite),
        1 => models.prop_map(Step::Model),
        1 => policies.prop_map(|(policy, soft_delete_days)| Step::Policy { policy: Box::new(policy), soft_delete_days }),
        4 => Just(Step::Reap),
    ]
}

fn chain(points: &[PointMark]) -> Chain {
    Chain::new(points.iter().map(|p| p.link.clone()))
}
fn alive(point: &PointMark, now: Timestamp) -> bool {
    let own = point.expires_at.is_none_or(|at| at > now);
    own || point.soft_deleted.is_some_and(|mark| mark.purge_at > now)
}
/// The moments of all points and one between each two.
fn moments(points: &[PointMark]) -> Vec<Timestamp> {
    let mut times: Vec<Timestamp> = points.iter().map(|p| p.link.time).collect();
    times.sort();
    let between = times.windows(2).map(|w| w[0] + w[1].duration_since(w[0]) / 2).collect::<Vec<_>>();
    times.into_iter().chain(between).collect()
}

struct World {
    now: Timestamp,
    database: Database,
    points: Vec<PointMark>,
    rules: Rules,
}

impl World {
    fn take(&mut self, step: Step) -> TestCaseResult {
        match step {
            Step::Wait { hours } => self.now += SignedDuration::from_hours(hours),
            Step::Backup(kind) => self.back_up(kind, None),
            Step::OnDemand { kind, days } => self.back_up(kind, Some(days)),
            Step::LoseLog => self.database.lose_log(),
            Step::Overwrite => self.database.overwrite(),
            Step::Model(model) => self.database.model = model,
            Step::Policy { policy, soft_delete_days } => self.edit(&policy, soft_delete_days)?,
            Step::Reap => self.reap()?,
        }
        Ok(())
    }
    fn back_up(&mut self, kind: BackupKind, asked: Option<i64>) {
        self.now += SignedDuration::from_secs(50);
        let expires_at = match asked {
            Some(days) => self.now + SignedDuration::from_hours(24 * days),
            None => self.rules.expiry(kind, self.now),
        };
        let mut point = self.database.back_up(kind, self.now, Some(expires_at));
        point.on_demand = asked.is_some();
        self.points.push(point);
    }

    fn edit(&mut self, policy: &SqlPolicy, soft_delete_days: Option<u32>) -> TestCaseResult {
        let rules = Rules::of(policy, self.now);
        let promised = effective(&self.points);
        let changed = reapply(&rules, &self.points, soft_delete_days, self.now);
        let mut points = self.points.clone();
        for new in changed {
            let place = points.iter().position(|p| p.link.set_id == new.link.set_id).unwrap();
            prop_assert_ne!(&points[place], &new);
            points[place] = new;
        }
        for ((old, new), promised) in self.points.iter().zip(&points).zip(promised) {
            let user_asked = old.on_demand && matches!(old.link.kind, BackupKind::Full | BackupKind::CopyOnlyFull);
            let own = if user_asked { old.expires_at.unwrap() } else { rules.expiry(old.link.kind, old.link.time) };
            prop_assert_eq!(new.expires_at, Some(own));
            // Whatever an edit takes away, a full or differential stays for the days of soft deletion or
            // until what was promised before.
            if let (Some(days), true) = (soft_delete_days, old.link.kind != BackupKind::Log && !user_asked) {
                let floor = promised.unwrap().min(self.now + SignedDuration::from_hours(24 * i64::from(days)));
                let until = new.soft_deleted.map_or(own, |mark| own.max(mark.purge_at));
                prop_assert!(until >= floor || promised.unwrap() <= self.now || effective(&points)[place_of(&points, new)] >= Some(floor));
            }
            prop_assert!(new.soft_deleted.is_none_or(|mark| mark.at < mark.purge_at));
            prop_assert!(old.link.kind != BackupKind::Log || new.soft_deleted.is_none());
        }
        (self.points, self.rules) = (points, rules);
        Ok(())
    }

    fn reap(&mut self) -> TestCaseResult {
        let decision = due(&self.points, self.now, Pruning::Running);
        let gone: HashSet<_> = decision.remove.iter().copied().collect();
        prop_assert_eq!(gone.len(), decision.remove.len());
        let (removed, kept): (Vec<PointMark>, Vec<PointMark>) = self.points.iter().cloned().partition(|p| gone.contains(&p.link.set_id));
        prop_assert_eq!(removed.len(), gone.len());
        let (before, after) = (chain(&self.points), chain(&kept));

        // What every living point needs: by the plans for each moment that it serves, and for itself.
        let mut needed: HashSet<RecoveryPointName> = HashSet::new();
        let living: HashSet<RecoveryPointName> = self.points.iter().filter(|p| alive(p, self.now)).map(|p| p.link.name.clone()).collect();
        for moment in moments(&self.points) {
            let Ok(plan) = before.plan_at(moment) else { continue };
            let serves = plan.last().unwrap();
            if serves.kind == BackupKind::Log && living.contains(&serves.name) {
                needed.extend(plan.iter().map(|link| link.name.clone()));
                prop_assert!(after.plan_at(moment).is_ok(), "{moment} was promised by {serves:?}");
            }
        }
        for name in &living {
            let Ok(plan) = before.plan_for(name) else { continue };
            needed.extend(plan.iter().map(|link| link.name.clone()));
            prop_assert!(after.plan_for(name).is_ok(), "{name} was promised");
        }
        // Nothing else stays.
        for point in &kept {
            prop_assert!(living.contains(&point.link.name) || needed.contains(&point.link.name), "{point:?} has outlived its time");
        }
        // Wherever the removal stops, what could be restored by itself still can, or is gone.
        for stop in (0..decision.remove.len()).step_by(1 + decision.remove.len() / 4) {
            let gone: HashSet<_> = decision.remove[..stop].iter().collect();
            let rest: Vec<PointMark> = self.points.iter().filter(|p| !gone.contains(&p.link.set_id)).cloned().collect();
            let now = chain(&rest);
            for point in &rest {
                let name = &point.link.name;
                prop_assert!(before.plan_for(name).is_err() || now.plan_for(name).is_ok(), "{name} was left without what it needs");
            }
        }
        // The next look is neither late nor for nothing.
        match decision.next {
            Some(next) => {
                prop_assert!(due(&kept, next - SignedDuration::from_nanos(1), Pruning::Running).remove.is_empty());
                prop_assert!(!due(&kept, next, Pruning::Running).remove.is_empty());
            }
            None => prop_assert!(due(&kept, Timestamp::MAX - SignedDuration::from_secs(1), Pruning::Running).remove.is_empty()),
        }
        self.points = kept;
        Ok(())
    }

    /// A suspended item ends with the one chain that its last moment needs.
    fn suspend(&self) -> TestCaseResult {
        let late = Timestamp::MAX - SignedDuration::from_secs(1);
        let decision = due(&self.points, late, Pruning::AsPerPolicy);
        let kept: Vec<PointMark> = self.points.iter().filter(|p| !decision.remove.contains(&p.link.set_id)).cloned().collect();
        let last = |points: &[PointMark]| {
            let chain = chain(points);
            points.iter().filter(|p| chain.plan_for(&p.link.name).is_ok()).map(|p| p.link.time).max()
        };
        prop_assert_eq!(last(&kept), last(&self.points));
        prop_assert_eq!(decision.next, None);
        prop_assert_eq!(due(&self.points, late, Pruning::Frozen), Decision::default());
        let bases = kept.iter().filter(|p| p.link.kind == BackupKind::Full || p.link.kind == BackupKind::CopyOnlyFull).count();
        prop_assert!(bases <= 1);
        Ok(())
    }
}

fn place_of(points: &[PointMark], point: &PointMark) -> usize {
    points.iter().position(|p| p.link.set_id == point.link.set_id).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn retention_keeps_what_was_promised_and_no_more(first in policy(), steps in prop::collection::vec(step(), 0..160)) {
        let now = at("2026-01-01");
        let mut world = World { now, database: Database::new(), points: vec![], rules: Rules::of(&first, now) };
        world.take(Step::Backup(BackupKind::Full))?;
        for step in steps {
            world.take(step)?;
        }
        world.reap()?;
        world.suspend()?;
        while !world.points.is_empty() {
            world.now += SignedDuration::from_hours(60);
            world.reap()?;
        }
    }

    #[test]
    fn an_edit_shortens_if_and_only_if_it_says_so(old in policy(), new in policy(), days in prop::collection::vec(0i64..12_000, 40)) {
        let rules = |policy| Rules::of(policy, Timestamp::UNIX_EPOCH);
        let (before, after) = (rules(&old), rules(&new));
        let scheduled = |kind: BackupKind| old.sub_policy(kind).is_some();
        let shorter = days.iter().any(|day| {
            let time = Timestamp::from_second(day * 86_400).unwrap();
            let kinds = [BackupKind::Full, BackupKind::Differential, BackupKind::Log];
            kinds.into_iter().filter(|kind| scheduled(*kind)).any(|kind| after.expiry(kind, time) < before.expiry(kind, time))
        });
        prop_assert!(!shorter || shortens(&old, &new).is_some());
        prop_assert_eq!(shortens(&old, &old), None);
        // What shortens nothing in either direction is the same retention.
        if shortens(&old, &new).is_none() && shortens(&new, &old).is_none() {
            for day in days {
                let time = Timestamp::from_second(day * 86_400).unwrap();
                prop_assert_eq!(before.expiry(BackupKind::Full, time), after.expiry(BackupKind::Full, time));
            }
        }
    }
}
