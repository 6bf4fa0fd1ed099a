//! The step sweep (design §9): the store or the object store fails at call N, before or after its
//! effect, for every N of a backup. Afterwards no committed set lacks bytes, no job is lost, every
//! operation has ended, and a further backup succeeds.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod support;

use jiff::SignedDuration;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::job::JobStatus;
use rsvault_domain::operation::OperationStatus;
use rsvault_domain::ports::{JobFilter, Page};
use rsvault_engine::{backups, jobs, protection};
use std::sync::atomic::Ordering;
use support::*;

#[tokio::test]
async fn a_failure_before_any_step_loses_nothing_and_leaves_nothing_stuck() {
    sweep(false).await;
}

#[tokio::test]
async fn a_failure_after_any_step_loses_nothing_and_leaves_nothing_stuck() {
    sweep(true).await;
}

async fn sweep(after: bool) {
    for n in 1.. {
        let t = TestBox::new().await;
        t.protected().await;
        t.faults.arm(n, after);
        let (who, then) = (caller(), caller());
        let path = item_path();
        let request = backups::BackupRequest { kind: BackupKind::Full, compress: None, expires_at: None };
        let operation = again(|| backups::trigger(&t.engine, &who, &path, &request)).await.unwrap();
        t.play().await;
        // A call that was lost may leave the work to a later attempt. It ends before the item is deleted:
        // a deletion would cancel it.
        for _ in 0..4 {
            let job = t.plain_store.read().await.unwrap().job(operation.vault_id, operation.job_id.unwrap()).await.unwrap();
            if job.unwrap().status.is_final() {
                break;
            }
            t.clock.advance(SignedDuration::from_secs(61));
            t.settle().await;
            t.play().await;
        }
        let done = again(|| protection::delete(&t.engine, &then, &path)).await;
        t.settle().await;
        let calls = t.faults.calls.load(Ordering::SeqCst);
        t.faults.arm(0, false);
        assert!(done.is_ok(), "n={n} after={after}: {done:?}");
        // Time passes: leases end, tasks are retried, garbage is collected.
        for _ in 0..6 {
            t.clock.advance(SignedDuration::from_secs(61));
            t.settle().await;
            t.play().await;
        }
        let (_, all) = jobs::list(&t.engine, &vault_path(), &JobFilter::default(), &Page::default()).await.unwrap();
        for job in &all.items {
            assert!(job.status.is_final(), "n={n} after={after}: {:?} is {:?}", job.kind, job.status);
        }
        let backup = jobs::get(&t.engine, &vault_path(), operation.job_id.unwrap()).await.unwrap().1;
        assert_eq!(backup.status, JobStatus::Completed, "n={n} after={after}: {:?}", backup.faults);
        let read = rsvault_engine::operations::read(&t.engine, &vault_path(), operation.id).await.unwrap();
        assert_ne!(read.status, OperationStatus::InProgress);
        t.assert_store_is_exact().await;
        if calls < n {
            assert!(n > 20, "the sweep must have gone through the whole backup, saw {n}");
            break;
        }
    }
}
