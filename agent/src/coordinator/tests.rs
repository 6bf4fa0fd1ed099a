//! The coordinator against a vault in memory and an engine that does as it is told.

mod clock;
mod overrides;
mod seats;
mod slots;

use super::*;
use crate::pipeline::tests_facts as facts;
use crate::plugin::{BackupOutput, BackupRequest, RestoreInput, Workload, WorkloadError};
use crate::transport::fake::{FakeVault, set_of};
use async_trait::async_trait;
use bytes::Bytes;
use rsvault_domain::backup::{BackupFacts, BackupKind};
use rsvault_domain::discovery::InstanceInventory;
use rsvault_domain::id::CommandId;
use rsvault_domain::restore::{RestorePlan, RestoreStep, RestoreTarget};
use rsvault_protocol::messages::{Outcome, Verdict, Work};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Backs up `size` bytes, then waits as long as told; keeps what is restored.
#[derive(Default)]
struct Told {
    size: usize,
    linger: Duration,
    deaf: bool,
    restored: Mutex<Vec<u8>>,
    abandoned: AtomicUsize,
    /// Databases whose backups were confirmed.
    confirmed: Mutex<Vec<String>>,
    /// Whether it takes for ever to take note of a backup.
    confirms_slowly: AtomicBool,
    /// Steps of the restore that stand, and how often its second step is still to break off.
    standing: AtomicUsize,
    breaks: AtomicUsize,
    running: AtomicUsize,
    most: AtomicUsize,
    /// Backups in the order in which they began.
    begun: Mutex<Vec<(String, BackupKind)>>,
}

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i / 3 % 253) as u8).collect()
}

#[async_trait]
impl Workload for Told {
    fn engine(&self) -> &'static str {
        "told"
    }
    async fn discover(&self) -> Result<Vec<InstanceInventory>, WorkloadError> {
        Ok(vec![InstanceInventory { name: "I".into(), version: "1".into(), directories: vec![], databases: vec![], fault: None }])
    }
    async fn backup(
        &self,
        request: &BackupRequest,
        output: &mut dyn BackupOutput,
        cancel: &CancellationToken,
    ) -> Result<BackupFacts, WorkloadError> {
        self.most.fetch_max(self.running.fetch_add(1, SeqCst) + 1, SeqCst);
        self.begun.lock().unwrap().push((request.database.clone(), request.kind));
        let work = async {
            if request.database == "missing" {
                return Err(WorkloadError::fault("UserErrorSQLPODoesNotExist", ""));
            }
            // A database whose name is a number has as many bytes.
            for part in content(request.database.parse().unwrap_or(self.size)).chunks(200_000) {
                output.write(0, Bytes::copy_from_slice(part)).await?;
            }
            if self.deaf {
                tokio::time::sleep(self.linger).await;
            }
            tokio::select! {
                () = cancel.cancelled() => Err(WorkloadError::Cancelled),
                () = tokio::time::sleep(self.linger) => Ok(facts()),
            }
        };
        let done = work.await;
        self.running.fetch_sub(1, SeqCst);
        done
    }
    async fn confirm(&self, request: &BackupRequest, confirmed: &BackupFacts) -> Result<(), WorkloadError> {
        assert_eq!(*confirmed, facts());
        if self.confirms_slowly.load(SeqCst) {
            std::future::pending::<()>().await;
        }
        self.confirmed.lock().unwrap().push(request.database.clone());
        Ok(())
    }
    async fn steps_done(&self, _: Uuid, _: &RestorePlan) -> Result<usize, WorkloadError> {
        Ok(self.standing.load(SeqCst))
    }
    async fn check_restore(&self, plan: &RestorePlan) -> Result<(), WorkloadError> {
        if plan.source_database == "taken" {
            Err(WorkloadError::fault("UserErrorCannotRestoreExistingDBWithoutForceOverwrite", ""))
        } else {
            Ok(())
        }
    }
    async fn restore_step(
        &self,
        _: Uuid,
        _: &RestorePlan,
        index: usize,
        _: &RestoreStep,
        input: &mut dyn RestoreInput,
        _: &CancellationToken,
    ) -> Result<(), WorkloadError> {
        let broken = |left: usize| (index == 1).then(|| left.checked_sub(1)).flatten();
        if self.breaks.fetch_update(SeqCst, SeqCst, broken).is_ok() {
            return Err(WorkloadError::Transport("cut".into()));
        }
        while let Some(bytes) = input.read(index, 0).await? {
            self.restored.lock().unwrap().extend_from_slice(&bytes);
        }
        self.standing.store(index + 1, SeqCst);
        Ok(())
    }
    async fn abandon_restore(&self, _: Uuid, _: &RestorePlan) -> Result<(), WorkloadError> {
        self.abandoned.fetch_add(1, SeqCst);
        self.standing.store(0, SeqCst);
        self.restored.lock().unwrap().clear();
        Ok(())
    }
}

