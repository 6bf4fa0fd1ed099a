//! What happens when two things that are each allowed meet: a change and running work, a late answer
//! and a container that was given up, a slow put and the collector.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod support;

use jiff::SignedDuration;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::discovery::{Container, Registration};
use rsvault_domain::fault::FaultKind;
use rsvault_domain::id::{ContainerId, ContainerName, SetId, TaskId};
use rsvault_domain::job::{Job, JobStatus};
use rsvault_domain::operation::{Operation, OperationStatus};
use rsvault_domain::ports::{Clock, ItemFilter, JobFilter, Page};
use rsvault_domain::vault::SoftDeleteState;
use rsvault_domain::work::{AgentCommand, TaskKind};
use rsvault_engine::agents::{self, Outcome};
use rsvault_engine::protection::Change;
use rsvault_engine::restores::{self, Destination, RestoreRequest, Wanted};
use rsvault_engine::vaults::{VaultChange, VaultPath};
use rsvault_engine::{backups, discovery, jobs, operations, policies, protection, reconcile, tasks, vaults};
use std::time::Duration;
use support::*;

async fn job_of(t: &TestBox, operation: &Operation) -> Job {
    jobs::get(&t.engine, &vault_path(), operation.job_id.unwrap()).await.unwrap().1
}
async fn status_of(t: &TestBox, operation: &Operation) -> OperationStatus {
    operations::read(&t.engine, &vault_path(), operation.id).await.unwrap().status
}
async fn lease(t: &TestBox) -> AgentCommand {
    agents::next_command(&t.engine, &t.agent, "t", Duration::ZERO).await.unwrap().unwrap().command
}
async fn soft_delete_off(t: &TestBox) {
    let change = VaultChange { soft_delete: Some(SoftDeleteState::Disabled), ..Default::default() };
    vaults::patch(&t.engine, &caller(), &vault_path(), change).await.unwrap();
}
async fn registration(t: &TestBox) -> Registration {
    discovery::get(&t.engine, &vault_path(), &container_name()).await.unwrap().container.registration
}
/// A protected database with one full.
async fn with_a_full() -> TestBox {
    let t = TestBox::new().await;
    t.protected().await;
    t.full().await;
    t.play().await;
    t
}
async fn restore(t: &TestBox, database: &str, container: Option<String>) -> rsvault_domain::fault::Result<Operation> {
    let point = backups::points(&t.engine, &item_path(), &backups::PointQuery::all(), &Page::default()).await?.points.items.remove(0);
    let request = RestoreRequest {
        wanted: Wanted::Point(point.name.0),
        destination: Destination::Alternate { container, database: format!("MSSQLSERVER/{database}") },
        overwrite: false,
        files: Vec::new(),
        fallback: false,
        no_recovery: false,
        rehydrate: None,
    };
    restores::trigger(&t.engine, &caller(), &item_path(), &request).await
}
async fn deleted_softly(t: &TestBox) {
    protection::delete(&t.engine, &caller(), &item_path()).await.unwrap();
    t.settle().await;
}

#[tokio::test]
async fn every_job_of_an_item_that_is_gone_for_good_ends() {
    let t = with_a_full().await;
    soft_delete_off(&t).await;
    let change = protection::put(&t.engine, &caller(), &item_path(), &enable("HourlyLogBackup")).await.unwrap();
    let first = protection::delete(&t.engine, &caller(), &item_path()).await.unwrap();
    let second = protection::delete(&t.engine, &caller(), &item_path()).await.unwrap();
    let late = protection::put(&t.engine, &caller(), &item_path(), &enable("HourlyLogBackup")).await.unwrap();
    t.settle().await;
    for operation in [&change, &first, &second, &late] {
        let job = job_of(&t, operation).await;
        assert!(job.status.is_final(), "{:?} is {:?}", job.kind, job.status);
        assert_ne!(status_of(&t, operation).await, OperationStatus::InProgress);
    }
}

