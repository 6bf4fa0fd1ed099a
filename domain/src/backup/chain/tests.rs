//! Rules of the chain by example; the general proof is in `model_tests`.

use super::*;
use crate::backup::{BackupFacts, Lsn, RecoveryModel};
use crate::fault::{Fault, FaultKind};
use BackupKind::{CopyOnlyFull, Differential, Full, Log};
use uuid::Uuid;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}
/// A full or log; LSNs and seconds go together.
fn link(kind: BackupKind, name: &str, first: u128, last: u128) -> Link {
    Link {
        set_id: Uuid::from_u128(last).into(),
        name: RecoveryPointName(name.into()),
        kind,
        started_at: at(first as i64),
        time: at(last as i64),
        first_lsn: Lsn(first),
        last_lsn: Lsn(last),
        checkpoint_lsn: Lsn(first),
        database_backup_lsn: Lsn(0),
        recovery_fork: Uuid::from_u128(1),
        recovery_model: RecoveryModel::Full,
        bulk_logged: false,
        sealed_bytes: 1,
    }
}
fn differential(name: &str, first: u128, last: u128, on: u128) -> Link {
    Link { database_backup_lsn: Lsn(on), ..link(Differential, name, first, last) }
}
fn bulk(link: Link) -> Link {
    Link { bulk_logged: true, ..link }
}
fn forked(link: Link) -> Link {
    Link { recovery_fork: Uuid::from_u128(2), ..link }
}
fn simple(link: Link) -> Link {
    Link { recovery_model: RecoveryModel::Simple, ..link }
}
fn ranges(chain: &Chain) -> Vec<(i64, i64)> {
    chain.ranges().iter().map(|r| (r.start.as_second(), r.end.as_second())).collect()
}
fn names(plan: Result<Vec<&Link>, Box<Gap>>) -> String {
    plan.map(|links| links.iter().map(|l| l.name.0.as_str()).collect::<Vec<_>>().join(" ")).unwrap_or_else(|gap| format!("{:?}", gap.why))
}
fn why(chain: &Chain, t: i64) -> Why {
    chain.plan_at(at(t)).unwrap_err().why
}
/// A week: fulls F1 and F2, differentials of each, logs right through.
fn week() -> Vec<Link> {
    vec![
        link(Full, "F1", 10, 20),
        link(Log, "L1", 15, 30),
        link(Log, "L2", 30, 40),
        differential("D1", 42, 45, 10),
        link(Log, "L3", 40, 50),
        link(Full, "F2", 55, 60),
        link(Log, "L4", 50, 70),
        link(Log, "L5", 70, 80),
        differential("D2", 82, 85, 55),
        link(Log, "L6", 80, 90),
    ]
}

#[test]
fn a_plan_is_the_latest_full_its_latest_differential_and_logs_up_to_the_first_that_ends_late_enough() {
    let chain = Chain::new(week());
    assert_eq!(ranges(&chain), [(20, 90)]);
    for (t, plan) in [
        (20, "F1"),
        (21, "F1 L1"),
        (30, "F1 L1"),
        (44, "F1 L1 L2 L3"),
        (45, "F1 D1"),
        (46, "F1 D1 L3"),
        (59, "F1 D1 L3 L4"),
        (60, "F2"),
        (61, "F2 L4"),
        (86, "F2 D2 L6"),
    ] {
        assert_eq!(names(chain.plan_at(at(t))), plan, "{t}");
    }
}

#[test]
fn logs_run_on_across_fulls_so_an_older_full_serves_when_the_newer_is_gone() {
    let chain = Chain::new(week().into_iter().filter(|l| l.name.0 != "F2"));
    assert_eq!(ranges(&chain), [(20, 90)]);
    assert_eq!(names(chain.plan_at(at(86))), "F1 D1 L3 L4 L5 L6");
    assert!(names(chain.plan_for(&RecoveryPointName("D2".into()))).starts_with("MissingBase { checkpoint_lsn: Lsn(55)"));
}

#[test]
fn a_log_backup_by_another_product_leaves_a_hole_that_a_full_or_differential_closes() {
    let chain = Chain::new(week().into_iter().filter(|l| l.name.0 != "L2"));
    assert_eq!(ranges(&chain), [(20, 30), (45, 90)]);
    let gap = chain.plan_at(at(35)).unwrap_err();
    assert_eq!((gap.before, gap.after), (Some(at(30)), Some(at(45))));
    assert_eq!(gap.why, Why::MissingLog { after_lsn: Lsn(30), before_lsn: Lsn(40), from: at(30), to: at(40) });
    let fault = Fault::from(gap);
    assert_eq!((fault.kind, fault.code.as_ref()), (FaultKind::Invalid, "UserErrorRestorePointInTimeNotInRange"));
    assert_eq!(fault.target.as_deref(), Some("properties.pointInTime"));
    for said in ["1970-01-01T00:00:35Z", "LSN 30 to 40", "1970-01-01T00:00:30Z and 1970-01-01T00:00:45Z"] {
        assert!(fault.message.contains(said), "{}", fault.message);
    }
}

