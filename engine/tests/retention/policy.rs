//! Edits of a policy, and the ways in which an item leaves its policy and comes back.

use super::support::*;
use super::world::*;
use jiff::civil::Date;
use rsvault_domain::alert::AlertKind;
use rsvault_domain::backup::{BackupKind, PointMark};
use rsvault_domain::fault::FaultKind;
use rsvault_domain::job::{JobKind, JobStatus};
use rsvault_domain::operation::{OperationStatus, Subject};
use rsvault_domain::protection::ItemState;
use rsvault_domain::vault::{Immutability, SoftDeleteState};
use rsvault_engine::protection::Change;
use rsvault_engine::vaults::VaultChange;
use rsvault_engine::{backups, policies, protection, vaults};

fn fulls(_: Date) -> Option<BackupKind> {
    Some(BackupKind::Full)
}
fn soft_deleted(marks: &[PointMark], world: &World) -> usize {
    marks.iter().filter(|m| m.soft_deleted.is_some_and(|s| s.at <= world.now())).count()
}

#[tokio::test]
async fn a_shorter_policy_soft_deletes_fulls_drops_logs_and_a_longer_one_revives_what_is_left() {
    let mut world = World::new("2027-03-01T00:00:00Z", daily(30, 30)).await;
    world.commit(BackupKind::Full).await;
    world.run(days(20), fulls).await;
    assert_eq!((world.kinds().await[&BackupKind::Full], world.kinds().await[&BackupKind::Log]), (21, 240));

    world.policy(daily(7, 7)).await;
    let marks = world.marks().await;
    assert_eq!(soft_deleted(&marks, &world), 13, "1 to 13 March; the full of the 14th is the base of logs that live");
    assert_eq!((world.kinds().await[&BackupKind::Full], world.kinds().await[&BackupKind::Log]), (21, 84), "seven days of logs");
    for mark in marks.iter().filter(|m| m.link.kind == BackupKind::Log) {
        assert_eq!(mark.soft_deleted, None, "a log is not soft-deleted");
    }
    let first = marks[0].soft_deleted.unwrap();
    assert_eq!((first.at, first.purge_at), (world.now(), at("2027-04-01T00:00:00Z")), "never longer than it was to stay");
    let tenth = marks.iter().find(|m| m.link.time == at("2027-03-10T00:00:00Z")).unwrap().soft_deleted.unwrap();
    assert_eq!(tenth.purge_at, world.now() + days(14), "the vault's soft-delete days");

    world.t.clock.advance(days(1));
    world.policy(daily(30, 30)).await;
    let marks = world.marks().await;
    assert_eq!(marks.iter().filter(|m| m.link.kind == BackupKind::Full).count(), 21);
    assert_eq!(soft_deleted(&marks, &world), 0, "revived");
    assert!(marks.iter().all(|m| m.expires_at == Some(m.link.time + days(30))));

    world.policy(daily(7, 7)).await;
    world.pass(days(15)).await;
    assert_eq!(world.marks().await.first().map(|m| m.link.time), Some(at("2027-03-16T00:00:00Z")), "those that waited are purged");
    world.collected().await;
}

#[tokio::test]
async fn without_soft_delete_a_shorter_policy_removes_at_once() {
    let mut world = World::new("2027-03-01T00:00:00Z", daily(30, 30)).await;
    world.commit(BackupKind::Full).await;
    world.run(days(20), fulls).await;
    let change = VaultChange { soft_delete: Some(SoftDeleteState::Disabled), ..Default::default() };
    vaults::patch(&world.t.engine, &caller(), &vault_path(), change).await.unwrap();
    world.policy(daily(7, 7)).await;
    assert_eq!((world.kinds().await[&BackupKind::Full], world.kinds().await[&BackupKind::Log]), (8, 84));
    world.collected().await;
}

