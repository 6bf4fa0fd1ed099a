//! The second region: what is copied when, what is seen there, what goes again, and that a restore there needs
//! nothing of the primary's store.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod support;

use jiff::{SignedDuration, Timestamp};
use rsvault_domain::backup::{BackupKind, ReplicaState};
use rsvault_domain::discovery::{AgentRecord, Server, ServerState};
use rsvault_domain::fault::Fault;
use rsvault_domain::id::{ContainerName, ServerId, SetId};
use rsvault_domain::job::{JobKind, JobStatus};
use rsvault_domain::operation::Operation;
use rsvault_domain::ports::{Clock, JobFilter, ObjectStore, Page};
use rsvault_domain::work::CommandWork;
use rsvault_engine::agents::{self, Outcome};
use rsvault_engine::backups::{self, BackupRequest, PointQuery};
use rsvault_engine::regions::{self, Ticket, Whose};
use rsvault_engine::restores::{Destination, RestoreRequest, Wanted};
use rsvault_engine::vaults::{self, VaultChange, VaultPath};
use rsvault_engine::{discovery, jobs, protection};
use std::sync::atomic::Ordering;
use std::time::Duration;
use support::*;

const LAG: SignedDuration = SignedDuration::from_hours(12);

async fn flag(t: &TestBox, on: bool) -> Result<(), Fault> {
    let change = VaultChange { cross_region_restore: Some(on), ..Default::default() };
    vaults::patch(&t.engine, &caller(), &vault_path(), change).await.map(drop)
}

/// A protected database in a vault whose flag is on.
async fn protected(lag: SignedDuration) -> TestBox {
    let t = TestBox::in_regions(lag).await;
    t.protected().await;
    flag(&t, true).await.unwrap();
    t.settle().await;
    t
}

async fn back_up(t: &TestBox, kind: BackupKind) {
    let request = BackupRequest { kind, compress: None, expires_at: None };
    backups::trigger(&t.engine, &caller(), &item_path(), &request).await.unwrap();
    t.play().await;
    t.settle().await;
}

async fn keys(objects: &dyn ObjectStore) -> Vec<String> {
    objects.list("", None, 10_000).await.unwrap()
}

/// Names of the points that the secondary shows.
async fn seen(t: &TestBox) -> Vec<String> {
    let list = regions::points(&t.engine, &item_path(), &PointQuery::all(), &Page::default()).await.unwrap();
    list.points.items.iter().map(|point| point.name.to_string()).collect()
}

/// Both stores hold the same objects with the same bytes.
async fn same_bytes(t: &TestBox) {
    let (near, far) = (keys(t.plain_objects.as_ref()).await, keys(t.far_objects.as_ref()).await);
    assert_eq!(far, near);
    for key in near {
        assert_eq!(t.far_objects.get(&key).await.unwrap(), t.plain_objects.get(&key).await.unwrap(), "{key}");
    }
}

async fn states(t: &TestBox) -> Vec<ReplicaState> {
    let mut tx = t.plain_store.read().await.unwrap();
    let item = protection::get(&t.engine, &item_path()).await.unwrap().item;
    let mut states = Vec::new();
    for mark in tx.marks(item.id).await.unwrap() {
        states.extend(tx.replica(mark.link.set_id).await.unwrap().map(|replica| replica.state));
    }
    states
}

#[tokio::test]
async fn a_committed_set_is_copied_at_once_and_shown_when_its_lag_has_passed() {
    let t = protected(LAG).await;
    back_up(&t, BackupKind::Full).await;
    same_bytes(&t).await;
    assert_eq!(seen(&t).await, [""; 0]);
    assert!(regions::items(&t.engine, &vault_path(), &Page::default()).await.unwrap().items.is_empty());
    t.clock.advance(LAG - SignedDuration::from_secs(1));
    assert_eq!(seen(&t).await, [""; 0]);
    t.clock.advance(SignedDuration::from_secs(1));
    let primary = backups::points(&t.engine, &item_path(), &PointQuery::all(), &Page::default()).await.unwrap();
    assert_eq!(seen(&t).await, [primary.points.items[0].name.to_string()]);
    assert!(primary.replicated.contains(&primary.points.items[0].set_id));
    let items = regions::items(&t.engine, &vault_path(), &Page::default()).await.unwrap().items;
    assert_eq!(items[0].points.newest, Some(primary.points.items[0].time));
}

