//! The archive tier over time: moves, rehydration, copies that expire, and what each refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod support;

use jiff::{SignedDuration, Timestamp};
use rsvault_domain::archive::{MOVE_TIME, NotReady, Priority, Tier};
use rsvault_domain::backup::{BackupKind, RecoveryPoint};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::JobId;
use rsvault_domain::job::{JOB_TYPE, Job, JobKind, JobStatus};
use rsvault_domain::operation::Operation;
use rsvault_domain::ports::{Clock, EventKind};
use rsvault_domain::vault::SoftDeleteState;
use rsvault_engine::restores::{Destination, Rehydration, RestoreRequest, Wanted};
use rsvault_engine::vaults::VaultChange;
use rsvault_engine::{archive, backups, jobs, restores, tasks, timeline, vaults};
use support::*;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A vault with one full that is kept for ten years, `age` days ago.
async fn with_a_full(age: i32) -> TestBox {
    let t = TestBox::new().await;
    t.protected().await;
    let until = t.clock.now() + DAY * 3650;
    let request = backups::BackupRequest { kind: BackupKind::Full, compress: None, expires_at: Some(until) };
    backups::trigger(&t.engine, &caller(), &item_path(), &request).await.unwrap();
    t.play().await;
    t.clock.advance(DAY * age);
    t
}
async fn point(t: &TestBox) -> RecoveryPoint {
    let list = backups::points(&t.engine, &item_path(), &backups::PointQuery::all(), &Default::default()).await.unwrap();
    list.points.items.last().unwrap().clone()
}
async fn ready(t: &TestBox) -> std::result::Result<(), NotReady> {
    archive::readiness(&t.engine, &[point(t).await]).await.unwrap().remove(0)
}
async fn moved(t: &TestBox) -> Result<Operation> {
    let name = point(t).await.name.0;
    archive::move_point(&t.engine, &caller(), &item_path(), &name).await
}
async fn job(t: &TestBox, operation: &Operation) -> Job {
    jobs::get(&t.engine, &vault_path(), operation.job_id.unwrap()).await.unwrap().1
}
/// Time passes and what is due is done.
async fn pass(t: &TestBox, by: SignedDuration) {
    t.clock.advance(by);
    t.settle().await;
}
async fn soft_delete_off(t: &TestBox) {
    let change = VaultChange { soft_delete: Some(SoftDeleteState::Disabled), ..Default::default() };
    vaults::patch(&t.engine, &caller(), &vault_path(), change).await.unwrap();
}
async fn archived() -> TestBox {
    let t = with_a_full(46).await;
    moved(&t).await.unwrap();
    pass(&t, MOVE_TIME).await;
    t
}
fn back(days: i32, priority: Priority) -> Option<Rehydration> {
    Some(Rehydration { keep_days: days, priority })
}
async fn restore(t: &TestBox, database: &str, rehydrate: Option<Rehydration>) -> Result<Operation> {
    let request = RestoreRequest {
        wanted: Wanted::Point(point(t).await.name.0),
        destination: Destination::Alternate { container: None, database: format!("MSSQLSERVER/{database}") },
        overwrite: false,
        files: Vec::new(),
        fallback: false,
        no_recovery: false,
        rehydrate,
    };
    let verdict = restores::validate(&t.engine, &item_path(), &request).await.unwrap();
    let done = restores::trigger(&t.engine, &caller(), &item_path(), &request).await;
    if let Err(fault) = &done {
        assert_eq!(verdict.as_ref().map(|(code, _)| code.as_str()), Some(fault.code.as_ref()), "validation says the same");
    }
    done
}
fn code(result: Result<Operation>) -> String {
    let fault: Fault = result.unwrap_err();
    assert!(fault.target.is_some() || fault.kind == rsvault_domain::FaultKind::Conflict, "{fault}");
    fault.code.into_owned()
}

