//! Tasks and commands: leased to one holder at a time, ended by that holder only.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, command, id};
use rsvault_domain::id::TaskId;
use rsvault_domain::ports::StoreError;
use rsvault_domain::work::{CommandState, ProtectionChange, TaskKind};

on_both!(
    eight_claimers_never_claim_a_task_twice,
    a_stale_attempt_touches_no_row,
    tasks_run_when_they_are_due,
    the_oldest_queued_command_is_leased_first,
    a_stale_generation_renews_nothing,
    overdue_commands_are_found,
);

fn kind() -> TaskKind {
    TaskKind::Protect { item: id(), operation: id(), job: id(), change: ProtectionChange::Enable { policy: id(), etag: Some(1) } }
}

async fn eight_claimers_never_claim_a_task_twice(bed: Bed) {
    let mut tx = bed.begin().await;
    for _ in 0..200 {
        tx.enqueue(id(), &kind(), at(0)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let claimers: Vec<_> = (0..8)
        .map(|n| {
            let store = bed.store.clone();
            tokio::spawn(async move {
                use rsvault_domain::ports::Store;
                let mut mine: Vec<TaskId> = Vec::new();
                loop {
                    let mut tx = store.begin().await.unwrap();
                    let got = tx.claim_tasks(&format!("worker {n}"), at(0), at(60), 5).await.unwrap();
                    tx.commit().await.unwrap();
                    if got.is_empty() {
                        return mine;
                    }
                    assert!(got.iter().all(|task| task.attempt == 1));
                    mine.extend(got.iter().map(|task| task.id));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for claimer in claimers {
        all.extend(claimer.await.unwrap());
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 200);
}

async fn a_stale_attempt_touches_no_row(bed: Bed) {
    let task: TaskId = id();
    let work = kind();
    let mut tx = bed.begin().await;
    tx.enqueue(task, &work, at(0)).await.unwrap();
    assert!(matches!(tx.enqueue(task, &work, at(0)).await, Err(StoreError::Exists(_))));
    let first = tx.claim_tasks("a", at(0), at(60), 9).await.unwrap();
    assert_eq!((first[0].id, &first[0].kind, first[0].attempt), (task, &work, 1));
    assert_eq!(tx.claim_tasks("b", at(59), at(120), 9).await.unwrap(), [], "the lease still runs");
    let second = tx.claim_tasks("b", at(60), at(120), 9).await.unwrap();
    assert_eq!(second[0].attempt, 2);
    assert!(!tx.finish_task(task, "a", 1).await.unwrap());
    assert!(!tx.release_task(task, "a", 1, at(0), "late").await.unwrap());
    assert!(!tx.finish_task(task, "b", 1).await.unwrap());
    assert_eq!(tx.next_task_at().await.unwrap(), Some(at(120)), "the stale worker moved the task");
    assert!(tx.release_task(task, "b", 2, at(300), "try later").await.unwrap());
    assert!(!tx.finish_task(task, "b", 2).await.unwrap(), "given back is not held");
    let third = tx.claim_tasks("b", at(300), at(360), 9).await.unwrap();
    assert_eq!(third[0].attempt, 3);
    assert!(tx.finish_task(task, "b", 3).await.unwrap());
    assert_eq!(tx.next_task_at().await.unwrap(), None);
}

async fn tasks_run_when_they_are_due(bed: Bed) {
    let (early, late): (TaskId, TaskId) = (id(), id());
    let mut tx = bed.begin().await;
    tx.enqueue(late, &kind(), at(20)).await.unwrap();
    tx.enqueue(early, &kind(), at(10)).await.unwrap();
    assert_eq!(tx.next_task_at().await.unwrap(), Some(at(10)));
    assert_eq!(tx.claim_tasks("a", at(9), at(60), 9).await.unwrap(), []);
    let claimed = tx.claim_tasks("a", at(30), at(60), 1).await.unwrap();
    assert_eq!(claimed[0].id, early);
    assert_eq!(tx.claim_tasks("a", at(30), at(60), 9).await.unwrap()[0].id, late);
}

async fn the_oldest_queued_command_is_leased_first(bed: Bed) {
    let server = id();
    let (old, new) = (command(server, 1), command(server, 2));
    let mut tx = bed.begin().await;
    tx.insert_command(&new).await.unwrap();
    tx.insert_command(&old).await.unwrap();
    assert!(matches!(tx.insert_command(&old).await, Err(StoreError::Exists(_))));
    assert_eq!(tx.command(old.id).await.unwrap(), Some(old.clone()));
    assert_eq!(tx.claim_command(id(), at(50)).await.unwrap(), None, "another server's");
    let mut leased = tx.claim_command(server, at(50)).await.unwrap().unwrap();
    assert_eq!((leased.id, leased.state, leased.generation, leased.lease_expires_at), (old.id, CommandState::Leased, 1, Some(at(50))));
    assert_eq!(tx.claim_command(server, at(50)).await.unwrap().unwrap().id, new.id);
    assert_eq!(tx.claim_command(server, at(50)).await.unwrap(), None);
    assert_eq!(tx.command_of_job(old.job_id.unwrap()).await.unwrap(), Some(leased.clone()));
    leased.state = CommandState::Done;
    leased.cancel_requested = true;
    tx.update_command(&leased).await.unwrap();
    assert_eq!(tx.command(old.id).await.unwrap(), Some(leased));
    assert_eq!(tx.command_of_job(old.job_id.unwrap()).await.unwrap(), None);
    let open = tx.open_commands(server).await.unwrap();
    assert_eq!(open.iter().map(|c| c.id).collect::<Vec<_>>(), [new.id]);
    assert!(matches!(tx.update_command(&command(server, 3)).await, Err(StoreError::Missing(_))));
}

async fn a_stale_generation_renews_nothing(bed: Bed) {
    let server = id();
    let queued = command(server, 1);
    let mut tx = bed.begin().await;
    tx.insert_command(&queued).await.unwrap();
    assert!(!tx.renew_command(queued.id, 0, at(90)).await.unwrap(), "not leased yet");
    let mut leased = tx.claim_command(server, at(50)).await.unwrap().unwrap();
    assert!(tx.renew_command(queued.id, 1, at(90)).await.unwrap());
    assert_eq!(tx.command(queued.id).await.unwrap().unwrap().lease_expires_at, Some(at(90)));
    leased.state = CommandState::Queued;
    leased.lease_expires_at = None;
    tx.update_command(&leased).await.unwrap();
    assert_eq!(tx.claim_command(server, at(200)).await.unwrap().unwrap().generation, 2);
    assert!(!tx.renew_command(queued.id, 1, at(900)).await.unwrap());
    assert_eq!(tx.command(queued.id).await.unwrap().unwrap().lease_expires_at, Some(at(200)));
}

async fn overdue_commands_are_found(bed: Bed) {
    let (idle, busy) = (id(), id());
    let (waits, runs) = (command(idle, 0), command(busy, 1));
    let mut tx = bed.begin().await;
    tx.insert_command(&waits).await.unwrap();
    tx.insert_command(&runs).await.unwrap();
    tx.claim_command(busy, at(40)).await.unwrap();
    let overdue = async |tx: &mut dyn rsvault_domain::ports::Tx, now| {
        tx.overdue_commands(now, 9).await.unwrap().iter().map(|c| c.id).collect::<Vec<_>>()
    };
    assert_eq!(overdue(&mut *tx, at(39)).await, []);
    assert_eq!(overdue(&mut *tx, at(40)).await, [runs.id]);
    assert_eq!(overdue(&mut *tx, at(100)).await, [waits.id, runs.id]);
    assert_eq!(tx.overdue_commands(at(100), 1).await.unwrap().len(), 1);
}
