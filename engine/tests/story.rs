//! The main job and its rules, through the use cases.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod support;

use jiff::SignedDuration;
use rsvault_domain::fault::FaultKind;
use rsvault_domain::id::ItemName;
use rsvault_domain::job::JobStatus;
use rsvault_domain::operation::OperationStatus;
use rsvault_domain::ports::Clock;
use rsvault_domain::protection::ItemState;
use rsvault_engine::agents::{self, Verdict};
use rsvault_engine::protection::{Change, ItemPath};
use rsvault_engine::restores::{self, Destination, RestoreRequest, Wanted};
use rsvault_engine::{Progress, backups, discovery, jobs, operations, policies, protection, reconcile, vaults};
use std::time::Duration;
use support::*;

async fn job_of(t: &TestBox, operation: &rsvault_domain::operation::Operation) -> rsvault_domain::job::Job {
    jobs::get(&t.engine, &vault_path(), operation.job_id.unwrap()).await.unwrap().1
}
async fn only_point(t: &TestBox) -> rsvault_domain::backup::RecoveryPoint {
    let list = backups::points(&t.engine, &item_path(), &backups::PointQuery::all(), &Default::default()).await.unwrap();
    assert_eq!(list.points.items.len(), 1);
    list.points.items.into_iter().next().unwrap()
}
fn restore_to(point: &str, database: &str) -> RestoreRequest {
    RestoreRequest {
        wanted: Wanted::Point(point.into()),
        destination: Destination::Alternate { container: None, database: database.into() },
        overwrite: false,
        files: Vec::new(),
        fallback: false,
        no_recovery: false,
        rehydrate: None,
    }
}

#[tokio::test]
async fn a_database_is_protected_backed_up_and_restored() {
    let t = TestBox::new().await;
    t.protected().await;
    assert_eq!(protection::get(&t.engine, &item_path()).await.unwrap().item.state, ItemState::IRPending);
    let backup = t.full().await;
    assert_eq!(backup.status, OperationStatus::Succeeded, "the operation of a backup ends at once; the job runs on");
    assert_eq!(job_of(&t, &backup).await.status, JobStatus::InProgress);
    t.play().await;
    let job = job_of(&t, &backup).await;
    assert_eq!(job.status, JobStatus::Completed, "{:?}", job.faults);
    let view = protection::get(&t.engine, &item_path()).await.unwrap();
    assert_eq!((view.item.state, view.points.count), (ItemState::Protected, 1));
    let point = only_point(&t).await;
    let restore = restores::trigger(&t.engine, &caller(), &item_path(), &restore_to(&point.name.0, "MSSQLSERVER/copy")).await.unwrap();
    t.play().await;
    let job = job_of(&t, &restore).await;
    assert_eq!((job.status, job.kind.text(job.status).as_str()), (JobStatus::Completed, "Restore (Full)"));
    assert!(job.properties.iter().any(|(k, v)| k == "RestoreDestination" && v == "sqlvm1/MSSQLSERVER/copy"), "{:?}", job.properties);
    t.assert_store_is_exact().await;
}

#[tokio::test]
async fn a_protected_database_leaves_the_list_of_protectable_items() {
    let t = TestBox::new().await;
    t.protected().await;
    let listed = discovery::protectable_items(&t.engine, &vault_path(), &Default::default(), &Default::default()).await.unwrap();
    let names: Vec<String> = listed.items.into_iter().filter_map(|i| i.found.database).collect();
    assert_eq!(names, ["master"]);
}

