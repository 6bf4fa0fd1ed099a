use super::*;
use rsvault_domain::backup::RecoveryModel;
use std::os::unix::fs::FileExt;

fn names(server: &SimulatedServer) -> Vec<String> {
    let mut names: Vec<_> = server.inventory()[0].databases.iter().map(|d| d.name.clone()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn discovery_lists_system_and_user_databases_with_their_folders() {
    let world = World::new(0).await;
    let found = world.engine.discover().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(names(&world.server), ["hr", "master", "model", "msdb", "sales"]);
    let model = |name: &str| found[0].databases.iter().find(|d| d.name == name).unwrap().recovery_model;
    assert_eq!(
        ["master", "msdb", "model", "sales", "hr"].map(model),
        [RecoveryModel::Simple, RecoveryModel::Simple, RecoveryModel::Full, RecoveryModel::Full, RecoveryModel::Simple]
    );
    assert_eq!(found[0].directories.len(), 2);
    for directory in &found[0].directories {
        assert!(directory.path.ends_with('/') && Path::new(&directory.path).is_dir());
    }
}

#[tokio::test]
async fn a_server_without_instances_is_empty() {
    let root = tempfile::tempdir().unwrap();
    let mut spec = spec(0);
    spec.instances.clear();
    assert!(open(root.path(), &spec).await.inventory().is_empty());
}

#[tokio::test]
async fn an_instance_that_cannot_be_read_is_listed_with_its_fault() {
    let world = World::new(0).await;
    for (online, sysadmin, why) in [(false, true, "UserErrorOpeningSQLConnection"), (true, false, "UserErrorSQLNoSysadminMembership")] {
        let mut spec = spec(0);
        spec.instances[0].online = online;
        spec.instances[0].sysadmin = sysadmin;
        world.server.apply(&spec).await.unwrap();
        let found = world.server.inventory();
        assert_eq!(found[0].fault.as_ref().unwrap().code, why);
        assert!(found[0].databases.is_empty());
        let refused = world.engine.backup(&request("sales", BackupKind::Full), &mut Taken::default(), &CancellationToken::new()).await;
        assert_eq!(code(refused), why);
        assert_eq!(code(world.engine.check_restore(&plan(to("x", false))).await), why);
    }
}

#[tokio::test]
async fn a_spec_adds_and_drops_its_databases_and_leaves_restored_ones() {
    let world = World::new(0).await;
    let (_, bytes) = world.backup("sales").await;
    world.restore(to("copy", false), &bytes).await.unwrap();
    let kept = world.hash("hr", None).await;
    let mut next = spec(0);
    next.instances[0].databases.remove(0);
    next.instances[0].databases.push(serde_json::from_value(json!({"name": "a/b: ..\\c", "sizeMiB": 1})).unwrap());
    world.server.apply(&next).await.unwrap();
    assert_eq!(names(&world.server), ["a/b: ..\\c", "copy", "hr", "master", "model", "msdb"]);
    assert_eq!(world.hash("hr", None).await, kept);
    assert!(!world.files().iter().any(|path| path.ends_with("sales.mdf")));
    world.backup("a/b: ..\\c").await;
    next.instances.clear();
    world.server.apply(&next).await.unwrap();
    assert!(world.files().is_empty());
}

#[tokio::test]
async fn a_torn_crash_is_repaired_from_the_log() {
    let world = World::new(0).await;
    for seed in 0..5 {
        world.server.write(INSTANCE, "sales", change(60, seed)).await.unwrap();
    }
    let sound = world.server.checksum(INSTANCE, "sales", None).await.unwrap();
    // No shutdown: the checkpoint is the one of the creation. Half of a page that was written since
    // then is lost, and the log ends in half a record.
    let (entry, database) = world.server.instance(INSTANCE).unwrap().database("sales").unwrap();
    let mut records = database.scan(super::super::txlog::RECORDS_START, database.log_size());
    let mut last = records.next().unwrap().unwrap();
    while let Some(record) = records.next().unwrap() {
        last = record;
    }
    database.data.write_all_at(&[0xEE; 4096], u64::from(last.pages[0]) * 8192 + 4096).unwrap();
    let mut torn = Vec::new();
    last.encode(&mut torn);
    let log = std::fs::File::options().write(true).open(&entry.files.log).unwrap();
    let end = log.metadata().unwrap().len();
    log.write_all_at(&torn[..torn.len() - 7], end).unwrap();
    assert_ne!(world.hash("sales", None).await, sound.hash);

    let reopened = open(world.root.path(), &spec(0)).await;
    assert_eq!(reopened.checksum(INSTANCE, "sales", None).await.unwrap(), sound);
    assert_eq!(reopened.checksum(INSTANCE, "sales", Some(At::Lsn(sound.lsn))).await.unwrap(), sound);
    assert!(reopened.write(INSTANCE, "sales", change(3, 9)).await.unwrap().lsn > sound.lsn);
    let after = reopened.checksum(INSTANCE, "sales", None).await.unwrap();
    let again = open(world.root.path(), &spec(0)).await;
    assert_eq!(again.checksum(INSTANCE, "sales", None).await.unwrap(), after);
}

#[tokio::test]
async fn a_crash_in_the_middle_of_a_swap_or_a_build_is_finished_or_cleaned_on_opening() {
    let world = World::new(0).await;
    let (_, bytes) = world.backup("sales").await;
    world.server.write(INSTANCE, "sales", change(50, 1)).await.unwrap();
    world.restore(to("copy", false), &bytes).await.unwrap();
    let (old, new) = (world.hash("sales", None).await, world.hash("copy", None).await);
    assert_ne!(old, new);
    let files = world.files();
    world.server.shutdown().await.unwrap();
    // As if a crash had come between the decision to replace `sales` by a build and its renames,
    // after the first of the two.
    let instance = world.server.instance(INSTANCE).unwrap();
    let (copy, _) = instance.database("copy").unwrap();
    let (sales, _) = instance.database("sales").unwrap();
    let folder = world.root.path().join(INSTANCE);
    let pending = super::super::catalog::Files { data: folder.join("Data/s.building"), log: folder.join("Log/s.building") };
    std::fs::copy(&copy.files.data, &sales.files.data).unwrap();
    std::fs::copy(&copy.files.log, &pending.log).unwrap();
    let left = folder.join("Data/left.building");
    std::fs::write(&left, "half").unwrap();
    instance
        .change(|catalog| {
            catalog.find_mut("sales").unwrap().pending = Some(pending);
            catalog.aside.push(left);
        })
        .unwrap();
    let reopened = open(world.root.path(), &spec(0)).await;
    assert_eq!(reopened.checksum(INSTANCE, "sales", None).await.unwrap().hash, new);
    assert_eq!(world.files(), files);
}

#[tokio::test]
async fn the_oracle_refuses_what_it_cannot_know() {
    use rsvault_domain::backup::Lsn;
    let world = World::new(0).await;
    let now = world.server.checksum(INSTANCE, "sales", None).await.unwrap();
    for at in [At::Lsn(Lsn(1)), At::Lsn(Lsn(now.lsn.0 + 1)), At::Time(Timestamp::UNIX_EPOCH)] {
        assert!(world.server.checksum(INSTANCE, "sales", Some(at)).await.is_err(), "{at:?}");
    }
    assert_eq!(world.server.checksum(INSTANCE, "sales", Some(At::Lsn(now.lsn))).await.unwrap(), now);
}
