//! Chains of fulls, differentials and logs, with the oracle as the judge of every restored second.

use super::super::pages::SplitMix;
use super::*;
use rsvault_domain::backup::{Lsn, RecoveryModel};

fn seconds(n: u64) -> SignedDuration {
    SignedDuration::from_secs(n as i64)
}
/// `sales` with a writer, in a recovery model.
fn written(model: &str) -> ServerSpec {
    serde_json::from_value(json!({"resourceGroup": "rg1", "location": "westeurope", "instances": [{"name": "MSSQLSERVER", "databases": [
        {"name": "sales", "sizeMiB": 1, "recoveryModel": model, "writeRate": 3, "writeIntervalSeconds": 7}]}]}))
    .unwrap()
}

/// A plan for `at`, chosen by the rules of SQL Server alone.
fn chosen<'a>(backups: &'a [Kept], at: Timestamp, random: &mut SplitMix) -> Vec<&'a Kept> {
    let until = |kind: BackupKind| backups.iter().filter(move |b| b.kind == kind && b.facts.consistent_at <= at);
    let fulls: Vec<&Kept> = until(BackupKind::Full).chain(until(BackupKind::CopyOnlyFull)).collect();
    let full = fulls[random.next() as usize % fulls.len()];
    let mut chain = vec![full];
    let on_it = |b: &&Kept| full.kind == BackupKind::Full && b.facts.database_backup_lsn == full.facts.checkpoint_lsn;
    let differential = until(BackupKind::Differential).rfind(on_it);
    if !random.next().is_multiple_of(4) {
        chain.extend(differential);
    }
    let mut reached = chain.last().unwrap().facts.last_lsn;
    for log in backups.iter().filter(|b| b.kind == BackupKind::Log) {
        if log.facts.last_lsn > reached {
            assert!(log.facts.first_lsn <= reached, "the chain has no gap");
            reached = log.facts.last_lsn;
            chain.push(log);
            if log.facts.consistent_at >= at {
                break;
            }
        }
    }
    chain
}

#[tokio::test(flavor = "multi_thread")]
async fn every_second_of_any_chain_restores_what_the_oracle_says() {
    let mut compared = 0;
    for seed in 0..3_u64 {
        let mut random = SplitMix(seed);
        let clock = Stand::still();
        let world = World::with(&clock, &written("Full")).await;
        let mut backups = vec![world.keep("sales", BackupKind::Full).await];
        for number in 0..40 {
            clock.go_on(seconds(random.next() % 400));
            if random.next().is_multiple_of(3) {
                world.server.write(INSTANCE, "sales", change(20, number)).await.unwrap();
            }
            let kind = match random.next() % 20 {
                0 => BackupKind::Full,
                1 => BackupKind::CopyOnlyFull,
                2..6 => BackupKind::Differential,
                _ => BackupKind::Log,
            };
            // Some backups get lost on the way to the vault: nothing of the chain is lost with them.
            if random.next().is_multiple_of(5) {
                world.unconfirmed("sales", kind).await.unwrap();
            } else {
                backups.push(world.keep("sales", kind).await);
            }
        }
        clock.go_on(seconds(30));
        backups.push(world.keep("sales", BackupKind::Log).await);
        let (from, to) = (backups[0].facts.consistent_at, backups.last().unwrap().facts.consistent_at);
        let span = to.duration_since(from).as_secs() as u64;
        for number in 0..20 {
            let at = from + seconds(1 + random.next() % span);
            let at = if number == 0 { to } else { Timestamp::from_second(at.as_second()).unwrap().max(from) };
            let chain = chosen(&backups, at, &mut random);
            world.apply(&chain, Some(at), super::to("copy", true)).await.unwrap();
            assert_eq!(world.hash("copy", None).await, world.hash("sales", Some(At::Time(at))).await, "seed {seed}, {at}");
            compared += 1;
        }
        // Each backup alone, or with its base, restores its own end.
        for backup in &backups {
            let full = |b: &&Kept| b.kind == BackupKind::Full && b.facts.checkpoint_lsn == backup.facts.database_backup_lsn;
            let chain = match backup.kind {
                BackupKind::Differential => vec![backups.iter().find(full).unwrap(), backup],
                BackupKind::Log => continue,
                _ => vec![backup],
            };
            world.apply(&chain, None, super::to("copy", true)).await.unwrap();
            assert_eq!(world.hash("copy", None).await, world.hash("sales", Some(At::Lsn(backup.facts.last_lsn))).await);
        }
    }
    assert_eq!(compared, 60);
}