#[tokio::test]
async fn a_repeated_trigger_is_the_same_trigger() {
    let t = TestBox::new().await;
    t.protected().await;
    let who = caller();
    let request = backups::BackupRequest { kind: rsvault_domain::backup::BackupKind::Full, compress: None, expires_at: None };
    let first = backups::trigger(&t.engine, &who, &item_path(), &request).await.unwrap();
    let second = backups::trigger(&t.engine, &who, &item_path(), &request).await.unwrap();
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_second_backup_of_the_same_type_is_refused_by_its_job() {
    let t = TestBox::new().await;
    t.protected().await;
    t.full().await;
    let second = t.full().await;
    let job = job_of(&t, &second).await;
    assert_eq!((job.status, job.faults[0].number), (JobStatus::Failed, 510_008));
}

#[tokio::test]
async fn a_command_that_nobody_takes_fails_as_not_reachable() {
    let t = TestBox::new().await;
    t.protected().await;
    let backup = t.full().await;
    t.clock.advance(SignedDuration::from_secs(121));
    reconcile::leases(&t.engine).await.unwrap();
    let job = job_of(&t, &backup).await;
    assert_eq!((job.status, job.faults[0].code.as_str()), (JobStatus::Failed, "WorkloadExtensionNotReachable"));
}

#[tokio::test]
async fn a_silent_agent_loses_its_lease_and_its_late_commit_changes_nothing() {
    let t = TestBox::new().await;
    t.protected().await;
    let backup = t.full().await;
    let first = agents::next_command(&t.engine, &t.agent, "t", Duration::ZERO).await.unwrap().unwrap().command;
    let set = agents::open_set(&t.engine, &t.agent, first.id, first.generation).await.unwrap().set;
    let bytes = bytes::Bytes::from_static(b"old");
    agents::put_chunk(&t.engine, &t.agent, set.id, first.generation, 0, 0, *blake3::hash(&bytes).as_bytes(), bytes.clone()).await.unwrap();
    t.clock.advance(SignedDuration::from_secs(31));
    reconcile::leases(&t.engine).await.unwrap();
    // A second attempt takes over and commits.
    t.play().await;
    assert_eq!(job_of(&t, &backup).await.status, JobStatus::Completed);
    // The old one wakes up.
    let late =
        agents::put_chunk(&t.engine, &t.agent, set.id, first.generation, 0, 1, *blake3::hash(&bytes).as_bytes(), bytes).await.unwrap_err();
    assert_eq!(late.kind, FaultKind::Stale);
    let heartbeat = agents::heartbeat(&t.engine, &t.agent, first.id, first.generation, Progress::default()).await.unwrap();
    assert_eq!(heartbeat, Verdict::Stale);
    only_point(&t).await;
    t.clock.advance(SignedDuration::from_secs(76));
    t.settle().await;
    t.assert_store_is_exact().await;
}

#[tokio::test]
async fn a_cancelled_backup_leaves_no_point_and_no_objects() {
    let t = TestBox::new().await;
    t.protected().await;
    let backup = t.full().await;
    let command = agents::next_command(&t.engine, &t.agent, "t", Duration::ZERO).await.unwrap().unwrap().command;
    let set = agents::open_set(&t.engine, &t.agent, command.id, command.generation).await.unwrap().set;
    let bytes = bytes::Bytes::from_static(b"x");
    agents::put_chunk(&t.engine, &t.agent, set.id, command.generation, 0, 0, *blake3::hash(&bytes).as_bytes(), bytes).await.unwrap();
    jobs::cancel(&t.engine, &caller(), &vault_path(), backup.job_id.unwrap()).await.unwrap();
    let verdict = agents::heartbeat(&t.engine, &t.agent, command.id, command.generation, Progress::default()).await.unwrap();
    assert_eq!(verdict, Verdict::Cancel);
    agents::finish(&t.engine, &t.agent, command.id, command.generation, &agents::Outcome::Cancelled).await.unwrap();
    assert_eq!(job_of(&t, &backup).await.status, JobStatus::Cancelled);
    t.clock.advance(SignedDuration::from_secs(76));
    t.settle().await;
    assert_eq!(protection::get(&t.engine, &item_path()).await.unwrap().points.count, 0);
    t.assert_store_is_exact().await;
}

#[tokio::test]
async fn an_altered_or_missing_chunk_fails_the_restore_and_is_named() {
    let t = TestBox::new().await;
    t.protected().await;
    t.full().await;
    t.play().await;
    let point = only_point(&t).await;
    let keys = t.plain_objects.list("", None, 100).await.unwrap();
    let victim = keys.iter().find(|k| k.ends_with("/00000001")).unwrap();
    let mut bytes = t.plain_objects.get(victim).await.unwrap().to_vec();
    bytes[17] ^= 1;
    t.plain_objects.delete(victim).await.unwrap();
    t.plain_objects.put_new(victim, bytes.into()).await.unwrap();
    for name in ["flipped", "missing"] {
        let restore = restores::trigger(&t.engine, &caller(), &item_path(), &restore_to(&point.name.0, &format!("MSSQLSERVER/{name}")))
            .await
            .unwrap();
        t.play().await;
        let job = job_of(&t, &restore).await;
        assert_eq!((job.status, job.faults[0].code.as_str()), (JobStatus::Failed, "UserErrorRecoveryPointDataCorrupt"));
        assert!(job.faults[0].message.contains("Chunk 1 of stream 0"), "{}", job.faults[0].message);
        t.plain_objects.delete(victim).await.unwrap();
    }
}

#[tokio::test]
async fn a_stopped_server_fails_work_at_once() {
    let t = TestBox::new().await;
    t.protected().await;
    let mut tx = t.engine.store.begin().await.unwrap();
    tx.put_server(&rsvault_domain::discovery::Server { state: rsvault_domain::discovery::ServerState::Stopped, ..t.server.clone() })
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let job = job_of(&t, &t.full().await).await;
    assert_eq!((job.status, job.faults[0].code.as_str()), (JobStatus::Failed, "VMNotInRunningStateUserError"));
}

#[tokio::test]
async fn deletion_is_soft_and_undelete_brings_back_a_stopped_item() {
    let t = TestBox::new().await;
    t.protected().await;
    t.full().await;
    t.play().await;
    let point = only_point(&t).await;
    protection::delete(&t.engine, &caller(), &item_path()).await.unwrap();
    t.settle().await;
    let item = protection::get(&t.engine, &item_path()).await.unwrap().item;
    assert_eq!(item.soft_deleted.unwrap().purge_at, t.clock.now() + SignedDuration::from_hours(24 * 14));
    let refused = restores::trigger(&t.engine, &caller(), &item_path(), &restore_to(&point.name.0, "MSSQLSERVER/x")).await.unwrap_err();
    assert_eq!(refused.code, "BMSUserErrorItemSoftDeleted");
    let again = protection::put(&t.engine, &caller(), &item_path(), &enable("HourlyLogBackup")).await.unwrap_err();
    assert_eq!(again.kind, FaultKind::Conflict);
    protection::put(&t.engine, &caller(), &item_path(), &Change::Undelete).await.unwrap();
    t.settle().await;
    assert_eq!(protection::get(&t.engine, &item_path()).await.unwrap().item.state, ItemState::ProtectionStopped);
    protection::put(&t.engine, &caller(), &item_path(), &enable("HourlyLogBackup")).await.unwrap();
    t.settle().await;
    assert_eq!(protection::get(&t.engine, &item_path()).await.unwrap().item.state, ItemState::Protected);
}

#[tokio::test]
async fn after_its_days_a_deleted_item_is_purged_with_container_vault_and_objects() {
    let t = TestBox::new().await;
    t.protected().await;
    t.full().await;
    t.play().await;
    let in_use = vaults::delete(&t.engine, &caller(), &vault_path()).await.unwrap_err();
    assert!(in_use.message.contains("existing resources within the vault"), "{}", in_use.message);
    assert!(discovery::unregister(&t.engine, &caller(), &vault_path(), &container_name()).await.is_err());
    protection::delete(&t.engine, &caller(), &item_path()).await.unwrap();
    t.settle().await;
    discovery::unregister(&t.engine, &caller(), &vault_path(), &container_name()).await.unwrap();
    let deleted = vaults::delete(&t.engine, &caller(), &vault_path()).await.unwrap().unwrap();
    assert!(vaults::get(&t.engine, &vault_path()).await.is_err());
    assert_eq!(
        operations::read(&t.engine, &vault_path(), deleted.id).await.unwrap().status,
        OperationStatus::Succeeded,
        "readable after the vault is gone"
    );
    t.clock.advance(SignedDuration::from_hours(24 * 13));
    t.settle().await;
    assert!(!t.plain_objects.list("", None, 10).await.unwrap().is_empty(), "kept for 14 days");
    t.clock.advance(SignedDuration::from_hours(25));
    t.settle().await;
    t.clock.advance(SignedDuration::from_secs(76));
    t.settle().await;
    assert_eq!(t.plain_objects.list("", None, 10).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_policy_in_use_stays_and_a_default_policy_comes_back() {
    let t = TestBox::new().await;
    t.protected().await;
    let refused = policies::delete(&t.engine, &caller(), &vault_path(), "hourlylogbackup").await.unwrap_err();
    assert_eq!(refused.code, "BMSUserErrorPolicyInUse");
    let vm = protection::put(
        &t.engine,
        &caller(),
        &ItemPath { item: ItemName::new("MSSQLSERVER", "master"), ..item_path() },
        &enable("DefaultPolicy"),
    )
    .await
    .unwrap_err();
    assert_eq!(vm.code, "BMSUserErrorInvalidPolicyForGivenProvider");
    protection::put(&t.engine, &caller(), &item_path(), &Change::Stop).await.unwrap();
    t.settle().await;
    assert!(policies::delete(&t.engine, &caller(), &vault_path(), "HourlyLogBackup").await.unwrap());
    assert!(policies::get(&t.engine, &vault_path(), "HourlyLogBackup").await.is_ok());
}

#[tokio::test]
async fn the_agent_is_told_the_name_as_the_server_spells_it() {
    let t = TestBox::new().await;
    t.protected().await;
    let folded = ItemPath { item: ItemName::new("mssqlserver", "MASTER"), ..item_path() };
    protection::put(&t.engine, &caller(), &folded, &enable("HourlyLogBackup")).await.unwrap();
    t.settle().await;
    let request = backups::BackupRequest { kind: rsvault_domain::backup::BackupKind::CopyOnlyFull, compress: None, expires_at: None };
    backups::trigger(&t.engine, &caller(), &folded, &request).await.unwrap();
    let command = agents::next_command(&t.engine, &t.agent, "t", Duration::ZERO).await.unwrap().unwrap().command;
    match command.work {
        rsvault_domain::work::CommandWork::Backup { instance, database, .. } => {
            assert_eq!((instance.as_str(), database.as_str()), ("MSSQLSERVER", "master"));
        }
        other => panic!("{other:?}"),
    }
}