#[tokio::test]
async fn a_vault_without_the_flag_and_a_server_without_a_second_region_copy_nothing() {
    let t = TestBox::in_regions(LAG).await;
    t.protected().await;
    back_up(&t, BackupKind::Full).await;
    assert!(keys(t.far_objects.as_ref()).await.is_empty());
    let fault = regions::items(&t.engine, &vault_path(), &Page::default()).await.unwrap_err();
    assert_eq!(fault.code, "BMSUserErrorCrossRegionRestoreNotEnabled");

    let alone = TestBox::new().await;
    alone.protected().await;
    flag(&alone, true).await.unwrap();
    back_up(&alone, BackupKind::Full).await;
    let fault = regions::items(&alone.engine, &vault_path(), &Page::default()).await.unwrap_err();
    assert_eq!(fault.code, "CrossRegionRestoreNotConfigured");
    assert!(fault.message.contains("--secondary-objects"), "{}", fault.message);
}

#[tokio::test]
async fn what_stood_before_the_flag_was_switched_on_is_copied_too_and_the_flag_then_stays() {
    let t = TestBox::in_regions(SignedDuration::ZERO).await;
    t.protected().await;
    back_up(&t, BackupKind::Full).await;
    t.clock.advance(SignedDuration::from_mins(5));
    back_up(&t, BackupKind::Log).await;
    flag(&t, true).await.unwrap();
    t.settle().await;
    same_bytes(&t).await;
    assert_eq!(seen(&t).await.len(), 1);
    let (_, coverage) = regions::whole_coverage(&t.engine, &item_path()).await.unwrap();
    assert_eq!(coverage.ranges, backups::whole_coverage(&t.engine, &item_path()).await.unwrap().1.ranges);
    let fault = flag(&t, false).await.unwrap_err();
    assert_eq!(fault.code, "BMSUserErrorCrossRegionRestoreCannotBeDisabled");
    assert_eq!(fault.target.as_deref(), Some("properties.crossRegionRestoreFlag"));
}

#[tokio::test]
async fn a_server_that_gets_a_second_region_later_takes_up_what_is_left() {
    let t = protected(SignedDuration::ZERO).await;
    // The set is committed, and the server stops before it copies.
    let request = BackupRequest { kind: BackupKind::Full, compress: None, expires_at: None };
    backups::trigger(&t.engine, &caller(), &item_path(), &request).await.unwrap();
    t.play().await;
    let mut tx = t.plain_store.begin().await.unwrap();
    let lost = tx.claim_tasks("gone", t.clock.now(), t.clock.now(), 16).await.unwrap();
    for task in lost {
        assert!(tx.finish_task(task.id, "gone", task.attempt).await.unwrap());
    }
    tx.commit().await.unwrap();
    t.settle().await;
    assert!(keys(t.far_objects.as_ref()).await.is_empty());
    regions::resume(&t.engine).await.unwrap();
    t.settle().await;
    same_bytes(&t).await;
    assert_eq!(states(&t).await, [ReplicaState::Held]);
}

#[tokio::test]
async fn a_long_set_is_copied_in_parts_and_goes_on_where_a_failure_stopped_it() {
    let t = protected(SignedDuration::ZERO).await;
    let request = BackupRequest { kind: BackupKind::Full, compress: None, expires_at: None };
    backups::trigger(&t.engine, &caller(), &item_path(), &request).await.unwrap();
    let leased = agents::next_command(&t.engine, &t.agent, "test", Duration::ZERO).await.unwrap().unwrap();
    t.back_up(leased.command.id, leased.command.generation, 20).await.unwrap();
    let item = protection::get(&t.engine, &item_path()).await.unwrap().item;
    let set = t.plain_store.read().await.unwrap().marks(item.id).await.unwrap()[0].link.set_id;
    let place = async || t.plain_store.read().await.unwrap().replica(set).await.unwrap().unwrap();
    // One part, and the next one fails in its midst.
    rsvault_engine::tasks::run_due(&t.engine, "test").await.unwrap();
    assert_eq!((place().await.next, place().await.state), ((0, 16), ReplicaState::Pending));
    t.faults.arm(8, false);
    let _ = rsvault_engine::tasks::run_due(&t.engine, "test").await;
    t.faults.arm(0, false);
    assert_eq!((place().await.next, place().await.state), ((0, 16), ReplicaState::Pending));
    assert_eq!(seen(&t).await, [""; 0]);
    for _ in 0..4 {
        t.clock.advance(SignedDuration::from_secs(61));
        t.settle().await;
    }
    assert_eq!(place().await.state, ReplicaState::Held);
    same_bytes(&t).await;
}