#[tokio::test]
async fn a_differential_is_small_and_is_of_the_last_confirmed_full() {
    let world = World::new(0).await;
    let first = world.keep("sales", BackupKind::Full).await;
    world.server.write(INSTANCE, "sales", change(5, 1)).await.unwrap();
    let small = world.keep("sales", BackupKind::Differential).await;
    assert!(small.bytes.len() < 5 * 8192 + 8000 && small.facts.database_backup_lsn == first.facts.checkpoint_lsn);
    // A copy-only full and one that the vault never committed are no bases; logs do not matter.
    world.keep("sales", BackupKind::CopyOnlyFull).await;
    world.unconfirmed("sales", BackupKind::Full).await.unwrap();
    world.keep("sales", BackupKind::Log).await;
    assert_eq!(world.keep("sales", BackupKind::Differential).await.facts.database_backup_lsn, first.facts.checkpoint_lsn);
    let second = world.keep("sales", BackupKind::Full).await;
    let next = world.keep("sales", BackupKind::Differential).await;
    assert_eq!(next.facts.database_backup_lsn, second.facts.checkpoint_lsn);
    // Confirmed late, or once more, the older full does not come back as the base.
    world.engine.confirm(&request("sales", BackupKind::Full), &first.facts).await.unwrap();
    assert_eq!(world.keep("sales", BackupKind::Differential).await.facts.database_backup_lsn, second.facts.checkpoint_lsn);
}

#[tokio::test]
async fn a_log_begins_where_the_last_confirmed_one_ended_also_after_a_crash() {
    let clock = Stand::still();
    let spec = written("Full");
    let mut world = World::with(&clock, &spec).await;
    let full = world.keep("sales", BackupKind::Full).await;
    clock.go_on(seconds(60));
    let first = world.keep("sales", BackupKind::Log).await;
    assert_eq!(first.facts.first_lsn, full.facts.checkpoint_lsn, "the chain begins with the full");
    clock.go_on(seconds(60));
    let (lost, _) = world.unconfirmed("sales", BackupKind::Log).await.unwrap();
    assert_eq!(lost.first_lsn, first.facts.last_lsn);
    world.reopen(&clock, &spec).await;
    clock.go_on(seconds(60));
    let next = world.keep("sales", BackupKind::Log).await;
    assert_eq!(next.facts.first_lsn, first.facts.last_lsn, "the range is taken again");
    assert!(next.facts.last_lsn > lost.last_lsn);
    // What it repeats of an overlapping log is applied once.
    let mut lost_kept = next.clone();
    (lost_kept.facts, lost_kept.kind) = (lost, BackupKind::Log);
    world.apply(&[&full, &first, &next], None, to("copy", true)).await.unwrap();
    assert_eq!(world.hash("copy", None).await, world.hash("sales", Some(At::Lsn(next.facts.last_lsn))).await);
}