fn id() -> CommandId {
    uuid::Uuid::new_v4().into()
}
fn backup(database: &str) -> Work {
    Work::Backup {
        item_id: uuid::Uuid::nil().into(),
        instance: "I".into(),
        database: database.into(),
        backup: BackupKind::Full,
        compress: true,
    }
}
fn restore(sets: &[CommandId], database: &str, target: RestoreTarget) -> Work {
    let steps = sets.iter().map(|s| RestoreStep {
        set_id: set_of(*s),
        kind: BackupKind::Full,
        point: "123".into(),
        time: "2026-01-02T03:04:05Z".parse().unwrap(),
    });
    Work::Restore { plan: RestorePlan { source_database: database.into(), steps: steps.collect(), stop_at: None, target } }
}
fn database() -> RestoreTarget {
    RestoreTarget::Database { instance: "I".into(), database: "x".into(), overwrite: false, files: vec![], recover: true }
}
const LIMITS: Limits = Limits { commands: 20, others: 8, window: 4, wait_seconds: 20, grace: Duration::from_secs(4), takes_work: true };
fn start(vault: &Arc<FakeVault>, engine: &Arc<Told>) -> AgentHandle {
    let clock = Arc::new(clock::ManualClock::at("2026-01-02T03:04:05Z"));
    Agent::start_on(vault.clone(), vec![engine.clone()], LIMITS, clock, None)
}
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    panic!("never: {what}");
}
async fn outcome(vault: &FakeVault, id: CommandId) -> Outcome {
    until("a result", || vault.result_of(id).is_some()).await;
    vault.result_of(id).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_committed_and_restores_in_order_through_a_flaky_network() {
    let (vault, engine) = (Arc::new(FakeVault::default()), Arc::new(Told { size: 3_000_000, ..Told::default() }));
    vault.fail_every.store(4, SeqCst);
    let agent = start(&vault, &engine);
    let (one, two, both, seen) = (id(), id(), id(), id());
    vault.offer(one, 1, backup("d"));
    vault.offer(two, 1, backup("e"));
    vault.offer(seen, 1, Work::Inquire {});
    assert_eq!(outcome(&vault, one).await, Outcome::BackedUp { set_id: set_of(one) });
    assert_eq!(outcome(&vault, two).await, Outcome::BackedUp { set_id: set_of(two) });
    assert!(matches!(outcome(&vault, seen).await, Outcome::Inquired { inventory } if inventory.instances.len() == 1));
    let mut confirmed = engine.confirmed.lock().unwrap().clone();
    confirmed.sort();
    assert_eq!(confirmed, ["d", "e"]);
    vault.offer(both, 1, restore(&[one, two], "d", database()));
    assert_eq!(outcome(&vault, both).await, Outcome::Restored { bytes: 6_000_000 });
    assert!(*engine.restored.lock().unwrap() == content(3_000_000).repeat(2));
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_the_engine_reach_the_vault_and_the_set_is_aborted() {
    let (vault, engine) = (Arc::new(FakeVault::default()), Arc::new(Told::default()));
    let agent = start(&vault, &engine);
    let (missing, taken) = (id(), id());
    vault.offer(missing, 1, backup("missing"));
    vault.offer(taken, 1, restore(&[missing], "taken", database()));
    assert!(matches!(outcome(&vault, missing).await, Outcome::Failed { fault } if fault.code == "UserErrorSQLPODoesNotExist"));
    assert!(matches!(outcome(&vault, taken).await, Outcome::Failed { fault } if fault.code.contains("CannotRestoreExisting")));
    assert_eq!(*vault.aborted.lock().unwrap(), [set_of(missing)]);
    assert_eq!(engine.abandoned.load(SeqCst), 0, "a refused restore has nothing to abandon");
    assert!(engine.confirmed.lock().unwrap().is_empty(), "what was not committed is not confirmed");
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_that_was_committed_as_the_agent_was_killed_is_confirmed_before_the_next_backup() {
    let (vault, engine) = (Arc::new(FakeVault::default()), Arc::new(Told { size: 1000, ..Told::default() }));
    let state = tempfile::tempdir().unwrap();
    let start = || {
        let clock = Arc::new(clock::ManualClock::at("2026-01-02T03:04:05Z"));
        Agent::start_on(vault.clone(), vec![engine.clone()], LIMITS, clock, Some(state.path().to_owned()))
    };
    let (full, other, next) = (id(), id(), id());
    engine.confirms_slowly.store(true, SeqCst);
    let agent = start();
    vault.offer(full, 1, backup("d"));
    until("committed", || vault.commits.lock().unwrap().contains_key(&set_of(full))).await;
    drop(agent);
    engine.confirms_slowly.store(false, SeqCst);
    let agent = start();
    vault.offer(other, 1, backup("e"));
    outcome(&vault, other).await;
    assert_eq!(*engine.confirmed.lock().unwrap(), ["e"]);
    vault.offer(next, 1, backup("d"));
    outcome(&vault, next).await;
    assert_eq!(*engine.confirmed.lock().unwrap(), ["e", "d", "d"], "the earlier one first");
    agent.shutdown().await;
    assert_eq!(std::fs::read(state.path().join("commits.json")).unwrap(), b"[]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_that_was_not_committed_is_not_confirmed_by_the_next_start() {
    let (vault, engine) = (Arc::new(FakeVault::default()), Arc::new(Told { size: 1000, ..Told::default() }));
    let state = tempfile::tempdir().unwrap();
    let left = serde_json::json!([{ "setId": Uuid::nil(), "instance": "I", "database": "d", "body": {
        "generation": 1, "facts": facts(), "key": { "keyId": "k", "version": 1, "wrapped": "" }, "streams": [] } }]);
    std::fs::write(state.path().join("commits.json"), left.to_string()).unwrap();
    *vault.unknown.lock().unwrap() = Some(Uuid::nil().into());
    let clock = Arc::new(clock::ManualClock::at("2026-01-02T03:04:05Z"));
    let agent = Agent::start_on(vault.clone(), vec![engine.clone()], LIMITS, clock, Some(state.path().to_owned()));
    let next = id();
    vault.offer(next, 1, backup("d"));
    assert_eq!(outcome(&vault, next).await, Outcome::BackedUp { set_id: set_of(next) });
    assert_eq!(*engine.confirmed.lock().unwrap(), ["d"], "the new one alone");
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_that_holds_no_question_open_is_not_asked_without_end() {
    let (vault, engine) = (Arc::new(FakeVault::default()), Arc::new(Told::default()));
    vault.hasty.store(true, SeqCst);
    let agent = start(&vault, &engine);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let asked = (vault.polls.lock().unwrap().len(), vault.asks.load(SeqCst));
    assert!(asked.0 <= 20 && asked.1 <= 20, "{asked:?}");
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_byte_fails_the_restore_and_what_was_built_is_abandoned() {
    let (vault, engine) = (Arc::new(FakeVault::default()), Arc::new(Told { size: 300_000, ..Told::default() }));
    let agent = start(&vault, &engine);
    let (set, back) = (id(), id());
    vault.offer(set, 1, backup("d"));
    outcome(&vault, set).await;
    vault.flip(set_of(set), 0, 0, 60, false);
    vault.offer(back, 1, restore(&[set], "d", database()));
    assert!(
        matches!(outcome(&vault, back).await, Outcome::Failed { fault } if fault.code == "UserErrorRecoveryPointDataCorrupt" && fault.message.contains("chunk 0"))
    );
    assert_eq!(engine.abandoned.load(SeqCst), 1);
    assert!(engine.restored.lock().unwrap().is_empty());
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_breaks_off_is_begun_again_then_given_back_and_the_next_attempt_goes_on() {
    let (vault, engine) = (Arc::new(FakeVault::default()), Arc::new(Told { size: 300_000, ..Told::default() }));
    let agent = start(&vault, &engine);
    let (one, two, back) = (id(), id(), id());
    vault.offer(one, 1, backup("d"));
    vault.offer(two, 1, backup("e"));
    outcome(&vault, one).await;
    outcome(&vault, two).await;
    // More often than one attempt begins it, less often than two do.
    engine.breaks.store(restore::TRIES as usize + 1, SeqCst);
    vault.offer(back, 1, restore(&[one, two], "d", database()));
    assert!(matches!(outcome(&vault, back).await, Outcome::Interrupted { .. }));
    assert_eq!((engine.abandoned.load(SeqCst), engine.standing.load(SeqCst)), (0, 1), "the first step stands");
    vault.results.lock().unwrap().clear();
    vault.offer(back, 2, restore(&[one, two], "d", database()));
    assert_eq!(outcome(&vault, back).await, Outcome::Restored { bytes: 300_000 });
    assert!(*engine.restored.lock().unwrap() == content(300_000).repeat(2), "each step was applied once");
    // The report got lost: all steps stand, and nothing is done but to report.
    vault.results.lock().unwrap().clear();
    vault.offer(back, 3, restore(&[one, two], "taken", database()));
    assert_eq!(outcome(&vault, back).await, Outcome::Restored { bytes: 0 });
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_verdict_is_obeyed_and_reported_and_a_stale_one_is_silent() {
    let (vault, engine) =
        (Arc::new(FakeVault::default()), Arc::new(Told { size: 1000, linger: Duration::from_secs(600), ..Told::default() }));
    let agent = start(&vault, &engine);
    let (cancelled, stale) = (id(), id());
    vault.verdicts.lock().unwrap().insert(cancelled, Verdict::Cancel);
    vault.verdicts.lock().unwrap().insert(stale, Verdict::Stale);
    vault.offer(cancelled, 1, backup("d"));
    vault.offer(stale, 1, backup("e"));
    assert_eq!(outcome(&vault, cancelled).await, Outcome::Cancelled {});
    until("both have stopped", || engine.running.load(SeqCst) == 0).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(vault.result_of(stale), None);
    assert_eq!(*vault.aborted.lock().unwrap(), [set_of(cancelled)], "the stale set is another's");
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_vault_ends_the_lease_and_its_return_brings_work_again() {
    let (vault, engine) =
        (Arc::new(FakeVault::default()), Arc::new(Told { size: 1000, linger: Duration::from_secs(6), ..Told::default() }));
    let agent = start(&vault, &engine);
    let work = id();
    vault.offer(work, 1, backup("d"));
    until("it runs", || engine.running.load(SeqCst) == 1).await;
    vault.down.store(true, SeqCst);
    until("the lease ran out", || engine.running.load(SeqCst) == 0).await;
    vault.down.store(false, SeqCst);
    vault.offer(work, 2, backup("d"));
    assert_eq!(outcome(&vault, work).await, Outcome::BackedUp { set_id: set_of(work) });
    assert_eq!(vault.results.lock().unwrap().len(), 1, "the lost attempt reports nothing");
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_generations_never_work_side_by_side() {
    let (vault, engine) =
        (Arc::new(FakeVault::default()), Arc::new(Told { size: 1000, linger: Duration::from_secs(2), ..Told::default() }));
    let agent = start(&vault, &engine);
    let work = id();
    vault.offer(work, 1, backup("d"));
    until("it runs", || engine.running.load(SeqCst) == 1).await;
    vault.offer(work, 2, backup("d"));
    assert_eq!(outcome(&vault, work).await, Outcome::BackedUp { set_id: set_of(work) });
    assert_eq!(engine.most.load(SeqCst), 1);
    assert_eq!(vault.results.lock().unwrap()[0].1.generation, 2);
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_gives_work_back_within_seconds_even_if_the_engine_is_deaf() {
    for deaf in [false, true] {
        let (vault, engine) =
            (Arc::new(FakeVault::default()), Arc::new(Told { size: 1000, linger: Duration::from_secs(600), deaf, ..Told::default() }));
        let agent = start(&vault, &engine);
        let work = id();
        vault.offer(work, 1, backup("d"));
        until("it runs", || engine.running.load(SeqCst) == 1).await;
        tokio::time::timeout(Duration::from_secs(6), agent.shutdown()).await.unwrap();
        match vault.result_of(work) {
            Some(Outcome::Interrupted { .. }) => assert!(!deaf),
            None => assert!(deaf, "left to the lease"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_becomes_its_own_file_with_its_own_bytes_and_a_killed_attempt_is_gone_on_with() {
    let (vault, engine) = (Arc::new(FakeVault::default()), Arc::new(Told::default()));
    let agent = start(&vault, &engine);
    // The longest name, in letters that take three bytes each.
    let name = "数".repeat(128);
    let kinds = [BackupKind::Full, BackupKind::Differential, BackupKind::Log, BackupKind::Log];
    let (mut steps, mut bytes) = (Vec::new(), Vec::new());
    for (n, kind) in kinds.into_iter().enumerate() {
        let (set, size) = (id(), 700_000 + n);
        vault.offer(set, 1, backup(&format!("{size}")));
        outcome(&vault, set).await;
        let time = "2026-01-02T03:04:05Z".parse().unwrap();
        steps.push(RestoreStep { set_id: set_of(set), kind, point: format!("{}", 440_000_000_000_000_000_u64 + n as u64), time });
        bytes.push(content(size));
    }
    let folder = tempfile::tempdir().unwrap();
    let target = RestoreTarget::Files { directory: folder.path().to_str().unwrap().to_owned() };
    let plan = RestorePlan { source_database: name, steps, stop_at: None, target };
    let back = id();
    let total = bytes.iter().map(|b| b.len() as u64).sum();
    let read = || {
        let list = |step: &RestoreStep| {
            let lists = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path());
            let list = lists.filter(|p| p.extension().is_some_and(|e| e == "json")).find(|p| p.to_str().unwrap().contains(&step.point));
            serde_json::from_slice::<serde_json::Value>(&std::fs::read(list.unwrap()).unwrap()).unwrap()
        };
        let file = |step| folder.path().join(list(step)["backupFiles"][0].as_str().unwrap());
        plan.steps.iter().map(file).collect::<Vec<_>>()
    };
    vault.offer(back, 1, Work::Restore { plan: plan.clone() });
    assert_eq!(outcome(&vault, back).await, Outcome::Restored { bytes: total });
    let files = read();
    assert!(files.iter().zip(&bytes).all(|(file, bytes)| std::fs::read(file).unwrap() == *bytes));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 8, "four files, four lists");
    // Killed between the list of a step and its file, the next half written: the same command ends it.
    std::fs::rename(&files[2], folder.path().join(format!(".{}.{back}.part", files[2].file_name().unwrap().to_str().unwrap()))).unwrap();
    let untouched = std::fs::metadata(&files[0]).unwrap().modified().unwrap();
    vault.results.lock().unwrap().clear();
    vault.offer(back, 2, Work::Restore { plan: plan.clone() });
    assert_eq!(outcome(&vault, back).await, Outcome::Restored { bytes: total });
    assert!(read().iter().zip(&bytes).all(|(file, bytes)| std::fs::read(file).unwrap() == *bytes));
    assert_eq!(std::fs::metadata(&files[0]).unwrap().modified().unwrap(), untouched, "finished steps are kept");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 8);
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_written_whole_with_their_list_and_never_over_others() {
    let (vault, engine) = (Arc::new(FakeVault::default()), Arc::new(Told { size: 2_500_000, ..Told::default() }));
    let agent = start(&vault, &engine);
    let folder = tempfile::tempdir().unwrap();
    let files = || RestoreTarget::Files { directory: folder.path().join("out").to_str().unwrap().to_owned() };
    let (set, first, other) = (id(), id(), id());
    vault.offer(set, 1, backup("my/db"));
    outcome(&vault, set).await;
    vault.offer(first, 1, restore(&[set], "my/db", files()));
    assert_eq!(outcome(&vault, first).await, Outcome::Restored { bytes: 2_500_000 });
    let bak = folder.path().join("out/my_db_Full_123_2026-01-02_03-04-05.bak");
    assert!(std::fs::read(&bak).unwrap() == content(2_500_000));
    let list: serde_json::Value = serde_json::from_slice(&std::fs::read(bak.with_extension("json")).unwrap()).unwrap();
    assert_eq!(list["backupFiles"][0], "my_db_Full_123_2026-01-02_03-04-05.bak");
    assert_eq!(std::fs::read_dir(folder.path().join("out")).unwrap().count(), 2, "nothing else is left");
    // Another command finds the file in the way; the same command again (its report was lost) does not.
    vault.offer(other, 1, restore(&[set], "my/db", files()));
    assert!(
        matches!(outcome(&vault, other).await, Outcome::Failed { fault } if fault.code == "UserErrorRestoreFailedTargetFileAlreadyExists")
    );
    vault.results.lock().unwrap().clear();
    vault.offer(first, 2, restore(&[set], "my/db", files()));
    assert_eq!(outcome(&vault, first).await, Outcome::Restored { bytes: 2_500_000 });
    // A restore that fails leaves no file.
    std::fs::remove_dir_all(folder.path().join("out")).unwrap();
    vault.flip(set_of(set), 0, 0, 100, false);
    let broken = id();
    vault.offer(broken, 1, restore(&[set], "my/db", files()));
    assert!(matches!(outcome(&vault, broken).await, Outcome::Failed { .. }));
    assert_eq!(std::fs::read_dir(folder.path().join("out")).unwrap().count(), 0);
    agent.shutdown().await;
}
