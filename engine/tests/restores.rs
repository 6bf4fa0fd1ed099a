//! Which states can be restored: lists of ranges, plans, validation and restores agree, and say why not.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod support;

use jiff::{SignedDuration, Timestamp};
use rsvault_domain::archive::Tier;
use rsvault_domain::backup::{
    BackupFacts, BackupKind, BackupSet, CHUNK_SIZE, DedupeKey, Lsn, Manifest, RecoveryModel, RecoveryPoint, RecoveryPointName, SetState,
    WrappedKey,
};
use rsvault_domain::fault::Fault;
use rsvault_domain::id::{CommandId, SetId};
use rsvault_domain::job::{Job, JobStatus};
use rsvault_domain::operation::Subject;
use rsvault_domain::ports::{Clock, Page};
use rsvault_domain::protection::SoftDeleted;
use rsvault_domain::restore::{RestorePlan, RestoreTarget};
use rsvault_domain::work::CommandWork;
use rsvault_engine::agents::{self, Outcome};
use rsvault_engine::backups::{self, PointQuery};
use rsvault_engine::restores::{self, Destination, RestoreRequest, Wanted};
use rsvault_engine::{jobs, operations, protection};
use std::time::Duration;
use support::*;

/// Second `n` of the story.
fn at(n: i64) -> Timestamp {
    Timestamp::from_second(1_795_600_000 + n).unwrap()
}

/// What backs up: one LSN a second.
#[derive(Clone, Copy)]
struct Taken {
    kind: BackupKind,
    /// First second; of anything but a log also the last.
    from: i64,
    to: i64,
    /// Checkpoint of the full that a differential builds on.
    base: i64,
}
fn full(n: i64) -> Taken {
    Taken { kind: BackupKind::Full, from: n, to: n, base: 0 }
}
fn differential(n: i64, base: i64) -> Taken {
    Taken { kind: BackupKind::Differential, from: n, to: n, base }
}
fn log(from: i64, to: i64) -> Taken {
    Taken { kind: BackupKind::Log, from, to, base: 0 }
}
/// The name of a backup's point.
fn name(taken: Taken) -> String {
    format!("{:015}", 1_000_000 * (taken.kind as i64 + 1) + taken.to)
}