#[tokio::test]
async fn backups_that_do_not_fit_each_other_are_refused_and_leave_nothing() {
    let clock = Stand::still();
    let world = World::with(&clock, &written("Full")).await;
    let full = world.keep("sales", BackupKind::Full).await;
    let mut logs = Vec::new();
    for _ in 0..3 {
        clock.go_on(seconds(60));
        logs.push(world.keep("sales", BackupKind::Log).await);
    }
    let other = world.keep("sales", BackupKind::Full).await;
    clock.go_on(seconds(60));
    let differential = world.keep("sales", BackupKind::Differential).await;
    // The same database on another fork: restored over itself, then full and log anew.
    world.apply(&[&full], None, to("sales", true)).await.unwrap();
    let forked = world.keep("sales", BackupKind::Full).await;
    clock.go_on(seconds(60));
    let forked_log = world.keep("sales", BackupKind::Log).await;
    let files = world.files();
    let end = logs[2].facts.consistent_at;
    let misfit = "UserErrorSQLLSNValidationFailure";
    for (chain, stop_at, why) in [
        (vec![&full, &logs[1]], None, misfit),
        (vec![&full, &logs[0], &logs[2]], None, misfit),
        (vec![&full, &logs[1], &logs[0]], None, misfit),
        (vec![&full, &logs[0], &logs[1], &logs[0]], None, misfit),
        (vec![&full, &differential], None, misfit),
        (vec![&forked, &logs[2]], None, misfit),
        (vec![&full, &forked_log], None, misfit),
        (vec![&full, &logs[0], &logs[1], &logs[2]], Some(end + seconds(1)), misfit),
        (vec![&other], Some(end), misfit),
        (vec![&full, &logs[0]], Some(full.facts.started_at - seconds(1)), misfit),
        (vec![&logs[0]], None, "UserErrorGenericSQLUserCorrectableFault"),
        (vec![&full, &logs[0], &differential], None, "UserErrorGenericSQLUserCorrectableFault"),
        (vec![], None, "UserErrorGenericSQLUserCorrectableFault"),
    ] {
        let kinds: Vec<_> = chain.iter().map(|k| (k.kind, k.facts.last_lsn)).collect();
        assert_eq!(code(world.apply(&chain, stop_at, to("copy", false)).await), why, "{kinds:?} {stop_at:?}");
        assert_eq!(world.files(), files);
    }
    world.apply(&[&full, &logs[0], &logs[1], &logs[2]], Some(end), to("copy", false)).await.unwrap();
    world.apply(&[&other, &differential], None, to("third", false)).await.unwrap();
}

#[tokio::test]
async fn another_product_makes_a_gap_in_the_log_and_takes_the_base_away() {
    let world = World::new(0).await;
    let code_of = async |kind| code(world.server.foreign_backup(INSTANCE, "sales", kind, None).await);
    assert_eq!(code_of(BackupKind::Log).await, "UserErrorParentFullBackupMissing");
    assert_eq!(code(world.server.foreign_backup(INSTANCE, "hr", BackupKind::Log, None).await), "UserErrorSQLPODoesNotSupportBackupType");
    let full = world.keep("sales", BackupKind::Full).await;
    let first = world.keep("sales", BackupKind::Log).await;
    world.server.write(INSTANCE, "sales", change(9, 9)).await.unwrap();
    let foreign = world.server.foreign_backup(INSTANCE, "sales", BackupKind::Log, None).await.unwrap();
    let next = world.keep("sales", BackupKind::Log).await;
    assert_eq!(next.facts.first_lsn, foreign.lsn);
    assert!(next.facts.first_lsn > first.facts.last_lsn);
    assert_eq!(code(world.apply(&[&full, &first, &next], None, to("copy", false)).await), "UserErrorSQLLSNValidationFailure");

    world.server.foreign_backup(INSTANCE, "sales", BackupKind::Differential, None).await.unwrap();
    assert_eq!(world.keep("sales", BackupKind::Differential).await.facts.database_backup_lsn, full.facts.checkpoint_lsn);
    world.server.foreign_backup(INSTANCE, "sales", BackupKind::Full, None).await.unwrap();
    let stray = world.keep("sales", BackupKind::Differential).await;
    assert!(stray.facts.database_backup_lsn > full.facts.checkpoint_lsn);
    assert_eq!(code(world.apply(&[&full, &stray], None, to("copy", false)).await), "UserErrorSQLLSNValidationFailure");
    // A full of another product leaves the log chain alone.
    assert_eq!(world.keep("sales", BackupKind::Log).await.facts.first_lsn, next.facts.last_lsn);
}

