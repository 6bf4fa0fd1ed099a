use super::*;
use crate::backup::{Lsn, RecoveryModel};
use uuid::Uuid;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}
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
        database_backup_lsn: Lsn(if kind == BackupKind::Differential { 10 } else { 0 }),
        recovery_fork: Uuid::from_u128(1),
        recovery_model: RecoveryModel::Full,
        bulk_logged: name == "bulk",
        sealed_bytes: last as u64,
    }
}
fn chain() -> Chain {
    use BackupKind::{CopyOnlyFull, Differential, Full, Log};
    Chain::new([
        link(Full, "full", 10, 20),
        link(CopyOnlyFull, "copy", 21, 22),
        link(Log, "log", 15, 30),
        link(Differential, "diff", 31, 35),
        link(Log, "bulk", 30, 40),
    ])
}
fn target() -> RestoreTarget {
    RestoreTarget::Files { directory: "/restored".into() }
}
fn steps(request: &PlanRequest) -> (String, Option<Timestamp>) {
    let plan = plan(&chain(), request, target(), "sales").unwrap();
    (plan.steps.iter().map(|s| s.point.clone()).collect::<Vec<_>>().join(" "), plan.stop_at)
}
fn point(name: &str) -> PlanRequest {
    PlanRequest::Point(RecoveryPointName(name.into()))
}
fn end_of(name: &str) -> PlanRequest {
    PlanRequest::EndOfLog(RecoveryPointName(name.into()))
}

#[test]
fn a_log_is_cut_off_only_where_something_lies_behind_the_moment() {
    assert_eq!(steps(&PlanRequest::At(at(25))), ("full log".into(), Some(at(25))));
    assert_eq!(steps(&PlanRequest::At(at(30))), ("full log".into(), None));
    assert_eq!(steps(&PlanRequest::At(at(20))), ("full".into(), None));
    // A bulk-logged log cannot be cut off at all, but ends somewhere.
    assert_eq!(steps(&PlanRequest::At(at(40))), ("full diff bulk".into(), None));
}

#[test]
fn a_point_is_restored_with_what_it_builds_on_and_nothing_else() {
    assert_eq!(steps(&point("full")), ("full".into(), None));
    assert_eq!(steps(&point("diff")), ("full diff".into(), None));
    assert_eq!(steps(&point("copy")), ("copy".into(), None));
    assert_eq!(steps(&end_of("log")), ("full log".into(), None));
    assert_eq!(steps(&end_of("bulk")), ("full diff bulk".into(), None));
}

#[test]
fn a_log_is_no_point_and_a_point_is_no_log() {
    for request in [point("log"), end_of("full"), point("none")] {
        let fault = plan(&chain(), &request, target(), "sales").unwrap_err();
        assert_eq!((fault.kind, fault.code.as_ref()), (crate::FaultKind::NotFound, "BMSUserErrorRecoveryPointNotFound"));
    }
}

#[test]
fn a_differential_without_its_full_says_what_is_missing() {
    let chain = Chain::new([link(BackupKind::Differential, "diff", 31, 35)]);
    let fault = plan(&chain, &point("diff"), target(), "sales").unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.target.as_deref()), ("UserErrorRecoveryPointChainBroken", Some("recoveryPointId")));
    assert!(fault.message.contains("checkpoint LSN 10"), "{}", fault.message);
}

#[test]
fn the_preview_shows_what_the_plan_runs() {
    for request in [PlanRequest::At(at(25)), PlanRequest::At(at(30)), point("diff"), end_of("bulk")] {
        let plan = plan(&chain(), &request, target(), "sales").unwrap();
        let seen = preview(&chain(), &request).unwrap();
        assert_eq!(seen.stop_at, plan.stop_at);
        let sets = |p: &PlanPreview| p.steps.iter().map(|s| s.set_id).collect::<Vec<_>>();
        assert_eq!(sets(&seen), plan.steps.iter().map(|s| s.set_id).collect::<Vec<_>>());
        assert_eq!(seen.time, seen.stop_at.unwrap_or(plan.steps[plan.steps.len() - 1].time));
    }
    assert_eq!(preview(&chain(), &end_of("log")).unwrap().sealed_bytes, 50);
}
