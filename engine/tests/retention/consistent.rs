//! Whether an item is as its policy says (`policyState`), and how often and how many policies may be written.

use super::support::*;
use super::world::*;
use rsvault_domain::discovery::ServerState;
use rsvault_domain::fault::FaultKind;
use rsvault_domain::job::JobStatus;
use rsvault_domain::limits::{self, POLICIES_PER_VAULT, POLICY_WRITES};
use rsvault_domain::operation::{Operation, OperationStatus};
use rsvault_domain::policy::SqlPolicy;
use rsvault_domain::vault::Immutability;
use rsvault_engine::policies;

async fn power(world: &World, state: ServerState) {
    let mut tx = world.t.plain_store.begin().await.unwrap();
    let mut server = tx.servers(SUB).await.unwrap().remove(0);
    server.state = state;
    tx.put_server(&server).await.unwrap();
    tx.commit().await.unwrap();
}
async fn mend(world: &World, spec: SqlPolicy) -> Option<Operation> {
    let saved = policies::put(&world.t.engine, &caller(), &vault_path(), POLICY, spec, true).await.unwrap();
    assert_eq!(saved.policy.items, 1);
    world.t.settle().await;
    saved.operation
}
/// Status of the one job of an operation on the policy, and the code of its fault.
async fn ended(world: &World, operation: &Operation) -> (JobStatus, Option<String>) {
    let job = policies::jobs_of(&world.t.engine, operation).await.unwrap().remove(0);
    (job.status, job.faults.first().map(|fault| fault.code.clone()))
}

#[tokio::test]
async fn an_item_whose_server_is_off_stays_with_its_policy_as_it_was_until_that_is_made_consistent() {
    let mut world = World::new("2027-03-01T00:00:00Z", daily(30, 30)).await;
    world.commit(rsvault_domain::backup::BackupKind::Full).await;
    let before = world.marks().await;
    power(&world, ServerState::Stopped).await;
    let operation = world.policy(daily(60, 30)).await.unwrap();
    assert_eq!(ended(&world, &operation).await, (JobStatus::Failed, Some("VMNotInRunningStateUserError".into())));
    assert_eq!(world.status(&operation).await, OperationStatus::Failed);
    assert_eq!(world.item().await.track.policy_fault.as_deref(), Some("VMNotInRunningStateUserError"));
    assert_eq!(world.marks().await, before, "its points are as the policy was");

    let again = mend(&world, daily(60, 30)).await.unwrap();
    assert_eq!(ended(&world, &again).await.0, JobStatus::Failed, "the server is still off");
    power(&world, ServerState::Running).await;
    let mended = mend(&world, daily(60, 30)).await.unwrap();
    assert_eq!(ended(&world, &mended).await, (JobStatus::Completed, None));
    assert_eq!(world.item().await.track.policy_fault, None);
    assert_eq!(world.marks().await[0].expires_at, before[0].expires_at.map(|at| at + days(30)));
    assert!(mend(&world, daily(60, 30)).await.is_none(), "nothing is left to mend");
    assert!(mend(&world, daily(61, 30)).await.is_some(), "a new text reaches all items");
}

#[tokio::test]
async fn a_shorter_policy_that_has_not_reached_its_points_is_held_by_an_immutable_vault() {
    let mut world = World::new("2027-03-01T00:00:00Z", daily(30, 30)).await;
    world.commit(rsvault_domain::backup::BackupKind::Full).await;
    let before = world.marks().await;
    let saved = policies::put(&world.t.engine, &caller(), &vault_path(), POLICY, daily(7, 7), false).await.unwrap();
    world.immutability(Immutability::Unlocked).await;
    world.t.settle().await;
    let held = Some("BMSUserErrorOperationNotAllowedOnImmutableVault".into());
    assert_eq!(ended(&world, &saved.operation.unwrap()).await, (JobStatus::Failed, held.clone()));
    assert_eq!(world.item().await.track.policy_fault, held);
    assert_eq!(world.marks().await, before);
}

#[tokio::test]
async fn so_many_policies_are_written_a_day_and_so_many_stand_in_a_vault() {
    let world = World::new("2027-03-01T00:00:00Z", daily(30, 30)).await;
    let write = async |name: String| policies::put(&world.t.engine, &caller(), &vault_path(), &name, daily(30, 30), false).await;
    let stood = POLICIES_PER_VAULT - 4; // three defaults and 'mine', which was the first write of the day
    let mut refused = 0;
    for n in 0..stood {
        if let Err(fault) = write(format!("policy{n}")).await {
            assert_eq!((fault.kind, fault.code.as_ref()), (FaultKind::Invalid, "CloudDosAbsoluteLimitReached"), "{fault}");
            refused += 1;
            world.t.clock.advance(limits::WINDOW);
            write(format!("policy{n}")).await.unwrap();
        }
    }
    assert_eq!(refused, (stood + 1 - 1) / POLICY_WRITES, "as many as days began");
    world.t.clock.advance(limits::WINDOW);
    let fault = write("one-more".into()).await.unwrap_err();
    assert_eq!((fault.kind, fault.code.as_ref()), (FaultKind::Invalid, "BMSUserErrorPolicyQuotaExceeded"));
    assert!(fault.message.contains("200 policies"), "{fault}");
    write("policy0".into()).await.unwrap();
}