#[test]
fn a_bulk_logged_log_restores_to_its_end_only() {
    let mut links = vec![link(Full, "F", 10, 20), link(Log, "L1", 15, 30), bulk(link(Log, "L2", 30, 40)), link(Log, "L3", 40, 50)];
    assert_eq!(ranges(&Chain::new(links.clone())), [(20, 30), (40, 50)]);
    let chain = Chain::new(links.drain(..3));
    assert_eq!(ranges(&chain), [(20, 30), (40, 40)]);
    assert_eq!(names(chain.plan_at(at(40))), "F L1 L2");
    let gap = chain.plan_at(at(39)).unwrap_err();
    assert_eq!(gap.why, Why::BulkLogged { name: RecoveryPointName("L2".into()), from: at(30), to: at(40) });
    assert_eq!(Fault::from(gap).code.as_ref(), "UserErrorRestoreNotPossibleBecauseLogBackupContainsBulkLoggedChanges");
}

#[test]
fn a_copy_only_full_stands_alone() {
    let chain = Chain::new([link(CopyOnlyFull, "C", 10, 20), link(Log, "L", 15, 30), differential("D", 31, 35, 10)]);
    assert_eq!(ranges(&chain), []);
    assert_eq!(names(chain.plan_for(&RecoveryPointName("C".into()))), "C");
    for name in ["L", "D"] {
        assert!(chain.plan_for(&RecoveryPointName(name.into())).is_err());
    }
}

#[test]
fn a_full_of_the_simple_model_carries_no_logs_and_a_base_without_logs_offers_no_point_in_time() {
    let chain = Chain::new([simple(link(Full, "F", 10, 20)), link(Log, "L", 15, 30)]);
    assert_eq!(ranges(&chain), []);
    assert_eq!(why(&chain, 20), Why::NoLogs);
    assert_eq!(names(chain.plan_for(&RecoveryPointName("F".into()))), "F");
    // A differential after the return to the full model starts the log anew.
    let chain = Chain::new([simple(link(Full, "F", 10, 20)), differential("D", 25, 28, 10), link(Log, "L", 25, 30)]);
    assert_eq!(ranges(&chain), [(28, 30)]);
    assert_eq!(names(chain.plan_at(at(29))), "F D L");
}

#[test]
fn logs_of_another_fork_need_a_full_of_their_own() {
    let old = [link(Full, "F", 10, 20), link(Log, "L1", 15, 30)];
    let chain = Chain::new(old.clone().into_iter().chain([forked(link(Log, "L2", 30, 40))]));
    assert_eq!(ranges(&chain), [(20, 30)]);
    assert_eq!(why(&chain, 35), Why::MissingFull { fork: Uuid::from_u128(2), before_lsn: Lsn(40) });
    let chain = Chain::new(old.into_iter().chain([
        forked(link(Log, "L2", 30, 40)),
        forked(link(Full, "F2", 36, 38)),
        forked(link(Log, "L3", 40, 50)),
    ]));
    assert_eq!(ranges(&chain), [(20, 30), (38, 50)]);
    assert_eq!(names(chain.plan_at(at(45))), "F2 L2 L3");
}

#[test]
fn times_before_the_first_and_after_the_last_are_told_so() {
    let chain = Chain::new(week());
    let first = chain.plan_at(at(19)).unwrap_err();
    assert_eq!((first.why, first.before, first.after), (Why::BeforeFirst, None, Some(at(20))));
    let last = chain.plan_at(at(91)).unwrap_err();
    assert_eq!((last.why, last.before, last.after), (Why::AfterLast, Some(at(90)), None));
    let nothing = Chain::new([]).plan_at(at(1)).unwrap_err();
    assert_eq!((nothing.why, nothing.before, nothing.after), (Why::NoLogs, None, None));
}

#[test]
fn a_range_begins_at_the_next_whole_second_and_ends_at_the_last() {
    let half = |link: Link| Link { time: link.time + jiff::SignedDuration::from_millis(500), ..link };
    let chain = Chain::new([half(link(Full, "F", 10, 20)), half(link(Log, "L", 15, 30))]);
    assert_eq!(ranges(&chain), [(21, 30)]);
    // Two stretches without a whole second lost between them are one.
    let (l2, l3) = (bulk(link(Log, "L2", 30, 31)), link(Log, "L3", 31, 40));
    let l2 = Link { time: at(30) + jiff::SignedDuration::from_millis(900), ..l2 };
    let chain = Chain::new([half(link(Full, "F", 10, 20)), half(link(Log, "L", 15, 30)), l2, l3]);
    assert_eq!(ranges(&chain), [(21, 40)]);
    // Less than a second is none.
    let l = Link { time: at(20) + jiff::SignedDuration::from_millis(900), ..link(Log, "L", 15, 21) };
    assert_eq!(ranges(&Chain::new([half(link(Full, "F", 10, 20)), l])), []);
}