#[tokio::test]
async fn deleting_an_item_ends_its_running_backup_and_nothing_of_it_stays() {
    let t = with_a_full().await;
    let backup = t.full().await;
    let command = lease(&t).await;
    let set = agents::open_set(&t.engine, &t.agent, command.id, command.generation).await.unwrap().set;
    deleted_softly(&t).await;
    assert_eq!(job_of(&t, &backup).await.status, JobStatus::Cancelled);
    let bytes = bytes::Bytes::from_static(b"late");
    let put = agents::put_chunk(&t.engine, &t.agent, set.id, command.generation, 0, 0, *blake3_of(&bytes), bytes).await;
    assert_eq!(put.unwrap_err().kind, FaultKind::Conflict);
    assert!(t.back_up(command.id, command.generation, 1).await.is_err());
    assert_eq!(protection::get(&t.engine, &item_path()).await.unwrap().points.count, 1);
    t.clock.advance(SignedDuration::from_secs(80));
    t.settle().await;
    t.assert_store_is_exact().await;
}
fn blake3_of(bytes: &[u8]) -> Box<[u8; 32]> {
    Box::new(*blake3::hash(bytes).as_bytes())
}

#[tokio::test]
async fn a_restore_whose_point_is_deleted_for_good_says_so_instead_of_crying_corruption() {
    let t = with_a_full().await;
    soft_delete_off(&t).await;
    let running = restore(&t, "copy", None).await.unwrap();
    let command = lease(&t).await;
    deleted_softly(&t).await;
    let job = job_of(&t, &running).await;
    assert_eq!((job.status, job.faults[0].code.as_str()), (JobStatus::Failed, "UserErrorRecoveryPointDeleted"));
    let late = agents::finish(&t.engine, &t.agent, command.id, command.generation, &Outcome::Restored { bytes: 1 }).await;
    assert!(late.is_ok(), "repeating an end changes nothing");
    assert_eq!(job_of(&t, &running).await.status, JobStatus::Failed);
}

#[tokio::test]
async fn undelete_does_not_outrun_the_deletion_of_the_vault() {
    let t = with_a_full().await;
    deleted_softly(&t).await;
    discovery::unregister(&t.engine, &caller(), &vault_path(), &container_name()).await.unwrap();
    let undelete = protection::put(&t.engine, &caller(), &item_path(), &Change::Undelete).await.unwrap();
    vaults::delete(&t.engine, &caller(), &vault_path()).await.unwrap().unwrap();
    t.settle().await;
    assert_eq!(status_of(&t, &undelete).await, OperationStatus::Failed);
    t.clock.advance(SignedDuration::from_hours(24 * 15));
    t.settle().await;
    assert!(
        t.plain_store.read().await.unwrap().vaults_to_purge(jiff::Timestamp::MAX, 9).await.unwrap().is_empty(),
        "the vault is purged in the end"
    );
}

#[tokio::test]
async fn a_policy_deleted_before_it_is_applied_fails_the_job_with_its_reason() {
    let t = with_a_full().await;
    let rsvault_domain::policy::PolicySpec::Sql(spec) =
        policies::get(&t.engine, &vault_path(), "HourlyLogBackup").await.unwrap().policy.spec
    else {
        panic!("a SQL policy")
    };
    policies::put(&t.engine, &caller(), &vault_path(), "mine", spec, false).await.unwrap();
    let change = protection::put(&t.engine, &caller(), &item_path(), &enable("mine")).await.unwrap();
    policies::delete(&t.engine, &caller(), &vault_path(), "mine").await.unwrap();
    t.settle().await;
    let job = job_of(&t, &change).await;
    assert_eq!((job.status, job.faults[0].code.as_str()), (JobStatus::Failed, "BMSUserErrorPolicyNotFound"));
    assert!(protection::get(&t.engine, &item_path()).await.unwrap().policy.is_some(), "the old policy stays");
}

#[tokio::test]
async fn a_soft_deleted_container_is_not_brought_back_by_an_inquiry() {
    let t = with_a_full().await;
    deleted_softly(&t).await;
    let inquiry = discovery::inquire(&t.engine, &caller(), &vault_path(), &container_name()).await.unwrap();
    let command = lease(&t).await;
    discovery::unregister(&t.engine, &caller(), &vault_path(), &container_name()).await.unwrap();
    assert_eq!(status_of(&t, &inquiry).await, OperationStatus::Failed);
    agents::finish(&t.engine, &t.agent, command.id, command.generation, &Outcome::Inquired(inventory())).await.unwrap();
    assert_eq!(registration(&t).await, Registration::SoftDeleted);
    let again = discovery::inquire(&t.engine, &caller(), &vault_path(), &container_name()).await.unwrap_err();
    assert_eq!(again.code, "BMSUserErrorContainerNotRegistered");
}

