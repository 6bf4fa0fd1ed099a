use super::*;
use proptest::prelude::*;
use rsvault_domain::backup::Lsn;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_restores_the_state_at_its_end() {
    let world = World::new(0).await;
    let (server, stop) = (Arc::clone(&world.server), CancellationToken::new());
    let stopped = stop.clone();
    let load = TaskTracker::new().spawn(async move {
        let mut writes = 0_u64;
        while !stopped.is_cancelled() {
            writes += 1;
            server.write(INSTANCE, "sales", change(40, writes)).await.unwrap();
        }
        writes
    });
    /// Lets the load change pages between any two sections.
    struct Slow(Taken);
    #[async_trait]
    impl BackupOutput for Slow {
        async fn write(&mut self, stream: u32, bytes: Bytes) -> Result<(), WorkloadError> {
            tokio::time::sleep(Duration::from_millis(20)).await;
            self.0.write(stream, bytes).await
        }
    }
    let mut output = Slow(Taken::default());
    let before = world.hash("sales", None).await;
    let facts = world.engine.backup(&request("sales", BackupKind::Full), &mut output, &CancellationToken::new()).await.unwrap();
    stop.cancel();
    assert!(load.await.unwrap() > 5);

    world.restore(to("copy", false), &output.0.0).await.unwrap();
    let expected = world.hash("sales", Some(At::Lsn(facts.last_lsn))).await;
    assert_eq!(world.hash("copy", None).await, expected);
    assert_eq!(world.hash("sales", Some(At::Time(facts.consistent_at))).await, expected);
    assert_eq!(world.hash("copy", Some(At::Lsn(facts.last_lsn))).await, expected);
    // The load did change the database meanwhile, before and after the consistency point.
    assert_ne!(before, expected);
    assert_ne!(world.hash("sales", Some(At::Lsn(facts.first_lsn))).await, expected);
    assert!(facts.first_lsn < facts.last_lsn);
}

#[tokio::test]
async fn only_a_full_moves_the_differential_base_and_every_backup_moves_the_lsn() {
    let world = World::new(0).await;
    let base = |world: &World| {
        let (_, database) = world.server.instance(INSTANCE).unwrap().database("sales").unwrap();
        let (core, _) = database.current().unwrap();
        core.boot.database_backup_lsn
    };
    let (copy, _) = world.backup_of("sales", BackupKind::CopyOnlyFull).await.unwrap();
    assert_eq!(base(&world), Lsn(0));
    let (full, _) = world.backup("SALES").await;
    assert_eq!(base(&world), full.checkpoint_lsn);
    assert!(full.first_lsn > copy.last_lsn && full.consistent_at > copy.consistent_at);
    assert_eq!(full.files.iter().map(|f| f.logical_name.as_str()).collect::<Vec<_>>(), ["sales", "sales_log"]);
}

#[tokio::test]
async fn what_cannot_be_backed_up_says_why() {
    let world = World::new(0).await;
    let cancel = CancellationToken::new();
    let mut out = Taken::default();
    for (database, kind, why) in [
        ("nosuch", BackupKind::Full, "UserErrorSQLPODoesNotExist"),
        ("tempdb", BackupKind::Full, "UserErrorSQLPODoesNotExist"),
        ("master", BackupKind::Log, "UserErrorSQLPODoesNotSupportBackupType"),
        ("master", BackupKind::Differential, "UserErrorSQLPODoesNotSupportBackupType"),
        ("hr", BackupKind::Log, "UserErrorSQLPODoesNotSupportBackupType"),
        ("hr", BackupKind::Differential, "UserErrorParentFullBackupMissing"),
        ("sales", BackupKind::Differential, "UserErrorParentFullBackupMissing"),
        ("sales", BackupKind::Log, "UserErrorParentFullBackupMissing"),
    ] {
        assert_eq!(code(world.engine.backup(&request(database, kind), &mut out, &cancel).await), why, "{database}");
    }
    assert!(out.0.is_empty());
}

#[tokio::test]
async fn two_fulls_of_one_database_conflict_and_a_cancel_frees_it() {
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
    let files = world.files();
    let (cancel, (sender, mut began)) = (CancellationToken::new(), tokio::sync::mpsc::channel(1));
    let (engine, token) = (SimulatedEngine::new(Arc::clone(&world.server)), cancel.clone());
    let first =
        TaskTracker::new().spawn(async move { engine.backup(&request("sales", BackupKind::Full), &mut Stuck(sender), &token).await });
    began.recv().await.unwrap();
    let second = world.engine.backup(&request("Sales", BackupKind::CopyOnlyFull), &mut Taken::default(), &CancellationToken::new()).await;
    assert_eq!(code(second), "UserErrorBackupOperationInProgress");
    world.backup("hr").await;
    cancel.cancel();
    assert!(matches!(first.await.unwrap(), Err(WorkloadError::Cancelled)));
    world.backup("sales").await;
    assert_eq!(world.files(), files);
}

#[tokio::test]
async fn a_change_of_nothing_on_a_new_database_is_known_at_its_own_time() {
    let world = World::new(0).await;
    let receipt = world.server.write(INSTANCE, "hr", change(0, 1)).await.unwrap();
    assert_eq!(world.hash("hr", Some(At::Time(receipt.committed_at))).await, world.hash("hr", None).await);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_history_is_known_at_every_lsn_and_restored_at_the_backup(
        writes in prop::collection::vec((0_u32..200, any::<u64>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new(0).await;
            let cut = cut.index(writes.len());
            let mut seen = Vec::new();
            let mut taken = None;
            for (number, (pages, seed)) in writes.iter().enumerate() {
                let receipt = world.server.write(INSTANCE, "hr", change(*pages, *seed)).await.unwrap();
                seen.push((receipt, world.hash("hr", None).await));
                if number == cut {
                    taken = Some(world.backup("hr").await);
                }
            }
            for (receipt, hash) in &seen {
                assert_eq!(&world.hash("hr", Some(At::Lsn(receipt.lsn))).await, hash);
                assert_eq!(&world.hash("hr", Some(At::Time(receipt.committed_at))).await, hash);
            }
            let (facts, bytes) = taken.unwrap();
            world.restore(to("copy", false), &bytes).await.unwrap();
            let copy = world.hash("copy", None).await;
            assert_eq!(copy, seen[cut].1);
            assert_eq!(copy, world.hash("hr", Some(At::Lsn(facts.last_lsn))).await);
        });
    }
}