#[tokio::test]
async fn a_policy_reaches_its_items_by_a_job_each_under_one_operation() {
    let world = World::new("2027-03-01T00:00:00Z", daily(30, 30)).await;
    let master = protection::ItemPath { item: rsvault_domain::id::ItemName::new("MSSQLSERVER", "master"), ..item_path() };
    protection::put(&world.t.engine, &caller(), &master, &enable(POLICY)).await.unwrap();
    world.t.settle().await;
    let who = caller();
    let saved = policies::put(&world.t.engine, &who, &vault_path(), POLICY, daily(10, 10), false).await.unwrap();
    let operation = saved.operation.unwrap();
    assert_eq!(saved.policy.items, 2);
    assert_eq!((operation.status, operation.subject.clone()), (OperationStatus::InProgress, Subject::Policy(saved.policy.policy.id)));
    let again = policies::put(&world.t.engine, &who, &vault_path(), POLICY, daily(10, 10), false).await.unwrap();
    assert_eq!(again.operation.map(|o| o.id), Some(operation.id), "a repeated request is the same operation");
    world.t.settle().await;
    assert_eq!(world.status(&operation).await, OperationStatus::Succeeded);
    let jobs = policies::jobs_of(&world.t.engine, &operation).await.unwrap();
    let mut seen: Vec<_> = jobs.iter().map(|j| (j.entity_name.as_str(), j.kind, j.status)).collect();
    seen.sort_by_key(|(name, ..)| *name);
    let done = |name| (name, JobKind::ConfigureBackup, JobStatus::Completed);
    assert_eq!(seen, [done("master"), done("salesdb")]);
    assert_eq!(jobs[0].properties[0], ("Policy Name".to_owned(), POLICY.to_owned()));
    let unused = policies::put(&world.t.engine, &caller(), &vault_path(), "unused", daily(10, 10), false).await.unwrap();
    assert!(unused.operation.is_none(), "a policy that protects nothing is written at once");
}

#[tokio::test]
async fn slots_count_from_the_moment_at_which_their_schedule_comes_into_force() {
    let world = World::new("2027-03-01T00:00:00Z", daily(30, 30)).await;
    let since = world.item().await.track.scheduled_since;
    assert!(since.is_some());
    world.t.clock.advance(hours(5));
    world.policy(daily(20, 20)).await;
    assert_eq!(world.item().await.track.scheduled_since, since, "retention alone moves no slot");
    world.t.clock.advance(hours(5));
    world.policy(daily_at(3, 20, 20)).await;
    assert_eq!(world.item().await.track.scheduled_since, Some(world.now()));
    world.change(Change::Stop).await;
    assert_eq!(world.item().await.track.scheduled_since, None);
    world.t.clock.advance(hours(5));
    world.change(enable(POLICY)).await;
    assert_eq!(world.item().await.track.scheduled_since, Some(world.now()));
}

#[tokio::test]
async fn another_policy_rules_the_points_that_stand_as_well() {
    let mut world = World::new("2027-03-01T00:00:00Z", daily(30, 30)).await;
    world.commit(BackupKind::Full).await;
    world.run(days(3), fulls).await;
    policies::put(&world.t.engine, &caller(), &vault_path(), "long", daily(90, 35), false).await.unwrap();
    world.change(enable("long")).await;
    for mark in world.marks().await {
        let kept = if mark.link.kind == BackupKind::Full { 90 } else { 35 };
        assert_eq!(mark.expires_at, Some(mark.link.time + days(kept)));
    }
    world.pass(days(60)).await;
    assert_eq!(world.kinds().await.into_iter().collect::<Vec<_>>(), [(BackupKind::Full, 4)]);
}

#[tokio::test]
async fn stopped_keeps_everything_and_resume_prunes_at_once() {
    let mut world = World::new("2027-03-01T00:00:00Z", daily(30, 30)).await;
    world.commit(BackupKind::Full).await;
    world.run(days(3), fulls).await;
    let before = world.marks().await;
    world.change(Change::Stop).await;
    assert_eq!(world.item().await.reap_at, None);
    world.pass(days(400)).await;
    assert_eq!(world.marks().await, before);
    world.change(enable(POLICY)).await;
    assert_eq!(world.marks().await, []);
    world.collected().await;
}