#[tokio::test]
async fn a_full_that_is_old_enough_moves_within_its_time_under_the_id_of_its_job() {
    let t = with_a_full(44).await;
    assert!(matches!(ready(&t).await, Err(NotReady::Young(_))));
    assert_eq!(code(moved(&t).await), "UserErrorRecoveryPointNotReadyForMove");
    t.clock.advance(DAY);
    assert_eq!(ready(&t).await, Ok(()));
    let operation = moved(&t).await.unwrap();
    assert_eq!(operation.job_id, Some(JobId(operation.id.0)));
    let running = job(&t, &operation).await;
    assert_eq!((running.kind, running.status), (JobKind::MoveRecoveryPoint, JobStatus::InProgress));
    assert_eq!(running.entity_name, "salesdb [sqlvm1]");
    assert_eq!(running.properties[0].0, "Recovery Point Time");
    assert!(matches!(ready(&t).await, Err(NotReady::Tier(Tier::Moving { .. }))));
    assert_eq!(code(moved(&t).await), "UserErrorRecoveryPointNotReadyForMove", "it is on its way");
    assert_eq!(jobs::cancel(&t.engine, &caller(), &vault_path(), running.id).await.unwrap_err().code, "UserErrorJobNotCancellable");
    let (due, _) = timeline::next_due(&t.engine).await.unwrap().unwrap();
    assert!(due <= t.clock.now() + MOVE_TIME, "virtual time stops at its end");
    pass(&t, MOVE_TIME - SignedDuration::from_secs(1)).await;
    assert_eq!(job(&t, &operation).await.status, JobStatus::InProgress);
    pass(&t, SignedDuration::from_secs(1)).await;
    assert_eq!(job(&t, &operation).await.status, JobStatus::Completed);
    assert!(matches!(point(&t).await.tier, Tier::Archived { .. }));
    assert!(t.engine.chronicle.counts().get(&EventKind::Archive).is_some_and(|n| *n == 1), "it is told");
}

#[tokio::test]
async fn a_full_that_logs_hang_on_stays_until_they_have_expired() {
    let t = with_a_full(0).await;
    t.clock.advance(DAY * 14);
    let log = backups::BackupRequest { kind: BackupKind::Log, compress: None, expires_at: None };
    backups::trigger(&t.engine, &caller(), &item_path(), &log).await.unwrap();
    t.play().await;
    t.clock.advance(DAY * 32);
    // The log was kept 30 days; the next round of retention takes it.
    assert_eq!(ready(&t).await, Err(NotReady::Needed));
    assert_eq!(code(moved(&t).await), "UserErrorRecoveryPointNotReadyForMove");
    t.settle().await;
    assert_eq!(ready(&t).await, Ok(()));
    moved(&t).await.unwrap();
}