#[tokio::test]
async fn a_soft_deleted_container_comes_back_with_an_item_unless_its_server_is_registered_elsewhere() {
    let t = with_a_full().await;
    deleted_softly(&t).await;
    discovery::unregister(&t.engine, &caller(), &vault_path(), &container_name()).await.unwrap();
    let elsewhere = VaultPath { name: "v2".into(), ..vault_path() };
    let change = VaultChange { location: Some("westeurope".into()), ..Default::default() };
    vaults::put(&t.engine, &caller(), &elsewhere, change).await.unwrap();
    discovery::register(&t.engine, &caller(), &elsewhere, &container_name(), None).await.unwrap();
    t.play().await;
    protection::put(&t.engine, &caller(), &item_path(), &Change::Undelete).await.unwrap();
    t.settle().await;
    // The backups are there again; the database is the other vault's to protect.
    assert_eq!(registration(&t).await, Registration::SoftDeleted);
    assert_eq!(t.item().await.soft_deleted, None);
    let refused = protection::put(&t.engine, &caller(), &item_path(), &enable("HourlyLogBackup")).await.unwrap_err();
    assert_eq!(refused.code, "BMSUserErrorContainerNotRegistered");
    discovery::unregister(&t.engine, &caller(), &elsewhere, &container_name()).await.unwrap();
    deleted_softly(&t).await;
    protection::put(&t.engine, &caller(), &item_path(), &Change::Undelete).await.unwrap();
    t.settle().await;
    assert_eq!(registration(&t).await, Registration::Registered);
    t.play().await;
    protection::put(&t.engine, &caller(), &item_path(), &enable("HourlyLogBackup")).await.unwrap();
    t.settle().await;
}

#[tokio::test]
async fn registering_again_fails_the_jobs_in_flight_on_the_server() {
    let t = with_a_full().await;
    let backup = t.full().await;
    lease(&t).await;
    let copy = restore(&t, "copy", None).await.unwrap();
    discovery::register(&t.engine, &caller(), &vault_path(), &container_name(), None).await.unwrap();
    for operation in [&backup, &copy] {
        let job = job_of(&t, operation).await;
        assert_eq!((job.status, job.faults[0].code.as_str()), (JobStatus::Failed, "UserErrorJobInterruptedByRegistration"));
    }
    t.play().await;
    assert_eq!(registration(&t).await, Registration::Registered);
}

#[tokio::test]
async fn of_two_registrations_at_once_the_failure_of_one_does_not_undo_the_other() {
    let t = TestBox::new().await;
    let change = VaultChange { location: Some("West Europe".into()), ..Default::default() };
    vaults::put(&t.engine, &caller(), &vault_path(), change).await.unwrap();
    discovery::register(&t.engine, &caller(), &vault_path(), &container_name(), None).await.unwrap();
    let command = lease(&t).await;
    let second = discovery::register(&t.engine, &caller(), &vault_path(), &container_name(), None).await.unwrap();
    let fault = rsvault_domain::fault::JobFault::catalogue("UserErrorOpeningSQLConnection", "");
    agents::finish(&t.engine, &t.agent, command.id, command.generation, &Outcome::Failed(fault)).await.unwrap();
    t.play().await;
    assert_eq!(status_of(&t, &second.operation).await, OperationStatus::Succeeded);
    assert_eq!(registration(&t).await, Registration::Registered);
}

#[tokio::test]
async fn a_server_is_registered_to_a_vault_of_its_own_region_however_that_is_spelt() {
    let t = TestBox::new().await;
    let put = |location: &str| VaultChange { location: Some(location.into()), ..Default::default() };
    vaults::put(&t.engine, &caller(), &vault_path(), put("West Europe")).await.unwrap();
    discovery::refresh(&t.engine, &caller(), &vault_path()).await.unwrap();
    assert_eq!(discovery::protectable(&t.engine, &vault_path()).await.unwrap().1.len(), 1);
    let far = rsvault_engine::vaults::VaultPath { name: "far".into(), ..vault_path() };
    vaults::put(&t.engine, &caller(), &far, put("eastus")).await.unwrap();
    let refused = discovery::register(&t.engine, &caller(), &far, &container_name(), None).await.unwrap_err();
    assert!(refused.kind == FaultKind::Invalid && refused.message.contains("region"), "{refused:?}");
}

