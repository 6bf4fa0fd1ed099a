use super::*;

#[tokio::test]
async fn truncated_and_altered_streams_are_refused_by_part_and_leave_nothing() {
    let world = World::new(0).await;
    world.server.write(INSTANCE, "sales", change(30, 5)).await.unwrap();
    let (_, bytes) = world.backup("sales").await;
    let (before, hash) = (world.files(), world.hash("sales", None).await);
    let mut cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![], "truncated in the magic"),
        (bytes[..40].to_vec(), "truncated in the header"),
        (bytes[..bytes.len() / 2].to_vec(), "truncated in a page run"),
        (bytes[..bytes.len() - 1].to_vec(), "truncated in the trailer"),
        ([&bytes[..], b"x"].concat(), "after the trailer"),
    ];
    for (at, part) in [(0, "magic"), (8, "version"), (40, "header"), (bytes.len() / 2, "page run"), (bytes.len() - 3, "trailer")] {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        cases.push((flipped, part));
    }
    for (altered, part) in cases {
        let fault = world.restore(to("sales", true), &altered).await.unwrap_err().to_job_fault();
        assert_eq!(fault.code, "UserErrorRecoveryPointDataCorrupt");
        assert!(fault.message.contains(part), "{part}: {}", fault.message);
        assert_eq!(world.files(), before);
        assert_eq!(world.hash("sales", None).await, hash);
    }
}

#[tokio::test]
async fn every_flipped_bit_of_a_stream_is_found() {
    let world = World::new(0).await;
    let (_, bytes) = world.backup("hr").await;
    let step = bytes.len() / 60;
    for at in (0..bytes.len()).step_by(step) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        assert_eq!(code(world.restore(to("copy", false), &flipped).await), "UserErrorRecoveryPointDataCorrupt", "{at}");
    }
    world.restore(to("copy", false), &bytes).await.unwrap();
}

#[tokio::test]
async fn a_restore_that_fails_or_is_cancelled_midway_leaves_the_original_untouched() {
    let world = World::new(0).await;
    let (_, bytes) = world.backup("sales").await;
    world.server.write(INSTANCE, "sales", change(10, 77)).await.unwrap();
    let (before, state) = (world.files(), world.server.checksum(INSTANCE, "sales", None).await.unwrap());
    let plan = plan(to("sales", true));

    let mut failing = Given::new(&bytes);
    failing.fails_after = bytes.len() / 2;
    let failed = world.engine.restore_step(uuid::Uuid::nil(), &plan, 0, &plan.steps[0], &mut failing, &CancellationToken::new()).await;
    assert!(matches!(failed, Err(WorkloadError::Transport(_))));

    /// Cancels the restore that it feeds.
    struct Cancelling(Given, CancellationToken, u32);
    #[async_trait]
    impl RestoreInput for Cancelling {
        fn streams(&self, step: usize) -> u32 {
            self.0.streams(step)
        }
        async fn read(&mut self, step: usize, stream: u32) -> Result<Option<Bytes>, WorkloadError> {
            self.2 += 1;
            if self.2 == 4 {
                self.1.cancel();
                std::future::pending::<()>().await;
            }
            self.0.read(step, stream).await
        }
    }
    let cancel = CancellationToken::new();
    let mut input = Cancelling(Given::new(&bytes), cancel.clone(), 0);
    let cancelled = world.engine.restore_step(uuid::Uuid::nil(), &plan, 0, &plan.steps[0], &mut input, &cancel).await;
    assert!(matches!(cancelled, Err(WorkloadError::Cancelled)));

    assert_eq!(world.files(), before);
    assert_eq!(world.server.checksum(INSTANCE, "sales", None).await.unwrap(), state);
    world.restore(to("sales", true), &bytes).await.unwrap();
    assert_ne!(world.hash("sales", None).await, state.hash);
    assert_eq!(world.files(), before);
}

#[tokio::test]
async fn names_and_files_collide_as_in_sql_server() {
    let world = World::new(0).await;
    let (_, bytes) = world.backup("sales").await;
    let folder = world.root.path().join(INSTANCE);
    let (data, log) = (folder.join("Data/sales.mdf"), folder.join("Log/sales_log.ldf"));
    let (free, stray) = (folder.join("Data/free.mdf"), folder.join("Log/stray.ldf"));
    std::fs::write(&stray, "mine").unwrap();
    for (target, why) in [
        (to("Sales", false), "UserErrorCannotRestoreExistingDBWithoutForceOverwrite"),
        (to_files("copy", true, &data, &free), "UserErrorDatabaseFileCollision"),
        (to_files("copy", true, &free, &log), "UserErrorDatabaseFileCollision"),
        (to_files("copy", false, &free, &stray), "UserErrorDatabaseFileCollision"),
        (to_files("copy", true, &free, &free), "UserErrorDatabaseFileCollision"),
        (to_files("copy", true, Path::new("rel.mdf"), &free), "UserErrorGenericSQLUserCorrectableFault"),
        (to_files("copy", true, &folder.join("../x.mdf"), &free), "UserErrorGenericSQLUserCorrectableFault"),
        (RestoreTarget::Files { directory: "/tmp".into() }, "UserErrorGenericSQLUserCorrectableFault"),
        (
            RestoreTarget::Database { instance: "OTHER".into(), database: "x".into(), overwrite: true, files: vec![], recover: true },
            "UserErrorOpeningSQLConnection",
        ),
    ] {
        let plan = plan(target.clone());
        assert_eq!(code(world.engine.check_restore(&plan).await), why, "{target:?}");
        assert_eq!(code(world.restore(target, &bytes).await), why);
    }
    assert_eq!(std::fs::read(&stray).unwrap(), b"mine");
    world.restore(to_files("copy", true, &free, &stray), &bytes).await.unwrap();
    assert_eq!(world.hash("copy", None).await, world.hash("sales", None).await);
}

