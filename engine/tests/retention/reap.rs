//! The reaper.

use super::world::*;
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::backup::BackupKind;
use rsvault_domain::id::{CommandId, JobId, SetId};
use rsvault_domain::job::{Job, JobKind, JobStatus};
use rsvault_domain::ports::EventKind;
use rsvault_domain::restore::{RestorePlan, RestoreStep, RestoreTarget};
use rsvault_domain::work::{AgentCommand, CommandState, CommandWork};
use rsvault_engine::reconcile;
use std::sync::atomic::Ordering;
use uuid::Uuid;

fn tuesdays(date: Date) -> Option<BackupKind> {
    Some(if date.weekday() == Weekday::Tuesday { BackupKind::Full } else { BackupKind::Differential })
}
fn fulls(_: Date) -> Option<BackupKind> {
    Some(BackupKind::Full)
}

/// The rulebook's example (3.5): the full of 16 November is kept by the logs of its week, the last of
/// which is of 22 November and kept 30 days.
#[tokio::test]
async fn the_full_of_16_november_goes_at_the_end_of_22_december() {
    let mut world = World::new("2027-11-15T22:00:00Z", weekly()).await;
    world.run(hours(2), tuesdays).await;
    let full = world.marks().await[0].clone();
    assert_eq!((full.link.kind, full.link.time), (BackupKind::Full, at("2027-11-16T00:00:00Z")));
    assert_eq!(full.expires_at, Some(at("2027-12-14T00:00:00Z")), "its own four weeks");
    let (mut gone_at, mut start) = (None, Timestamp::MIN);
    while world.now() < at("2027-12-27T00:00:00Z") {
        world.run(hours(2), tuesdays).await;
        let marks = world.marks().await;
        if gone_at.is_none() && !marks.iter().any(|m| m.link.set_id == full.link.set_id) {
            gone_at = Some(world.now());
        }
        if world.now().as_second() % 86_400 != 0 {
            continue;
        }
        // Logs go in order and the range shrinks with them; what a living log covers can be restored.
        let chain = world.chain().await;
        let ranges = chain.ranges();
        assert_eq!(ranges.len().min(1), usize::from(marks.len() > 1), "{ranges:?}");
        if let Some(range) = ranges.first() {
            assert!(range.start >= start, "{} after {start}", range.start);
            start = range.start;
        }
        let living = marks.iter().filter(|m| m.link.kind == BackupKind::Log && m.expires_at.is_some_and(|e| e > world.now()));
        for log in living.take(3) {
            assert!(chain.plan_at(log.link.time).is_ok(), "{} at {}", log.link.time, world.now());
        }
    }
    assert_eq!(gone_at, Some(at("2027-12-23T00:00:00Z")), "with the last second of 22 December");
    assert!(start >= at("2027-11-23T00:00:00Z"));
    world.collected().await;
    let fired = world.t.engine.chronicle.since(0).events;
    assert!(
        fired
            .iter()
            .any(|e| e.kind == EventKind::Retention && e.text.contains("log backups") && e.text.contains("points in time start at 2027-")),
        "{fired:?}"
    );
}