#[tokio::test]
async fn a_change_to_simple_breaks_the_log_chain_until_the_next_full() {
    let clock = Stand::still();
    let mut world = World::with(&clock, &written("Full")).await;
    let full = world.keep("sales", BackupKind::Full).await;
    clock.go_on(seconds(60));
    world.keep("sales", BackupKind::Log).await;
    let (slow, _) = world.unconfirmed("sales", BackupKind::Full).await.unwrap();
    let log = |world: &World| {
        let engine = SimulatedEngine::new(Arc::clone(&world.server));
        async move { code(engine.backup(&request("sales", BackupKind::Log), &mut Taken::default(), &CancellationToken::new()).await) }
    };
    world.server.apply(&written("Simple")).await.unwrap();
    assert_eq!(log(&world).await, "UserErrorSQLPODoesNotSupportBackupType");
    assert_eq!(world.server.inventory()[0].databases.iter().find(|d| d.name == "sales").unwrap().recovery_model, RecoveryModel::Simple);
    world.server.apply(&written("Full")).await.unwrap();
    world.reopen(&clock, &written("Full")).await;
    assert_eq!(log(&world).await, "UserErrorLogBackupFailedAsRecoveryModelChanged");
    // A full that began before the change does not mend it; differentials never depended on it.
    world.engine.confirm(&request("sales", BackupKind::Full), &slow).await.unwrap();
    assert_eq!(log(&world).await, "UserErrorLogBackupFailedAsRecoveryModelChanged");
    assert!(world.keep("sales", BackupKind::Differential).await.facts.database_backup_lsn > full.facts.checkpoint_lsn);
    let mended = world.keep("sales", BackupKind::Full).await;
    assert_eq!(world.keep("sales", BackupKind::Log).await.facts.first_lsn, mended.facts.checkpoint_lsn);
    // Between Full and BulkLogged the chain goes on.
    world.server.apply(&written("BulkLogged")).await.unwrap();
    world.keep("sales", BackupKind::Log).await;
    world.server.apply(&written("Full")).await.unwrap();
    world.keep("sales", BackupKind::Log).await;
}

#[tokio::test]
async fn a_log_with_bulk_changes_restores_to_its_end_only() {
    let clock = Stand::still();
    let world = World::with(&clock, &written("BulkLogged")).await;
    let full = world.keep("sales", BackupKind::Full).await;
    clock.go_on(seconds(100));
    let plain = world.keep("sales", BackupKind::Log).await;
    clock.go_on(seconds(100));
    world.server.write(INSTANCE, "sales", OracleChange { pages: 30, seed: 1, bulk: true }).await.unwrap();
    clock.go_on(seconds(100));
    let bulk = world.keep("sales", BackupKind::Log).await;
    clock.go_on(seconds(100));
    let after = world.keep("sales", BackupKind::Log).await;
    assert_eq!([&plain, &bulk, &after].map(|log| log.facts.bulk_logged), [false, true, false]);
    let refused = world.apply(&[&full, &plain, &bulk], Some(bulk.facts.consistent_at - seconds(10)), to("copy", false)).await;
    assert_eq!(code(refused), "UserErrorRestoreNotPossibleBecauseLogBackupContainsBulkLoggedChanges");
    for (chain, at) in [
        (vec![&full, &plain], plain.facts.consistent_at - seconds(50)),
        (vec![&full, &plain, &bulk], bulk.facts.consistent_at),
        (vec![&full, &plain, &bulk, &after], after.facts.consistent_at - seconds(50)),
    ] {
        world.apply(&chain, Some(at), to("copy", true)).await.unwrap();
        assert_eq!(world.hash("copy", None).await, world.hash("sales", Some(At::Time(at))).await);
    }
    // In the model Full the same operation is logged whole.
    world.server.apply(&written("Full")).await.unwrap();
    world.server.write(INSTANCE, "sales", OracleChange { pages: 30, seed: 2, bulk: true }).await.unwrap();
    assert!(!world.keep("sales", BackupKind::Log).await.facts.bulk_logged);
}

#[tokio::test]
async fn a_read_only_database_takes_fulls_only_and_no_writes() {
    let mut spec = written("Full");
    spec.instances[0].databases[0].read_only = true;
    let clock = Stand::still();
    let world = World::with(&clock, &spec).await;
    let before = world.hash("sales", None).await;
    clock.go_on(seconds(600));
    assert!(world.server.inventory()[0].databases.iter().any(|d| d.name == "sales" && d.read_only && !d.allows(BackupKind::Log)));
    assert!(world.server.write(INSTANCE, "sales", change(1, 1)).await.is_err());
    let full = world.keep("sales", BackupKind::Full).await;
    world.keep("sales", BackupKind::CopyOnlyFull).await;
    for kind in [BackupKind::Differential, BackupKind::Log] {
        assert_eq!(code(world.backup_of("sales", kind).await), "UserErrorSQLPODoesNotSupportBackupType");
    }
    assert_eq!(world.hash("sales", None).await, before);
    world.apply(&[&full], None, to("copy", false)).await.unwrap();
    assert!(world.server.write(INSTANCE, "copy", change(1, 1)).await.is_err(), "a restored one is as it was");
    world.server.apply(&written("Full")).await.unwrap();
    clock.go_on(seconds(60));
    world.keep("sales", BackupKind::Log).await;
    assert_ne!(world.hash("sales", None).await, before);
}