#[tokio::test]
async fn a_put_that_lands_as_late_as_a_put_may_is_still_collected() {
    let t = TestBox::new().await;
    t.protected().await;
    let backup = t.full().await;
    let command = lease(&t).await;
    let set = agents::open_set(&t.engine, &t.agent, command.id, command.generation).await.unwrap().set;
    jobs::cancel(&t.engine, &caller(), &vault_path(), backup.job_id.unwrap()).await.unwrap();
    agents::finish(&t.engine, &t.agent, command.id, command.generation, &Outcome::Cancelled).await.unwrap();
    t.clock.advance(SignedDuration::from_secs(60));
    t.settle().await;
    t.plain_objects.put_new(&set.chunk_key(0, 0), bytes::Bytes::from_static(b"slow")).await.unwrap();
    t.clock.advance(SignedDuration::from_secs(20));
    t.settle().await;
    t.assert_store_is_exact().await;
}

#[tokio::test]
async fn a_slow_put_of_an_older_attempt_is_collected_after_the_commit() {
    let t = TestBox::new().await;
    t.protected().await;
    t.full().await;
    let first = lease(&t).await;
    let old = agents::open_set(&t.engine, &t.agent, first.id, first.generation).await.unwrap().set;
    t.clock.advance(SignedDuration::from_secs(31));
    reconcile::leases(&t.engine).await.unwrap();
    t.play().await;
    t.settle().await;
    t.plain_objects.put_new(&old.chunk_key(0, 0), bytes::Bytes::from_static(b"slow")).await.unwrap();
    t.clock.advance(SignedDuration::from_secs(80));
    t.settle().await;
    t.assert_store_is_exact().await;
}

#[tokio::test]
async fn two_backups_side_by_side_may_end_in_either_order_but_no_later_one_goes_back() {
    let t = TestBox::new().await;
    t.protected().await;
    let request = backups::BackupRequest { kind: BackupKind::CopyOnlyFull, compress: None, expires_at: None };
    backups::trigger(&t.engine, &caller(), &item_path(), &request).await.unwrap();
    t.full().await;
    let (copy, full) = (lease(&t).await, lease(&t).await);
    agents::open_set(&t.engine, &t.agent, copy.id, copy.generation).await.unwrap();
    t.clock.advance(SignedDuration::from_secs(10));
    t.back_up(full.id, full.generation, 1).await.unwrap();
    t.clock.advance(SignedDuration::from_secs(-5));
    t.back_up(copy.id, copy.generation, 1).await.unwrap();
    t.clock.advance(SignedDuration::from_secs(20));
    t.full().await;
    let third = lease(&t).await;
    agents::open_set(&t.engine, &t.agent, third.id, third.generation).await.unwrap();
    t.clock.advance(SignedDuration::from_secs(-20));
    assert_eq!(t.back_up(third.id, third.generation, 1).await.unwrap_err().code, "LsnOrder");
}

#[tokio::test]
async fn a_second_restore_over_the_same_database_is_refused_by_its_job() {
    let t = with_a_full().await;
    restore(&t, "copy", None).await.unwrap();
    let second = job_of(&t, &restore(&t, "COPY", None).await.unwrap()).await;
    assert_eq!((second.status, second.faults[0].code.as_str()), (JobStatus::Failed, "UserErrorRestoreOperationInProgress"));
    assert_eq!(job_of(&t, &restore(&t, "other", None).await.unwrap()).await.status, JobStatus::InProgress);
}

#[tokio::test]
async fn a_restore_target_of_another_vault_is_refused() {
    let t = with_a_full().await;
    let id = |vault: &str| {
        Some(format!(
            "/subscriptions/{SUB}/resourceGroups/RG1/providers/Microsoft.RecoveryServices/vaults/{vault}/backupFabrics/Azure/protectionContainers/{}",
            container_name()
        ))
    };
    let refused = restore(&t, "copy", id("elsewhere")).await.unwrap_err();
    assert_eq!(refused.target.as_deref(), Some("properties.targetInfo.containerId"));
    restore(&t, "copy", id("V1")).await.unwrap();
}

