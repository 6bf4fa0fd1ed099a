//! What an immutable vault holds, and what it lets pass.

use super::support::*;
use super::world::*;
use jiff::civil::Date;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::fault::{Fault, FaultKind};
use rsvault_domain::job::JobStatus;
use rsvault_domain::policy::SqlPolicy;
use rsvault_domain::vault::Immutability;
use rsvault_engine::protection::Change;
use rsvault_engine::vaults::VaultChange;
use rsvault_engine::{jobs, policies, protection, vaults};

const HELD: &str = "BMSUserErrorOperationNotAllowedOnImmutableVault";

fn fulls(_: Date) -> Option<BackupKind> {
    Some(BackupKind::Full)
}
async fn immutable() -> World {
    let mut world = World::new("2027-03-01T00:00:00Z", daily(30, 30)).await;
    world.commit(BackupKind::Full).await;
    world.run(days(3), fulls).await;
    world.immutability(Immutability::Unlocked).await;
    world
}
async fn write(world: &World, name: &str, spec: SqlPolicy) -> Result<(), Fault> {
    policies::put(&world.t.engine, &caller(), &vault_path(), name, spec, false).await.map(drop)
}
async fn put(world: &World, change: &Change) -> Result<(), Fault> {
    protection::put(&world.t.engine, &caller(), &item_path(), change).await.map(drop)
}
fn held(result: Result<(), Fault>, target: &str) {
    let fault = result.unwrap_err();
    assert_eq!((fault.kind, fault.code.as_ref(), fault.target.as_deref()), (FaultKind::Invalid, HELD, Some(target)), "{fault}");
    assert!(fault.message.contains("vault 'v1' is immutable (Unlocked)"), "{fault}");
}

#[tokio::test]
async fn nothing_is_deleted_while_the_vault_is_immutable() {
    let world = immutable().await;
    held(protection::delete(&world.t.engine, &caller(), &item_path()).await.map(drop), "protectedItemName");
    world.immutability(Immutability::Disabled).await;
    let deletion = protection::delete(&world.t.engine, &caller(), &item_path()).await.unwrap();
    world.immutability(Immutability::Unlocked).await;
    world.t.settle().await;
    let job = jobs::get(&world.t.engine, &vault_path(), deletion.job_id.unwrap()).await.unwrap().1;
    assert_eq!((job.status, job.faults[0].code.as_str()), (JobStatus::Failed, HELD), "made immutable before it was carried out");
    assert!(world.item().await.soft_deleted.is_none());
}

#[tokio::test]
async fn retention_gets_no_shorter_and_schedules_may_change() {
    let world = immutable().await;
    held(write(&world, POLICY, daily(29, 29)).await, "properties.subProtectionPolicy[0].retentionPolicy.dailySchedule.retentionDuration");
    held(write(&world, POLICY, daily(30, 29)).await, "properties.subProtectionPolicy[1].retentionPolicy.retentionDuration");
    write(&world, POLICY, daily_at(7, 30, 30)).await.unwrap();
    write(&world, POLICY, daily(60, 31)).await.unwrap();
    world.t.settle().await;
    assert!(world.marks().await.iter().all(|m| m.expires_at >= Some(m.link.time + days(31))));
    write(&world, "short", daily(7, 7)).await.unwrap();
    write(&world, "short", daily(8, 8)).await.unwrap();
    write(&world, "short", daily(7, 7)).await.expect("a policy that protects nothing holds nothing");
    held(put(&world, &enable("short")).await, "properties.policyId");
    write(&world, "long", daily(90, 35)).await.unwrap();
    put(&world, &enable("long")).await.unwrap();
}

#[tokio::test]
async fn stop_is_allowed_and_no_way_round_to_a_shorter_policy() {
    let world = immutable().await;
    write(&world, "short", daily(7, 7)).await.unwrap();
    world.change(Change::Stop).await;
    held(put(&world, &enable("short")).await, "properties.policyId");
    world.change(enable(POLICY)).await;
    assert_eq!(world.kinds().await[&BackupKind::Log], 36);
}

#[tokio::test]
async fn retention_of_a_suspended_item_gets_no_longer_either() {
    let world = immutable().await;
    world.change(Change::Suspend).await;
    held(write(&world, POLICY, daily(30, 29)).await, "properties.subProtectionPolicy[1].retentionPolicy.retentionDuration");
    let longer = write(&world, POLICY, daily(31, 30)).await.unwrap_err();
    assert_eq!(longer.code, "BMSUserErrorRetentionIncreaseNotAllowedForSuspendedItem");
    assert!(longer.message.contains("salesdb"), "{longer}");
    write(&world, POLICY, daily_at(7, 30, 30)).await.unwrap();
    world.t.settle().await;
    assert_eq!(world.item().await.track.scheduled_since, None, "nothing is scheduled for it");
    world.change(Change::Stop).await;
    world.change(enable(POLICY)).await;
    write(&world, POLICY, daily(31, 30)).await.expect("resumed");
}

#[tokio::test]
async fn the_lock_is_never_opened() {
    let world = immutable().await;
    world.immutability(Immutability::Locked).await;
    for state in [Immutability::Unlocked, Immutability::Disabled] {
        let change = VaultChange { immutability: Some(state), ..Default::default() };
        let fault = vaults::patch(&world.t.engine, &caller(), &vault_path(), change).await.unwrap_err();
        assert_eq!(fault.target.as_deref(), Some("properties.securitySettings.immutabilitySettings.state"));
    }
    assert!(protection::delete(&world.t.engine, &caller(), &item_path()).await.is_err());
}