#[tokio::test]
async fn undelete_brings_back_a_stopped_item_whose_points_nothing_prunes() {
    let mut world = World::new("2027-03-01T00:00:00Z", daily(30, 30)).await;
    world.commit(BackupKind::Full).await;
    world.run(days(3), fulls).await;
    let before = world.marks().await;
    world.pass(days(20)).await;
    protection::delete(&world.t.engine, &caller(), &item_path()).await.unwrap();
    world.t.settle().await;
    world.pass(days(13)).await;
    assert_eq!(world.marks().await, before, "a soft-deleted item is purged as a whole or not at all");
    world.change(Change::Undelete).await;
    let item = world.item().await;
    assert_eq!((item.state, item.reap_at), (ItemState::ProtectionStopped, None));
    world.pass(days(100)).await;
    assert_eq!(world.marks().await, before);
    world.change(enable(POLICY)).await;
    assert_eq!(world.marks().await, []);
}

#[tokio::test]
async fn suspended_prunes_as_the_policy_says_but_keeps_the_last_point_and_what_it_needs() {
    let mut world = World::new("2027-03-01T00:00:00Z", daily(30, 30)).await;
    world.commit(BackupKind::Full).await;
    world.run(days(3) + hours(6), fulls).await;
    let refused = protection::put(&world.t.engine, &caller(), &item_path(), &Change::Suspend).await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_ref()), (FaultKind::Invalid, "BMSUserErrorBackupsSuspendedNeedsImmutableVault"));
    assert_eq!(refused.target.as_deref(), Some("properties.protectionState"));
    world.immutability(Immutability::Unlocked).await;
    world.change(Change::Suspend).await;
    assert_eq!(world.item().await.state, ItemState::BackupsSuspended);
    let request = backups::BackupRequest { kind: BackupKind::Full, compress: None, expires_at: None };
    assert!(backups::trigger(&world.t.engine, &caller(), &item_path(), &request).await.is_err());
    world.pass(days(31)).await;
    let kinds = world.kinds().await;
    assert!(kinds[&BackupKind::Log] < 39, "pruning goes on: {kinds:?}");
    world.pass(days(400)).await;
    let kinds: Vec<_> = world.kinds().await.into_iter().collect();
    assert_eq!(kinds, [(BackupKind::Full, 1), (BackupKind::Log, 3)], "the last six hours and their full");
    assert!(world.chain().await.plan_at(at("2027-03-04T06:00:00Z")).is_ok());
    world.collected().await;
    world.change(enable(POLICY)).await;
    assert_eq!((world.item().await.state, world.marks().await.len()), (ItemState::Protected, 0), "resumed, pruned as any other");
}

#[tokio::test]
async fn people_are_told_what_they_are_about_to_lose() {
    let mut world = World::new("2027-03-01T00:00:00Z", daily(30, 30)).await;
    world.commit(BackupKind::Full).await;
    policies::put(&world.t.engine, &caller(), &vault_path(), "unused", daily(10, 10), false).await.unwrap();
    assert_eq!(world.alerts().await, []);
    world.policy(daily(40, 30)).await;
    world.change(enable(POLICY)).await;
    assert_eq!(world.alerts().await, [], "longer, and the same again");
    world.policy(daily(20, 20)).await;
    world.change(enable("unused")).await;
    protection::delete(&world.t.engine, &caller(), &item_path()).await.unwrap();
    world.t.settle().await;
    let so_far = [AlertKind::PolicyRetentionReduced, AlertKind::ProtectionRetentionReduced, AlertKind::DeleteBackupData];
    assert_eq!(world.alerts().await, so_far);
    world.pass(days(12) - hours(1)).await;
    assert_eq!(world.alerts().await, so_far);
    world.pass(hours(1)).await;
    assert_eq!(world.alerts().await[3..], [AlertKind::UpcomingPurge]);
    world.t.clock.advance(days(2));
    world.t.settle().await;
    assert_eq!(world.alerts().await[3..], [AlertKind::PurgeComplete], "the notice is over");
    let change = VaultChange { soft_delete: Some(SoftDeleteState::Disabled), ..Default::default() };
    vaults::patch(&world.t.engine, &caller(), &vault_path(), change.clone()).await.unwrap();
    vaults::patch(&world.t.engine, &caller(), &vault_path(), change).await.unwrap();
    assert_eq!(world.alerts().await[4..], [AlertKind::SoftDeleteDisabled], "told once");
}