#[tokio::test]
async fn a_vault_with_many_given_up_containers_is_purged() {
    let t = with_a_full().await;
    deleted_softly(&t).await;
    discovery::unregister(&t.engine, &caller(), &vault_path(), &container_name()).await.unwrap();
    let model = discovery::get(&t.engine, &vault_path(), &container_name()).await.unwrap().container;
    let mut tx = t.plain_store.begin().await.unwrap();
    for n in 0..250 {
        let id = ContainerId(uuid::Uuid::from_u128(n));
        tx.insert_container(&Container { id, name: ContainerName::new("rg1", format!("vm{n}")), ..model.clone() }).await.unwrap();
    }
    tx.commit().await.unwrap();
    vaults::delete(&t.engine, &caller(), &vault_path()).await.unwrap().unwrap();
    t.clock.advance(SignedDuration::from_hours(24 * 15));
    let purged = reconcile::purge(&t.engine, t.clock.now()).await.unwrap();
    assert_eq!(purged.vaults, ["v1"]);
}

#[tokio::test]
async fn work_on_a_server_that_is_given_up_ends_and_nothing_is_left_open() {
    let t = with_a_full().await;
    let running = restore(&t, "copy", None).await.unwrap();
    lease(&t).await;
    deleted_softly(&t).await;
    assert_eq!(job_of(&t, &running).await.status, JobStatus::InProgress, "a soft deletion keeps the bytes: the restore may end");
    discovery::unregister(&t.engine, &caller(), &vault_path(), &container_name()).await.unwrap();
    let (vault, all) = jobs::list(&t.engine, &vault_path(), &JobFilter::default(), &Page::default()).await.unwrap();
    assert!(all.items.iter().all(|j| j.status.is_final()));
    let mut tx = t.plain_store.read().await.unwrap();
    assert!(tx.open_commands(t.server.id).await.unwrap().is_empty());
    assert_eq!(tx.items(vault.id, &ItemFilter::default(), &Page::default()).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn work_that_a_stopping_agent_gave_up_and_gave_back_is_done_by_the_next_attempt() {
    let t = TestBox::new().await;
    t.protected().await;
    let backup = t.full().await;
    let first = lease(&t).await;
    let set = agents::open_set(&t.engine, &t.agent, first.id, first.generation).await.unwrap().set;
    let bytes = bytes::Bytes::from_static(b"old");
    agents::put_chunk(&t.engine, &t.agent, set.id, first.generation, 0, 0, *blake3_of(&bytes), bytes).await.unwrap();
    agents::abort(&t.engine, &t.agent, set.id, first.generation).await.unwrap();
    agents::release(&t.engine, &t.agent, first.id, first.generation, "shutting down").await.unwrap();
    reconcile::leases(&t.engine).await.unwrap();
    t.play().await;
    assert_eq!(job_of(&t, &backup).await.status, JobStatus::Completed);
    t.clock.advance(SignedDuration::from_secs(80));
    t.settle().await;
    t.assert_store_is_exact().await;
}

#[tokio::test]
async fn a_set_of_many_objects_is_collected_in_rounds() {
    let t = TestBox::new().await;
    t.protected().await;
    let backup = t.full().await;
    let command = lease(&t).await;
    let set = agents::open_set(&t.engine, &t.agent, command.id, command.generation).await.unwrap().set;
    for seq in 0..2500 {
        t.plain_objects.put_new(&set.chunk_key(0, seq), bytes::Bytes::from_static(b"x")).await.unwrap();
    }
    jobs::cancel(&t.engine, &caller(), &vault_path(), backup.job_id.unwrap()).await.unwrap();
    agents::finish(&t.engine, &t.agent, command.id, command.generation, &Outcome::Cancelled).await.unwrap();
    t.clock.advance(SignedDuration::from_secs(80));
    t.settle().await;
    t.assert_store_is_exact().await;
    assert!(t.plain_store.read().await.unwrap().set(set.id).await.unwrap().is_none(), "its row goes last");
}

#[tokio::test]
async fn the_keys_of_a_vault_go_with_it_and_not_before() {
    let t = with_a_full().await;
    let vault = vaults::get(&t.engine, &vault_path()).await.unwrap().id;
    let key = t.engine.keys.recipient(vault).await.unwrap().public_key_pem;
    deleted_softly(&t).await;
    discovery::unregister(&t.engine, &caller(), &vault_path(), &container_name()).await.unwrap();
    vaults::delete(&t.engine, &caller(), &vault_path()).await.unwrap().unwrap();
    t.settle().await;
    assert_eq!(t.engine.keys.recipient(vault).await.unwrap().public_key_pem, key, "what is soft-deleted may be wanted back");
    t.clock.advance(SignedDuration::from_hours(24 * 15));
    t.settle().await;
    assert_ne!(t.engine.keys.recipient(vault).await.unwrap().public_key_pem, key);
}

#[tokio::test]
async fn work_on_a_server_that_goes_off_or_away_is_not_handed_out_again() {
    for (stopped, code) in [(true, "VMNotInRunningStateUserError"), (false, "WorkloadExtensionNotReachable")] {
        let t = TestBox::new().await;
        t.protected().await;
        let backup = t.full().await;
        lease(&t).await;
        let mut tx = t.plain_store.begin().await.unwrap();
        if stopped {
            let state = rsvault_domain::discovery::ServerState::Stopped;
            tx.put_server(&rsvault_domain::discovery::Server { state, ..t.server.clone() }).await.unwrap();
        } else {
            tx.delete_server(t.server.id).await.unwrap();
        }
        tx.commit().await.unwrap();
        t.clock.advance(SignedDuration::from_secs(31));
        reconcile::leases(&t.engine).await.unwrap();
        let job = job_of(&t, &backup).await;
        assert_eq!((job.status, job.faults[0].code.as_str()), (JobStatus::Failed, code));
    }
}

#[tokio::test]
async fn names_that_are_too_long_together_are_not_registered() {
    let t = TestBox::new().await;
    let change = VaultChange { location: Some("westeurope".into()), ..Default::default() };
    vaults::put(&t.engine, &caller(), &vault_path(), change).await.unwrap();
    let mut tx = t.plain_store.begin().await.unwrap();
    for length in [81, 82] {
        let server = rsvault_domain::discovery::Server {
            id: rsvault_domain::id::ServerId(uuid::Uuid::new_v4()),
            name: "x".repeat(length),
            ..t.server.clone()
        };
        tx.put_server(&server).await.unwrap();
    }
    tx.commit().await.unwrap();
    let register = async |length: usize| {
        discovery::register(&t.engine, &caller(), &vault_path(), &ContainerName::new("rg1", "x".repeat(length)), None).await
    };
    assert!(register(81).await.is_ok());
    assert_eq!(register(82).await.unwrap_err().kind, FaultKind::Invalid);
}

#[tokio::test]
async fn a_poll_of_an_agent_that_was_put_out_takes_no_work() {
    let t = TestBox::new().await;
    t.protected().await;
    // The poll was let in; then the server is enrolled again while it waits.
    let (token, _) = agents::create_token(&t.engine, t.server.id, SignedDuration::from_hours(1)).await.unwrap();
    agents::enroll(&t.engine, &token, "2").await.unwrap();
    let backup = t.full().await;
    let refused = agents::next_command(&t.engine, &t.agent, "1", Duration::ZERO).await.unwrap_err();
    assert_eq!(refused.code, "AgentCredentialsInvalid");
    let mut tx = t.engine.store.read().await.unwrap();
    let command = tx.command_of_job(backup.job_id.unwrap()).await.unwrap().unwrap();
    assert_eq!(command.state, rsvault_domain::work::CommandState::Queued, "the new agent finds it");
}

#[tokio::test]
async fn changes_of_an_item_are_carried_out_in_the_order_they_were_asked_for() {
    let t = TestBox::new().await;
    t.protected().await;
    for _ in 0..6 {
        // Time stands still, as in a frozen emulator.
        for change in [Change::Stop, enable("HourlyLogBackup"), Change::Stop, enable("HourlyLogBackup")] {
            protection::put(&t.engine, &caller(), &item_path(), &change).await.unwrap();
        }
        t.settle().await;
        assert!(t.item().await.may_back_up().is_ok(), "the last word was to protect it");
    }
}

#[tokio::test]
async fn a_change_of_protection_does_not_wait_for_the_garbage_before_it() {
    let t = with_a_full().await;
    let mut tx = t.plain_store.begin().await.unwrap();
    for _ in 0..200 {
        let garbage = TaskKind::CollectSet { set: SetId(uuid::Uuid::new_v4()) };
        tx.enqueue(TaskId(uuid::Uuid::new_v4()), &garbage, t.clock.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    t.clock.advance(SignedDuration::from_secs(1));
    protection::put(&t.engine, &caller(), &item_path(), &Change::Stop).await.unwrap();
    tasks::run_due(&t.engine, "test").await.unwrap();
    assert!(t.item().await.may_back_up().is_err());
}