#[tokio::test]
async fn nothing_outlives_its_time_and_what_went_leaves_no_object() {
    let mut world = World::new("2027-03-01T00:00:00Z", daily(10, 7)).await;
    world.commit(BackupKind::Full).await;
    world.run(days(12), fulls).await;
    world.pass(days(7)).await;
    let kinds = world.kinds().await;
    assert_eq!(kinds.get(&BackupKind::Log), None, "the last log is of 13 March");
    assert_eq!(kinds[&BackupKind::Full], 3, "11, 12 and 13 March; that of the 10th goes on the 20th at midnight");
    world.pass(days(3)).await;
    assert_eq!(world.marks().await.len(), 0);
    assert_eq!(world.item().await.reap_at, None, "nothing is left to look at");
    world.collected().await;
    assert!(world.t.plain_objects.list("", None, 1).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_second_look_changes_nothing() {
    let mut world = World::new("2027-03-01T00:00:00Z", daily(10, 7)).await;
    world.commit(BackupKind::Full).await;
    world.run(days(9), fulls).await;
    let before = (world.marks().await, world.item().await.reap_at);
    assert!(before.1.is_some_and(|at| at > world.now()));
    let mut tx = world.t.plain_store.begin().await.unwrap();
    let mut item = world.item().await;
    item.reap_at = Some(world.now());
    tx.update_item(&item).await.unwrap();
    tx.commit().await.unwrap();
    world.reap().await;
    assert_eq!((world.marks().await, world.item().await.reap_at), before);
}

/// A restore of `set` that its agent has not taken yet.
async fn restoring(world: &World, set: SetId) -> AgentCommand {
    let item = world.item().await;
    let job = Job {
        id: JobId(Uuid::new_v4()),
        vault_id: item.vault_id,
        item_id: Some(item.id),
        kind: JobKind::Restore(BackupKind::Full),
        status: JobStatus::InProgress,
        entity_name: "salesdb".into(),
        started_at: world.now(),
        ended_at: None,
        user_triggered: true,
        activity_id: String::new(),
        properties: Vec::new(),
        faults: Vec::new(),
    };
    let plan = RestorePlan {
        source_database: "salesdb".into(),
        steps: vec![RestoreStep { set_id: set, kind: BackupKind::Full, point: String::new(), time: world.now() }],
        stop_at: None,
        target: RestoreTarget::Files { directory: "/r".into() },
    };
    let command = AgentCommand {
        id: CommandId(Uuid::new_v4()),
        server_id: world.t.server.id,
        vault_id: item.vault_id,
        item_id: Some(item.id),
        work: CommandWork::Restore { item: item.id, plan, destination: "/r".into(), secondary: false },
        state: CommandState::Queued,
        generation: 0,
        lease_expires_at: None,
        cancel_requested: false,
        job_id: Some(job.id),
        operation_id: None,
        created_at: world.now(),
        deadline_at: world.now() + days(100),
    };
    let mut tx = world.t.plain_store.begin().await.unwrap();
    tx.insert_job(&job).await.unwrap();
    tx.insert_command(&command).await.unwrap();
    tx.commit().await.unwrap();
    command
}

#[tokio::test]
async fn what_a_restore_reads_stays_until_the_restore_has_ended() {
    let mut world = World::new("2027-03-01T00:00:00Z", daily(7, 7)).await;
    let first = world.commit(BackupKind::Full).await;
    world.t.clock.advance(days(1));
    let second = world.commit(BackupKind::Full).await;
    let command = restoring(&world, second).await;
    world.t.clock.advance(days(8));
    world.reap().await;
    let left: Vec<SetId> = world.marks().await.iter().map(|m| m.link.set_id).collect();
    assert_eq!(left, [second], "of the two that are due the first, {first}, goes");
    assert!(world.item().await.reap_at.is_some_and(|at| at > world.now()));
    let ended = rsvault_engine::agents::Outcome::Restored { bytes: 1 };
    let leased =
        rsvault_engine::agents::next_command(&world.t.engine, &world.t.agent, "t", std::time::Duration::ZERO).await.unwrap().unwrap();
    assert_eq!(leased.command.id, command.id);
    rsvault_engine::agents::finish(&world.t.engine, &world.t.agent, command.id, leased.command.generation, &ended).await.unwrap();
    world.pass(hours(1)).await;
    assert_eq!(world.marks().await, []);
}

#[tokio::test]
async fn a_failure_before_any_step_loses_nothing_and_leaves_nothing_behind() {
    sweep(false).await;
}

#[tokio::test]
async fn a_failure_after_any_step_loses_nothing_and_leaves_nothing_behind() {
    sweep(true).await;
}

/// Whichever call of the reaper and the collector behind it fails: the points go in the end, none that
/// was to stay has gone, and every object has its owner.
async fn sweep(after: bool) {
    for n in 1.. {
        let mut world = World::new("2027-03-01T00:00:00Z", daily(7, 7)).await;
        world.commit(BackupKind::Full).await;
        for later in [days(1), days(7)] {
            world.t.clock.advance(later);
            world.step(&fulls).await;
        }
        world.t.clock.advance(days(1));
        world.t.faults.arm(n, after);
        let told = reconcile::retention(&world.t.engine).await.is_err();
        let reaper = world.t.faults.calls.load(Ordering::SeqCst);
        world.t.clock.advance(SignedDuration::from_mins(5));
        world.t.settle().await;
        let calls = world.t.faults.calls.load(Ordering::SeqCst);
        world.t.faults.arm(0, false);
        assert!(told || reaper != n || after, "n={n}: a failure of the reaper is told");
        world.reap().await;
        let left: Vec<_> = world.kinds().await.into_iter().collect();
        assert_eq!(left, [(BackupKind::Full, 2), (BackupKind::Log, 1)], "n={n} after={after}: the second full is the base of the last log");
        assert!(world.item().await.reap_at.is_some_and(|at| at > world.now()), "n={n} after={after}");
        world.collected().await;
        if calls < n {
            assert!(n > 20, "the sweep must have gone through reaper and collector, saw {n}");
            break;
        }
    }
}