#[tokio::test]
async fn an_archived_point_is_restored_only_after_it_was_rehydrated() {
    let t = archived().await;
    assert_eq!(code(restore(&t, "copy", None).await), "UserErrorRecoveryPointInArchiveTier");
    let operation = restore(&t, "copy", back(10, Priority::High)).await.unwrap();
    assert_eq!(operation.job_id, Some(JobId(operation.id.0)));
    let running = job(&t, &operation).await;
    assert_eq!(running.kind, JobKind::RestoreWithRehydrate(BackupKind::Full));
    assert_eq!(running.tasks(), [("Rehydrate from Archive storage", JobStatus::InProgress)]);
    assert_eq!(
        running.properties,
        [("Rehydration Priority".to_owned(), "High".to_owned()), ("Rehydrated Recovery Point Retention".to_owned(), "P10D".to_owned())]
    );
    assert_eq!(code(restore(&t, "other", back(10, Priority::High)).await), "UserErrorRestoreOperationInProgress");
    pass(&t, SignedDuration::from_mins(59)).await;
    t.play().await;
    assert_eq!(job(&t, &operation).await.tasks().len(), 1, "High takes an hour");
    pass(&t, SignedDuration::from_mins(1)).await;
    let transfers = job(&t, &operation).await;
    assert_eq!(
        transfers.tasks(),
        [("Rehydrate from Archive storage", JobStatus::Completed), ("Transfer data from vault", JobStatus::InProgress)]
    );
    t.play().await;
    let done = job(&t, &operation).await;
    assert_eq!(done.status, JobStatus::Completed);
    let keys: Vec<_> = done.properties.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "Rehydration Priority",
            "Rehydrated Recovery Point Retention",
            "Job Type",
            "Data Transferred (in MB)",
            "RestoreRecoveryPointTime",
            "RestoreDestination"
        ]
    );
    assert!(matches!(point(&t).await.tier, Tier::Rehydrated { .. }));
    // The copy is restored as any other point, and prolonged by a request that asks for it.
    restore(&t, "second", None).await.unwrap();
    t.play().await;
    let Tier::Rehydrated { until, .. } = point(&t).await.tier else { panic!("no copy") };
    restore(&t, "third", back(30, Priority::Standard)).await.unwrap();
    t.settle().await;
    t.play().await;
    assert!(matches!(point(&t).await.tier, Tier::Rehydrated { until: longer, .. } if longer > until));
    // It goes at its time, also with the timer of the shorter one behind it.
    t.clock.advance(DAY * 11);
    t.settle().await;
    assert!(matches!(point(&t).await.tier, Tier::Rehydrated { .. }));
    t.clock.advance(DAY * 20);
    t.settle().await;
    assert!(matches!(point(&t).await.tier, Tier::Archived { .. }));
    assert_eq!(code(restore(&t, "fourth", None).await), "UserErrorRecoveryPointInArchiveTier");
}

#[tokio::test]
async fn a_copy_whose_time_is_over_is_none_before_anybody_noted_it() {
    let t = archived().await;
    restore(&t, "copy", back(10, Priority::Standard)).await.unwrap();
    pass(&t, SignedDuration::from_hours(14)).await;
    assert!(matches!(point(&t).await.tier, Tier::Rehydrating { .. }), "Standard takes 15 hours");
    pass(&t, SignedDuration::from_hours(1)).await;
    t.play().await;
    restore(&t, "second", None).await.unwrap();
    t.clock.advance(DAY * 10);
    assert_eq!(code(restore(&t, "third", None).await), "UserErrorRecoveryPointInArchiveTier");
}

#[tokio::test]
async fn a_rehydration_that_is_cancelled_leaves_the_point_archived() {
    let t = archived().await;
    let operation = restore(&t, "copy", back(10, Priority::High)).await.unwrap();
    jobs::cancel(&t.engine, &caller(), &vault_path(), operation.job_id.unwrap()).await.unwrap();
    let ended = job(&t, &operation).await;
    assert_eq!((ended.status, ended.faults[0].code.as_str()), (JobStatus::Cancelled, "UserErrorJobSuccessfullyCancelled"));
    assert!(matches!(point(&t).await.tier, Tier::Archived { .. }));
    pass(&t, SignedDuration::from_hours(2)).await;
    t.play().await;
    assert!(matches!(point(&t).await.tier, Tier::Archived { .. }), "its task finds nothing to do");
    restore(&t, "copy", back(10, Priority::High)).await.unwrap();
}

#[tokio::test]
async fn a_point_that_is_gone_fails_its_move_and_its_rehydration() {
    let t = with_a_full(46).await;
    let moving = moved(&t).await.unwrap();
    soft_delete_off(&t).await;
    rsvault_engine::protection::delete(&t.engine, &caller(), &item_path()).await.unwrap();
    t.settle().await;
    pass(&t, MOVE_TIME).await;
    let ended = job(&t, &moving).await;
    assert_eq!((ended.status, ended.faults[0].code.as_str()), (JobStatus::Failed, "UserErrorRecoveryPointDeleted"));

    let t = archived().await;
    let restoring = restore(&t, "copy", back(10, Priority::High)).await.unwrap();
    soft_delete_off(&t).await;
    rsvault_engine::protection::delete(&t.engine, &caller(), &item_path()).await.unwrap();
    t.settle().await;
    pass(&t, SignedDuration::from_hours(1)).await;
    assert_eq!(job(&t, &restoring).await.faults[0].code, "UserErrorRecoveryPointDeleted");
}