#[test]
fn a_log_read_twice_is_planned_once() {
    let chain = Chain::new([
        link(Full, "F", 10, 20),
        link(Log, "A", 15, 30),
        link(Log, "B", 15, 40),
        link(Log, "C", 30, 40),
        link(Log, "D", 40, 50),
    ]);
    assert_eq!(ranges(&chain), [(20, 50)]);
    assert_eq!(names(chain.plan_at(at(25))), "F A");
    assert_eq!(names(chain.plan_at(at(45))), "F B D");
}

#[test]
fn an_idle_database_is_covered_as_long_as_its_log_is_backed_up() {
    let idle = |name, time| Link { time: at(time), ..link(Log, name, 30, 30) };
    let chain = Chain::new([link(Full, "F", 10, 20), link(Log, "L1", 15, 30), idle("L2", 45), idle("L3", 60)]);
    assert_eq!(ranges(&chain), [(20, 60)]);
    assert_eq!(names(chain.plan_at(at(50))), "F L1 L3");
}

#[test]
fn a_full_taken_right_where_a_log_ended_needs_none_of_the_logs_before_it() {
    let idle = Link { time: at(35), ..link(Full, "F2", 30, 30) };
    let chain = Chain::new([link(Full, "F1", 10, 20), link(Log, "L1", 15, 30), idle, link(Log, "L2", 30, 40)]);
    assert_eq!(ranges(&chain), [(20, 40)]);
    assert_eq!(names(chain.plan_at(at(34))), "F1 L1 L2");
    assert_eq!(names(chain.plan_at(at(36))), "F2 L2");
}

#[test]
fn a_backup_just_taken_is_judged_by_the_head_of_the_chain() {
    let facts = |link: &Link| BackupFacts {
        started_at: link.started_at,
        consistent_at: link.time,
        first_lsn: link.first_lsn,
        last_lsn: link.last_lsn,
        checkpoint_lsn: link.checkpoint_lsn,
        database_backup_lsn: link.database_backup_lsn,
        recovery_fork: link.recovery_fork,
        recovery_model: link.recovery_model,
        bulk_logged: link.bulk_logged,
        files: vec![],
        source_bytes: 0,
        engine_version: String::new(),
    };
    let fits = |head: &Head, link: Link| head.fits(link.kind, &facts(&link)).map_err(Break::code);
    let (full, log) = (link(Full, "F", 10, 20), link(Log, "L", 15, 30));
    let head = Head::of(Some(&full), Some(&log));
    assert_eq!((head.log_lsn, head.log_time), (Some(Lsn(30)), Some(at(30))));
    assert_eq!(fits(&head, link(Log, "", 30, 40)), Ok(()));
    assert_eq!(fits(&head, link(Log, "", 31, 40)), Err("UserErrorSQLLSNValidationFailure"));
    assert_eq!(fits(&head, forked(link(Log, "", 30, 40))), Err("UserErrorBackupFailedDBGuidChanged"));
    assert_eq!(fits(&head, simple(link(Log, "", 30, 40))), Err("UserErrorLogBackupFailedAsRecoveryModelChanged"));
    assert_eq!(fits(&head, differential("", 35, 40, 10)), Ok(()));
    assert_eq!(fits(&head, differential("", 35, 40, 33)), Err("UserErrorSQLLSNValidationFailure"));
    assert_eq!(fits(&Head::default(), link(Log, "", 30, 40)), Err("UserErrorParentFullBackupMissing"));
    assert_eq!(fits(&Head::default(), link(Full, "", 30, 40)), Ok(()));
    assert_eq!(fits(&Head::default(), link(CopyOnlyFull, "", 30, 40)), Ok(()));
    // A full of the simple model carries no log; a differential after the return does.
    let plain = simple(full);
    let head = Head::of(Some(&plain), Some(&link(Log, "before", 12, 19)));
    assert_eq!((head.log_lsn, head.log_time), (None, None));
    assert_eq!(fits(&head, link(Log, "", 15, 40)), Err("UserErrorLogBackupFailedAsRecoveryModelChanged"));
    let head = head.and_differential(Some(&differential("D", 28, 35, 10)));
    assert_eq!(fits(&head, link(Log, "", 28, 40)), Ok(()));
}