/// Puts committed backups into the vault as if agents had taken them.
async fn commit(t: &TestBox, taken: &[Taken]) {
    let item = protection::get(&t.engine, &item_path()).await.unwrap().item;
    let mut tx = t.engine.store.begin().await.unwrap();
    for one in taken {
        let facts = BackupFacts {
            started_at: at(one.from),
            consistent_at: at(one.to),
            first_lsn: Lsn(one.from as u128),
            last_lsn: Lsn(one.to as u128),
            checkpoint_lsn: Lsn(one.to as u128),
            database_backup_lsn: Lsn(one.base as u128),
            recovery_fork: uuid::Uuid::from_u128(7),
            recovery_model: RecoveryModel::Full,
            ..t.facts()
        };
        let id = SetId(uuid::Uuid::new_v4());
        let set = BackupSet {
            id,
            vault_id: item.vault_id,
            item_id: item.id,
            command_id: CommandId(uuid::Uuid::new_v4()),
            kind: one.kind,
            state: SetState::Open,
            generation: 1,
            dedupe_key: DedupeKey(id.to_string()),
            chunk_size: CHUNK_SIZE,
            key_id: "k".into(),
            key_version: 1,
            opened_at: t.clock.now(),
            closed_at: None,
            manifest: None,
        };
        tx.open_set(&set).await.unwrap();
        let manifest = Manifest {
            format: 1,
            set_id: id,
            generation: 1,
            vault_id: item.vault_id,
            item_id: item.id,
            source_resource_id: String::new(),
            instance: "MSSQLSERVER".into(),
            database: "salesdb".into(),
            kind: one.kind,
            facts: facts.clone(),
            chunk_size: CHUNK_SIZE,
            key: WrappedKey { key_id: "k".into(), version: 1, wrapped: "AA==".into() },
            streams: Vec::new(),
        };
        assert!(tx.commit_set(id, 1, &manifest, t.clock.now()).await.unwrap());
        tx.insert_point(&RecoveryPoint {
            item_id: item.id,
            name: RecoveryPointName(name(*one)),
            set_id: id,
            kind: one.kind,
            time: facts.consistent_at,
            expires_at: None,
            soft_deleted: None,
            on_demand: false,
            tier: Tier::Standard,
            facts,
            sealed_bytes: 100,
        })
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
}

async fn with(taken: &[Taken]) -> TestBox {
    let t = TestBox::new().await;
    t.protected().await;
    commit(&t, taken).await;
    t
}

async fn ranges(t: &TestBox) -> Vec<(Timestamp, Timestamp)> {
    backups::whole_coverage(&t.engine, &item_path()).await.unwrap().1.ranges
}

fn ask(wanted: Wanted) -> RestoreRequest {
    RestoreRequest {
        wanted,
        destination: Destination::Alternate { container: None, database: "MSSQLSERVER/copy".into() },
        overwrite: false,
        files: Vec::new(),
        fallback: false,
        no_recovery: false,
        rehydrate: None,
    }
}
fn second(n: i64) -> Wanted {
    Wanted::Time { at: at(n), from: None }
}

/// What a wish comes to, asked in every way: its steps and where the log stops, or the refusal.
async fn asked(t: &TestBox, wanted: Wanted) -> Result<(Vec<String>, Option<Timestamp>), Fault> {
    let request = ask(wanted.clone());
    let previewed = restores::preview(&t.engine, &item_path(), &wanted).await;
    let validated = restores::validate(&t.engine, &item_path(), &request).await.unwrap();
    let triggered = restores::trigger(&t.engine, &caller(), &item_path(), &request).await;
    match (previewed, triggered) {
        (Ok(preview), Ok(_)) => {
            assert_eq!(validated, None);
            let plan = planned(t).await;
            let steps: Vec<String> = plan.steps.iter().map(|s| s.point.clone()).collect();
            assert_eq!(preview.steps.iter().map(|s| s.name.0.clone()).collect::<Vec<_>>(), steps, "what was previewed runs");
            assert_eq!((preview.stop_at, preview.sealed_bytes), (plan.stop_at, 100 * steps.len() as u64));
            Ok((steps, plan.stop_at))
        }
        (Err(shown), Err(fault)) => {
            assert_eq!((&shown.code, &shown.message, &shown.target), (&fault.code, &fault.message, &fault.target));
            assert_eq!(validated, Some((fault.code.to_string(), fault.message.clone())));
            Err(fault)
        }
        (preview, trigger) => panic!("they disagree: {preview:?} {trigger:?}"),
    }
}

/// The plan that the agent is handed; its command ends.
async fn planned(t: &TestBox) -> RestorePlan {
    let leased = agents::next_command(&t.engine, &t.agent, "t", Duration::ZERO).await.unwrap().expect("a command").command;
    let CommandWork::Restore { plan, .. } = leased.work else { panic!("no restore: {:?}", leased.work) };
    agents::finish(&t.engine, &t.agent, leased.id, leased.generation, &Outcome::Restored { bytes: 1 }).await.unwrap();
    plan
}

async fn job_of(t: &TestBox, operation: &rsvault_domain::operation::Operation) -> Job {
    jobs::get(&t.engine, &vault_path(), operation.job_id.unwrap()).await.unwrap().1
}

#[tokio::test]
async fn exactly_the_seconds_of_the_ranges_can_be_restored() {
    // A gap between 40 and 60; a full mends it, a differential lies in the second stretch.
    let taken =
        [full(10), log(10, 20), log(20, 40), log(60, 70), full(80), log(70, 90), differential(100, 80), log(90, 110), log(110, 120)];
    let t = with(&taken).await;
    let shown = ranges(&t).await;
    assert_eq!(shown, [(at(10), at(40)), (at(80), at(120))]);
    for n in 0..130 {
        let inside = shown.iter().any(|(start, end)| (*start..=*end).contains(&at(n)));
        assert_eq!(asked(&t, second(n)).await.is_ok(), inside, "second {n}");
    }
}

#[tokio::test]
async fn the_plan_is_the_latest_base_and_the_logs_up_to_the_second() {
    let t = with(&[full(10), log(10, 20), full(30), log(20, 40), differential(50, 30), log(40, 60), log(60, 70)]).await;
    assert_eq!(
        asked(&t, second(65)).await.unwrap(),
        (vec![name(full(30)), name(differential(50, 30)), name(log(40, 60)), name(log(60, 70))], Some(at(65)))
    );
    assert_eq!(asked(&t, second(15)).await.unwrap(), (vec![name(full(10)), name(log(10, 20))], Some(at(15))));
    assert_eq!(asked(&t, second(70)).await.unwrap().1, None, "at the end of the last log nothing is cut off");
    let within = Wanted::Time { at: at(15) + SignedDuration::from_millis(700), from: None };
    assert_eq!(asked(&t, within).await.unwrap().1, Some(at(15)), "to the second");
}

#[tokio::test]
async fn a_full_that_is_named_is_where_the_restore_begins() {
    let t = with(&[full(10), log(10, 20), full(30), log(20, 40), differential(45, 30), log(40, 60)]).await;
    let from = |full: Taken, n| Wanted::Time { at: at(n), from: Some(name(full)) };
    let (steps, _) = asked(&t, from(full(10), 50)).await.unwrap();
    assert_eq!(steps, [name(full(10)), name(log(10, 20)), name(log(20, 40)), name(log(40, 60))]);
    assert_eq!(asked(&t, from(full(30), 15)).await.unwrap_err().target.as_deref(), Some("properties.pointInTime"), "it is younger");
    let wrong = asked(&t, from(differential(45, 30), 50)).await.unwrap_err();
    assert_eq!((wrong.code.as_ref(), wrong.target.as_deref()), ("BMSUserErrorInvalidRestoreRequest", Some("recoveryPointId")));
    assert_eq!(asked(&t, from(full(99), 50)).await.unwrap_err().code, "BMSUserErrorRecoveryPointNotFound");
}

#[tokio::test]
async fn a_second_outside_is_refused_with_what_is_missing_and_what_is_near() {
    let t = with(&[full(10), log(10, 20), log(30, 40), full(50), log(40, 60)]).await;
    let fault = asked(&t, second(25)).await.unwrap_err();
    assert_eq!(fault.target.as_deref(), Some("properties.pointInTime"));
    for word in ["LSN 20", "30", &at(20).to_string(), &at(50).to_string()] {
        assert!(fault.message.contains(word), "{word}: {}", fault.message);
    }
    assert!(asked(&t, second(70)).await.unwrap_err().message.contains("No log backup reaches that far"));
    assert!(asked(&t, second(5)).await.unwrap_err().message.contains("before the first full"));
}

#[tokio::test]
async fn a_differential_brings_its_full_and_a_log_has_no_name() {
    let t = with(&[full(10), differential(20, 10), full(30), differential(40, 10), log(30, 50)]).await;
    let steps = asked(&t, Wanted::Point(name(differential(20, 10)))).await.unwrap();
    assert_eq!(steps, (vec![name(full(10)), name(differential(20, 10))], None));
    assert_eq!(asked(&t, Wanted::Point(name(full(30)))).await.unwrap(), (vec![name(full(30))], None));
    let no_log = asked(&t, Wanted::Point(name(log(30, 50)))).await.unwrap_err();
    assert_eq!(no_log.code, "BMSUserErrorRecoveryPointNotFound");
    assert!(backups::point(&t.engine, &item_path(), &name(log(30, 50))).await.is_err());
    // The base that it names is another product's.
    let t = with(&[full(10), differential(20, 15)]).await;
    let broken = asked(&t, Wanted::Point(name(differential(20, 15)))).await.unwrap_err();
    assert_eq!((broken.code.as_ref(), broken.target.as_deref()), ("UserErrorRecoveryPointChainBroken", Some("recoveryPointId")));
}

#[tokio::test]
async fn a_list_shows_distinct_points_and_the_range_within_its_window() {
    let t = with(&[full(10), log(10, 20), differential(30, 10), log(20, 60), full(70), log(60, 80)]).await;
    let list = async |query: PointQuery, page: &Page| backups::points(&t.engine, &item_path(), &query, page).await.unwrap();
    let all = list(PointQuery::all(), &Page::default()).await;
    let names: Vec<_> = all.points.items.iter().map(|p| p.name.0.clone()).collect();
    assert_eq!(names, [name(full(70)), name(differential(30, 10)), name(full(10))], "newest first, no logs");
    assert_eq!(all.coverage.unwrap().ranges, [(at(10), at(80))]);
    let clipped = list(PointQuery { from: Some(at(25)), to: Some(at(65)), ..PointQuery::all() }, &Page::default()).await;
    assert_eq!((clipped.points.items.len(), clipped.coverage.unwrap().ranges), (1, vec![(at(25), at(65))]));
    let nothing = list(PointQuery { from: Some(at(90)), ..PointQuery::all() }, &Page::default()).await;
    assert_eq!((nothing.points.items.len(), nothing.coverage.unwrap().ranges), (0, Vec::new()));
    let fulls = list(PointQuery { kinds: vec![BackupKind::Full], coverage: false, from: None, to: None }, &Page::default()).await;
    assert_eq!((fulls.points.items.len(), fulls.coverage.is_none()), (2, true));
    let logs = list(PointQuery { kinds: Vec::new(), ..PointQuery::all() }, &Page::default()).await;
    assert!(logs.points.items.is_empty() && logs.coverage.unwrap().newest.is_some(), "the range lends the newest point's files");

    let (mut page, mut seen, mut covered) = (Page { after: None, limit: 1 }, Vec::new(), 0);
    loop {
        let part = list(PointQuery::all(), &page).await;
        seen.extend(part.points.items.iter().map(|p| p.name.0.clone()));
        covered += usize::from(part.coverage.is_some());
        match part.points.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!((seen, covered), (names, 1), "each point once, the range on the last page");
}

#[tokio::test]
async fn soft_deleted_points_are_still_restorable_and_deleted_ones_are_gone() {
    let t = with(&[full(10), log(10, 20), log(20, 30)]).await;
    let item = protection::get(&t.engine, &item_path()).await.unwrap().item;
    let mut tx = t.engine.store.begin().await.unwrap();
    let mut marks = tx.marks(item.id).await.unwrap();
    for mark in &mut marks {
        mark.soft_deleted = Some(SoftDeleted { at: t.clock.now(), purge_at: t.clock.now() + SignedDuration::from_hours(24) });
    }
    tx.mark_points(&marks).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ranges(&t).await, [(at(10), at(30))]);
    asked(&t, second(25)).await.unwrap();
    let last = marks.iter().find(|m| m.link.name.0 == name(log(20, 30))).unwrap().link.set_id;
    let mut tx = t.engine.store.begin().await.unwrap();
    tx.delete_points(item.id, &[last], t.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ranges(&t).await, [(at(10), at(20))]);
    asked(&t, second(25)).await.unwrap_err();
}

#[tokio::test]
async fn a_restore_whose_chain_loses_a_point_says_which() {
    let t = with(&[full(10), log(10, 20)]).await;
    restores::trigger(&t.engine, &caller(), &item_path(), &ask(second(15))).await.unwrap();
    let leased = agents::next_command(&t.engine, &t.agent, "t", Duration::ZERO).await.unwrap().unwrap().command;
    let CommandWork::Restore { plan, item, .. } = &leased.work else { panic!() };
    let lost = plan.steps[1].set_id;
    let mut tx = t.engine.store.begin().await.unwrap();
    tx.delete_points(*item, &[lost], t.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let fault = agents::restore_set(&t.engine, &t.agent, leased.id, lost).await.err().unwrap();
    assert_eq!(fault.code, "UserErrorRecoveryPointDeleted");
    assert!(fault.message.contains(&name(log(10, 20))), "{}", fault.message);
    let foreign = agents::restore_set(&t.engine, &t.agent, leased.id, SetId(uuid::Uuid::new_v4())).await.err().unwrap();
    assert_eq!(foreign.code, "SetNotFound");
}

#[tokio::test]
async fn a_point_in_time_restore_is_called_after_the_log_and_tells_the_second() {
    let t = with(&[full(10), log(10, 20)]).await;
    for (wanted, kind, time) in [(second(15), "Restore (Log)", at(15)), (Wanted::Point(name(full(10))), "Restore (Full)", at(10))] {
        let operation = restores::trigger(&t.engine, &caller(), &item_path(), &ask(wanted)).await.unwrap();
        let running = job_of(&t, &operation).await;
        assert_eq!(running.kind.text(running.status), "Restore");
        planned(&t).await;
        let job = job_of(&t, &operation).await;
        assert_eq!((job.status, job.kind.text(job.status).as_str()), (JobStatus::Completed, kind));
        let told = job.properties.iter().find(|(k, _)| k == "RestoreRecoveryPointTime").map(|(_, v)| v.clone());
        assert_eq!(told, Some(time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()));
    }
}

#[tokio::test]
async fn as_files_the_whole_chain_is_written_and_the_original_is_overwritten() {
    let t = with(&[full(10), differential(20, 10), log(10, 30)]).await;
    let files = Destination::Files { container: None, directory: "/tmp/files".into() };
    let request = RestoreRequest { destination: files, ..ask(second(25)) };
    restores::trigger(&t.engine, &caller(), &item_path(), &request).await.unwrap();
    let plan = planned(&t).await;
    assert_eq!((plan.steps.len(), plan.target), (3, RestoreTarget::Files { directory: "/tmp/files".into() }));
    let request = RestoreRequest { destination: Destination::Original, ..ask(second(25)) };
    restores::trigger(&t.engine, &caller(), &item_path(), &request).await.unwrap();
    assert!(matches!(planned(&t).await.target, RestoreTarget::Database { overwrite: true, .. }));
}

#[tokio::test]
async fn validation_tells_what_the_restore_would_be_answered() {
    let t = with(&[full(10), log(10, 20)]).await;
    let busy = ask(second(15));
    restores::trigger(&t.engine, &caller(), &item_path(), &busy).await.unwrap();
    let verdict = restores::validate(&t.engine, &item_path(), &busy).await.unwrap().unwrap();
    assert_eq!(verdict.0, "UserErrorRestoreOperationInProgress", "over one target runs one restore");
    let second_time = restores::trigger(&t.engine, &caller(), &item_path(), &busy).await.unwrap();
    assert_eq!(job_of(&t, &second_time).await.faults[0].code, verdict.0);

    let over = RestoreRequest {
        destination: Destination::Alternate { container: None, database: "MSSQLSERVER/salesdb".into() },
        ..ask(second(15))
    };
    let who = caller();
    let operation = restores::trigger_validation(&t.engine, &who, &item_path(), &over).await.unwrap();
    assert_eq!(restores::trigger_validation(&t.engine, &who, &item_path(), &over).await.unwrap().id, operation.id, "a repeat is the same");
    let stored = operations::read(&t.engine, &vault_path(), operation.id).await.unwrap();
    assert_eq!(stored.subject, Subject::Validation);
    assert_eq!(stored.error.unwrap().0, "UserErrorCannotRestoreExistingDBWithoutForceOverwrite");
    assert_eq!(stored.job_id, None);
}

#[tokio::test]
async fn a_soft_deleted_item_is_undeleted_before_it_is_restored() {
    let t = with(&[full(10), log(10, 20)]).await;
    protection::delete(&t.engine, &caller(), &item_path()).await.unwrap();
    t.settle().await;
    assert_eq!(asked(&t, second(15)).await.unwrap_err().code, "BMSUserErrorItemSoftDeleted");
    assert_eq!(ranges(&t).await, [(at(10), at(20))], "its points still show");
}