#[tokio::test]
async fn what_was_not_archived_is_not_rehydrated() {
    let t = with_a_full(46).await;
    assert_eq!(code(restore(&t, "copy", back(10, Priority::High)).await), "BMSUserErrorInvalidRestoreRequest");
    moved(&t).await.unwrap();
    restore(&t, "copy", None).await.unwrap();
    t.play().await;
    pass(&t, MOVE_TIME).await;
    assert!(matches!(point(&t).await.tier, Tier::Archived { .. }), "a restore does not keep it from moving");
}

#[tokio::test]
async fn retention_leaves_a_point_that_is_on_its_way() {
    let t = with_a_full(46).await;
    let point = point(&t).await;
    moved(&t).await.unwrap();
    let mut tx = t.plain_store.begin().await.unwrap();
    let mut mark = tx.marks(point.item_id).await.unwrap().remove(0);
    mark.expires_at = Some(Timestamp::UNIX_EPOCH);
    tx.mark_points(&[mark]).await.unwrap();
    let mut item = t.item().await;
    item.reap_at = Some(t.clock.now());
    tx.update_item(&item).await.unwrap();
    tx.commit().await.unwrap();
    t.settle().await;
    assert!(matches!(self::point(&t).await.tier, Tier::Moving { .. }));
    pass(&t, SignedDuration::from_mins(6)).await;
    let gone = backups::points(&t.engine, &item_path(), &backups::PointQuery::all(), &Default::default()).await.unwrap();
    assert!(gone.points.items.is_empty(), "after the move it goes at its time");
}

/// Tasks run until the job has ended, or has come to its transfer: a lost call leaves them to a later attempt.
async fn run_to(t: &TestBox, operation: &Operation, by: SignedDuration) {
    t.clock.advance(by);
    for _ in 0..4 {
        let _ = tasks::run_due(&t.engine, "test").await;
        let job = t.plain_store.read().await.unwrap().job(operation.vault_id, operation.job_id.unwrap()).await.unwrap().unwrap();
        if job.status.is_final() || job.properties.iter().any(|(key, _)| key == JOB_TYPE) {
            return;
        }
        t.clock.advance(SignedDuration::from_secs(61));
    }
}

#[tokio::test]
async fn a_failure_at_any_step_of_a_move_and_of_a_rehydration_leaves_nothing_stuck() {
    for after in [false, true] {
        for n in 1.. {
            let t = with_a_full(46).await;
            let name = point(&t).await.name.0;
            let request = RestoreRequest {
                wanted: Wanted::Point(name.clone()),
                destination: Destination::Alternate { container: None, database: "MSSQLSERVER/copy".into() },
                overwrite: false,
                files: Vec::new(),
                fallback: false,
                no_recovery: false,
                rehydrate: back(10, Priority::High),
            };
            let (who, then, path) = (caller(), caller(), item_path());
            t.faults.arm(n, after);
            let moving = again(|| archive::move_point(&t.engine, &who, &path, &name)).await.unwrap();
            run_to(&t, &moving, MOVE_TIME).await;
            let restoring = again(|| restores::trigger(&t.engine, &then, &path, &request)).await.unwrap();
            run_to(&t, &restoring, SignedDuration::from_hours(1)).await;
            t.play().await;
            let calls = t.faults.calls.load(std::sync::atomic::Ordering::SeqCst);
            t.faults.arm(0, false);
            for _ in 0..4 {
                pass(&t, SignedDuration::from_secs(61)).await;
                t.play().await;
            }
            for operation in [&moving, &restoring] {
                let job = job(&t, operation).await;
                assert_eq!(job.status, JobStatus::Completed, "n={n} after={after}: {:?} {:?}", job.kind, job.faults);
            }
            assert!(matches!(point(&t).await.tier, Tier::Rehydrated { .. }), "n={n} after={after}");
            if calls < n {
                assert!(n > 10, "the sweep went through all of it, saw {n}");
                break;
            }
        }
    }
}