#[tokio::test]
async fn mapped_files_lie_where_the_mapping_says_and_survive_a_restart() {
    let world = World::new(0).await;
    let (facts, bytes) = world.backup("sales").await;
    let elsewhere = tempfile::tempdir().unwrap();
    let (data, log) = (elsewhere.path().join("new/a_1.mdf"), elsewhere.path().join("a_1.ldf"));
    world.restore(to_files("copy", false, &data, &log), &bytes).await.unwrap();
    assert_eq!(std::fs::metadata(&data).unwrap().len(), 2 * 1024 * 1024);
    let (copied, again) = world.backup("copy").await;
    assert_eq!(copied.files[0].path, data.display().to_string());
    assert_eq!(copied.files[0].logical_name, "sales");
    assert_ne!(copied.recovery_fork, facts.recovery_fork);
    assert!(copied.first_lsn > facts.last_lsn);

    let hash = world.hash("sales", None).await;
    let reopened = open(world.root.path(), &spec(0)).await;
    assert_eq!(reopened.checksum(INSTANCE, "copy", None).await.unwrap().hash, hash);
    // Over itself without a mapping: its files stay where they are.
    world.restore(to("copy", true), &again).await.unwrap();
    assert!(data.exists() && log.exists());
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 2);
}

#[tokio::test]
async fn a_database_left_in_norecovery_is_listed_but_not_used_until_recovered() {
    let world = World::new(0).await;
    let (facts, bytes) = world.backup("sales").await;
    let target =
        RestoreTarget::Database { instance: INSTANCE.into(), database: "copy".into(), overwrite: false, files: vec![], recover: false };
    world.restore(target, &bytes).await.unwrap();
    assert!(world.server.inventory()[0].databases.iter().any(|d| d.name == "copy"));
    let refused = world.engine.backup(&request("copy", BackupKind::Full), &mut Taken::default(), &CancellationToken::new()).await;
    assert!(refused.unwrap_err().to_string().contains("NORECOVERY"));
    assert!(world.server.checksum(INSTANCE, "copy", None).await.is_err());
    world.server.recover(INSTANCE, "copy").await.unwrap();
    assert_eq!(world.hash("copy", None).await, world.hash("sales", Some(At::Lsn(facts.last_lsn))).await);
    assert_ne!(world.backup("copy").await.0.recovery_fork, facts.recovery_fork);
}

#[tokio::test]
async fn one_restore_at_a_time_per_database_and_others_beside_it() {
    /// Waits in the middle until told to go on.
    struct Waiting(Given, tokio::sync::oneshot::Receiver<()>, bool);
    #[async_trait]
    impl RestoreInput for Waiting {
        fn streams(&self, step: usize) -> u32 {
            self.0.streams(step)
        }
        async fn read(&mut self, step: usize, stream: u32) -> Result<Option<Bytes>, WorkloadError> {
            if !self.2 {
                self.2 = true;
                (&mut self.1).await.unwrap();
            }
            self.0.read(step, stream).await
        }
    }
    let world = World::new(0).await;
    let (_, bytes) = world.backup("sales").await;
    let (go, wait) = tokio::sync::oneshot::channel();
    let (engine, given) = (SimulatedEngine::new(Arc::clone(&world.server)), Given::new(&bytes));
    let first = TaskTracker::new().spawn(async move {
        let plan = plan(to("copy", false));
        engine.restore_step(uuid::Uuid::nil(), &plan, 0, &plan.steps[0], &mut Waiting(given, wait, false), &CancellationToken::new()).await
    });
    while world.files().iter().all(|path| !path.to_string_lossy().contains(".building")) {
        if world.server.instance(INSTANCE).unwrap().claim(super::super::instance::Work::Restore, "copy").is_none() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(code(world.restore(to("COPY", false), &bytes).await), "UserErrorRestoreOperationInProgress");
    world.restore(to("other", false), &bytes).await.unwrap();
    world.backup("hr").await;
    go.send(()).unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(world.hash("copy", None).await, world.hash("other", None).await);
}