#[tokio::test]
async fn after_an_overwrite_there_is_no_chain_and_the_oracle_still_knows_what_was_before() {
    let clock = Stand::still();
    let spec = written("Full");
    let mut world = World::with(&clock, &spec).await;
    let full = world.keep("sales", BackupKind::Full).await;
    let mut seen = Vec::new();
    let look = async |world: &World, seen: &mut Vec<(Timestamp, String)>| {
        for _ in 0..20 {
            clock.go_on(seconds(13));
            seen.push((clock.now(), world.hash("sales", None).await));
        }
    };
    for _ in 0..3 {
        look(&world, &mut seen).await;
        // A backup that ends at the very moment of the overwrite still ends in what was before.
        let (copy, _) = world.backup_of("sales", BackupKind::CopyOnlyFull).await.unwrap();
        world.apply(&[&full], None, to("sales", true)).await.unwrap();
        for kind in [BackupKind::Differential, BackupKind::Log] {
            assert_eq!(code(world.backup_of("sales", kind).await), "UserErrorNoFullBackupTriggeredAfterRestore");
        }
        assert_eq!(world.hash("sales", Some(At::Time(copy.consistent_at))).await, seen.last().unwrap().1, "the clock stood still");
        clock.go_on(seconds(1));
    }
    look(&world, &mut seen).await;
    for _ in 0..2 {
        for (at, hash) in &seen {
            assert_eq!(&world.hash("sales", Some(At::Time(*at))).await, hash, "{at}");
        }
        assert!(world.server.checksum(INSTANCE, "sales", Some(At::Time(seen[0].0 - seconds(3600)))).await.is_err());
        world.reopen(&clock, &spec).await;
    }
    // A dropped database takes its past with it.
    let mut none = spec.clone();
    none.instances[0].databases.clear();
    world.server.apply(&none).await.unwrap();
    assert_eq!(std::fs::read_dir(world.root.path().join(INSTANCE).join("History")).unwrap().count(), 0);
}

#[tokio::test]
async fn each_kind_runs_beside_the_others_but_not_beside_itself() {
    /// Never has room.
    struct Stuck(tokio::sync::mpsc::Sender<()>);
    #[async_trait]
    impl BackupOutput for Stuck {
        async fn write(&mut self, _: u32, _: Bytes) -> Result<(), WorkloadError> {
            self.0.send(()).await.unwrap();
            std::future::pending().await
        }
    }
    let world = World::new(0).await;
    world.keep("sales", BackupKind::Full).await;
    for kind in [BackupKind::Full, BackupKind::Differential, BackupKind::Log] {
        let (cancel, (sender, mut began)) = (CancellationToken::new(), tokio::sync::mpsc::channel(1));
        let (engine, token) = (SimulatedEngine::new(Arc::clone(&world.server)), cancel.clone());
        let stuck = TaskTracker::new().spawn(async move { engine.backup(&request("sales", kind), &mut Stuck(sender), &token).await });
        began.recv().await.unwrap();
        for other in [BackupKind::Full, BackupKind::Differential, BackupKind::Log] {
            let expected = if other == kind { "OperationCancelledBecauseConflictingOperationRunningUserError" } else { "ok" };
            assert_eq!(code(world.backup_of("sales", other).await), expected, "{other:?} beside {kind:?}");
        }
        cancel.cancel();
        assert!(matches!(stuck.await.unwrap(), Err(WorkloadError::Cancelled)));
    }
    assert!(world.keep("sales", BackupKind::Log).await.facts.first_lsn > Lsn(0));
}