#[tokio::test]
async fn a_failure_at_any_step_of_the_copy_is_made_good() {
    for after in [false, true] {
        for n in 1.. {
            let t = protected(SignedDuration::ZERO).await;
            let request = BackupRequest { kind: BackupKind::Full, compress: None, expires_at: None };
            backups::trigger(&t.engine, &caller(), &item_path(), &request).await.unwrap();
            t.play().await;
            t.faults.arm(n, after);
            let _ = rsvault_engine::tasks::run_due(&t.engine, "test").await;
            let calls = t.faults.calls.load(Ordering::SeqCst);
            t.faults.arm(0, false);
            for _ in 0..3 {
                t.clock.advance(SignedDuration::from_secs(61));
                t.settle().await;
            }
            assert_eq!(states(&t).await, [ReplicaState::Held], "n={n} after={after}");
            same_bytes(&t).await;
            if calls < n {
                assert!(n > 8, "the sweep must have gone through the whole copy, saw {n}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn an_altered_object_in_the_secondary_is_written_again_before_anyone_sees_it() {
    let t = protected(SignedDuration::ZERO).await;
    let request = BackupRequest { kind: BackupKind::Full, compress: None, expires_at: None };
    backups::trigger(&t.engine, &caller(), &item_path(), &request).await.unwrap();
    t.play().await;
    let key = keys(t.plain_objects.as_ref()).await[0].clone();
    t.far_objects.put_new(&key, bytes::Bytes::from_static(b"something else")).await.unwrap();
    t.settle().await;
    same_bytes(&t).await;
}

#[tokio::test]
async fn what_cannot_be_read_in_the_primary_is_never_shown_in_the_secondary() {
    let t = protected(SignedDuration::ZERO).await;
    let request = BackupRequest { kind: BackupKind::Full, compress: None, expires_at: None };
    backups::trigger(&t.engine, &caller(), &item_path(), &request).await.unwrap();
    t.play().await;
    let key = keys(t.plain_objects.as_ref()).await[1].clone();
    t.plain_objects.delete(&key).await.unwrap();
    t.settle().await;
    assert_eq!(states(&t).await, [ReplicaState::Broken]);
    assert_eq!(seen(&t).await, [""; 0]);
    // It is not tried for ever: nothing is due any more.
    assert_eq!(t.plain_store.read().await.unwrap().next_task_at().await.unwrap(), None);
}

#[tokio::test]
async fn a_point_that_is_gone_in_the_primary_goes_in_the_secondary() {
    let t = protected(SignedDuration::ZERO).await;
    back_up(&t, BackupKind::Full).await;
    t.clock.advance(SignedDuration::from_mins(5));
    back_up(&t, BackupKind::Full).await;
    let item = protection::get(&t.engine, &item_path()).await.unwrap().item;
    let first: SetId = t.plain_store.read().await.unwrap().marks(item.id).await.unwrap()[0].link.set_id;
    let mut tx = t.plain_store.begin().await.unwrap();
    tx.delete_points(item.id, &[first], t.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(seen(&t).await.len(), 1, "at once, before any object has gone");
    for _ in 0..4 {
        t.clock.advance(SignedDuration::from_secs(61));
        t.settle().await;
    }
    same_bytes(&t).await;
    assert_eq!(t.plain_store.read().await.unwrap().replica(first).await.unwrap(), None);
    assert_eq!(states(&t).await, [ReplicaState::Held]);
}

/// A server in the secondary region, registered to a vault there.
async fn target(t: &TestBox, location: &str) -> (AgentRecord, String) {
    let e = &t.engine;
    let server = Server {
        id: ServerId(uuid::Uuid::new_v4()),
        subscription: SUB,
        resource_group: "rg1".into(),
        name: "farvm".into(),
        location: location.into(),
        state: ServerState::Running,
        created_at: t.clock.now(),
    };
    let mut tx = e.store.begin().await.unwrap();
    let server = tx.put_server(&server).await.unwrap();
    tx.commit().await.unwrap();
    let (token, _) = agents::create_token(e, server.id, SignedDuration::from_hours(1)).await.unwrap();
    let enrolled = agents::enroll(e, &token, "test").await.unwrap();
    let agent = agents::authenticate(e, enrolled.agent_id, &enrolled.secret).await.unwrap();
    let far = VaultPath { name: "v2".into(), ..vault_path() };
    let change = VaultChange { location: Some(location.into()), ..Default::default() };
    vaults::put(e, &caller(), &far, change).await.unwrap();
    let name = ContainerName::new("rg1", "farvm");
    discovery::refresh(e, &caller(), &far).await.unwrap();
    discovery::register(e, &caller(), &far, &name, None).await.unwrap();
    let leased = agents::next_command(e, &agent, "test", Duration::ZERO).await.unwrap().unwrap();
    let seen = Outcome::Inquired(inventory());
    agents::finish(e, &agent, leased.command.id, leased.command.generation, &seen).await.unwrap();
    (agent, format!("{}/backupFabrics/Azure/protectionContainers/{name}", far.arm_id()))
}

fn request(wanted: Wanted, container: Option<String>) -> RestoreRequest {
    RestoreRequest {
        wanted,
        destination: Destination::Alternate { container, database: "MSSQLSERVER/copy".into() },
        overwrite: true,
        files: Vec::new(),
        fallback: false,
        no_recovery: false,
        rehydrate: None,
    }
}

async fn trigger(t: &TestBox, region: &str, request: &RestoreRequest) -> Result<Operation, Fault> {
    let item = t.item().await;
    let ticket = Ticket { vault: item.vault_id, item: item.id, region: "northeurope".into() };
    regions::trigger(&t.engine, &caller(), SUB, region, &ticket, request).await
}

fn whose(region: &str) -> Whose {
    Whose { subscription: SUB, region: region.into(), resource: vault_path().arm_id() }
}

#[tokio::test]
async fn a_restore_across_regions_reads_the_copies_alone() {
    let t = protected(SignedDuration::ZERO).await;
    back_up(&t, BackupKind::Full).await;
    let (agent, container) = target(&t, "northeurope").await;
    let point = seen(&t).await[0].clone();
    let access = regions::access(&t.engine, &item_path(), &point).await.unwrap();
    assert_eq!((access.region.as_str(), access.name.as_str()), ("northeurope", point.as_str()));
    // The primary's store is lost.
    for key in keys(t.plain_objects.as_ref()).await {
        t.plain_objects.delete(&key).await.unwrap();
    }
    let operation = trigger(&t, "North Europe", &request(Wanted::Point(point), Some(container))).await.unwrap();
    let found = regions::operation(&t.engine, SUB, "northeurope", operation.id).await.unwrap();
    assert_eq!(found.job_id, operation.job_id);
    assert!(regions::operation(&t.engine, SUB, "westeurope", operation.id).await.is_err());
    let leased = agents::next_command(&t.engine, &agent, "test", Duration::ZERO).await.unwrap().unwrap();
    let CommandWork::Restore { plan, secondary, .. } = &leased.command.work else { panic!("{:?}", leased.command.work) };
    assert!(secondary);
    let mut bytes = 0;
    for seq in 0..2 {
        bytes += agents::read_chunk(&t.engine, &agent, leased.command.id, plan.steps[0].set_id, 0, seq).await.unwrap().len() as u64;
    }
    let job = operation.job_id.unwrap();
    let fault = jobs::cancel(&t.engine, &caller(), &vault_path(), job).await.unwrap_err();
    assert_eq!(fault.code, "UserErrorJobNotCancellable");
    agents::finish(&t.engine, &agent, leased.command.id, leased.command.generation, &Outcome::Restored { bytes }).await.unwrap();
    let (_, job) = regions::job(&t.engine, &whose("northeurope"), job).await.unwrap();
    assert_eq!((job.kind, job.status), (JobKind::CrossRegionRestore(BackupKind::Full), JobStatus::Completed));
    let bag: std::collections::BTreeMap<_, _> = job.properties.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    for (key, value) in [
        ("Job Type", "Recovery to an alternate database"),
        ("Original VM Name", "sqlvm1"),
        ("Target VM Name", "farvm"),
        ("Target resource group", "rg1"),
        ("Vault name", "v1"),
        ("Target vault name", "v2"),
        ("RestoreDestination", "farvm/MSSQLSERVER/copy"),
    ] {
        assert_eq!(bag.get(key), Some(&value), "{bag:?}");
    }
    let listed = regions::jobs(&t.engine, &whose("northeurope"), &JobFilter::default(), &Page::default()).await.unwrap().1.items;
    assert_eq!(listed.iter().map(|job| job.id).collect::<Vec<_>>(), [job.id]);
    assert!(regions::job(&t.engine, &whose("westus"), job.id).await.is_err());
}

#[tokio::test]
async fn a_restore_to_a_second_uses_only_what_has_arrived() {
    let t = protected(LAG).await;
    back_up(&t, BackupKind::Full).await;
    t.clock.advance(SignedDuration::from_mins(10));
    back_up(&t, BackupKind::Log).await;
    let logged = t.clock.now();
    t.clock.advance(LAG);
    // This one is not there yet.
    back_up(&t, BackupKind::Log).await;
    let (agent, container) = target(&t, "northeurope").await;
    let (_, coverage) = regions::whole_coverage(&t.engine, &item_path()).await.unwrap();
    assert_eq!(coverage.ranges.last().unwrap().1, logged);
    let at = |at: Timestamp| request(Wanted::Time { at, from: None }, Some(container.clone()));
    assert!(trigger(&t, "northeurope", &at(logged + SignedDuration::from_mins(1))).await.is_err());
    trigger(&t, "northeurope", &at(logged)).await.unwrap();
    let leased = agents::next_command(&t.engine, &agent, "test", Duration::ZERO).await.unwrap().unwrap();
    let CommandWork::Restore { plan, .. } = leased.command.work else { panic!() };
    assert_eq!(plan.steps.iter().map(|s| s.kind).collect::<Vec<_>>(), [BackupKind::Full, BackupKind::Log]);
}

#[tokio::test]
async fn what_a_restore_across_regions_may_not_do_is_refused_with_the_reason() {
    let t = protected(LAG).await;
    back_up(&t, BackupKind::Full).await;
    let (_, container) = target(&t, "northeurope").await;
    let point =
        backups::points(&t.engine, &item_path(), &PointQuery::all(), &Page::default()).await.unwrap().points.items[0].name.to_string();
    let on_its_way = regions::access(&t.engine, &item_path(), &point).await.unwrap_err();
    assert!(on_its_way.message.contains("has not arrived"), "{}", on_its_way.message);
    let good = || Wanted::Point(point.clone());
    assert!(trigger(&t, "northeurope", &request(good(), Some(container.clone()))).await.is_err(), "not there yet");
    t.clock.advance(LAG);
    let refused = async |region: &str, request: RestoreRequest| trigger(&t, region, &request).await.unwrap_err();
    let original = RestoreRequest { destination: Destination::Original, ..request(good(), None) };
    let same_region = format!("{}/backupFabrics/Azure/protectionContainers/{}", vault_path().arm_id(), container_name());
    let elsewhere = container.replace(&SUB.to_string(), "00000000-0000-0000-0000-000000000009");
    for (region, request, words) in [
        ("westus", request(good(), Some(container.clone())), "'northeurope', not 'westus'"),
        ("northeurope", original, "AlternateLocation"),
        ("northeurope", request(good(), None), "must be the ARM id"),
        ("northeurope", request(good(), Some("VMAppContainer;Compute;rg1;farvm".into())), "must be the ARM id"),
        ("northeurope", request(good(), Some(same_region)), "registered to a vault there"),
        ("northeurope", request(good(), Some(elsewhere)), "cannot be combined"),
    ] {
        let fault = refused(region, request).await;
        assert!(fault.message.contains(words), "{words}: {}", fault.message);
        assert!(fault.target.is_some(), "{fault:?}");
    }
    let denied = VaultChange { public_network_access: Some("Disabled".into()), ..Default::default() };
    vaults::patch(&t.engine, &caller(), &vault_path(), denied).await.unwrap();
    let fault = refused("northeurope", request(good(), Some(container))).await;
    assert_eq!(fault.code, "BMSUserErrorCrossRegionRestoreNotSupported");
    assert_eq!(regions::access(&t.engine, &item_path(), &point).await.unwrap_err().code, fault.code);
}
