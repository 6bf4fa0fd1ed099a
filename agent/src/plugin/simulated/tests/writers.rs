//! The writer on the server's clock.

use super::*;

fn paced(rate: u32, every: u32, state: &str) -> ServerSpec {
    serde_json::from_value(json!({"resourceGroup": "rg1", "location": "westeurope", "state": state, "instances": [{"name": "MSSQLSERVER",
        "databases": [{"name": "sales", "sizeMiB": 2, "writeRate": rate, "writeIntervalSeconds": every}]}]}))
    .unwrap()
}
fn seconds(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}
async fn at(world: &World, time: Timestamp) -> super::super::Checksum {
    world.server.checksum(INSTANCE, "sales", Some(At::Time(time))).await.unwrap()
}

#[tokio::test]
async fn what_is_written_does_not_depend_on_who_looked_and_when() {
    let (clock_a, clock_b) = (Stand::still(), Stand::still());
    let (a, b) = (World::with(&clock_a, &paced(3, 10, "running")).await, World::with(&clock_b, &paced(3, 10, "running")).await);
    let start = clock_a.now();
    clock_a.go_on(seconds(3605));
    for step in 0..721 {
        clock_b.go_on(seconds(5));
        if step % 3 == 0 {
            b.hash("sales", None).await;
        }
        if step % 100 == 0 {
            // Marks of backups move LSNs, not what is written.
            b.backup_of("sales", BackupKind::CopyOnlyFull).await.unwrap();
        }
    }
    assert_eq!(a.hash("sales", None).await, b.hash("sales", None).await);
    let mut hashes = std::collections::HashSet::new();
    for second in (0..3605).step_by(10) {
        let time = start + seconds(second);
        let (one, two) = (at(&a, time).await, at(&b, time + SignedDuration::from_millis(1)).await);
        assert_eq!(one.hash, two.hash, "{second}");
        // Nothing happens between two commits.
        assert_eq!(at(&a, time + seconds(9)).await, one);
        assert_eq!(one.committed_at, time, "a commit has its own moment");
        hashes.insert(one.hash);
    }
    assert_eq!(hashes.len(), 361);
}

#[tokio::test]
async fn a_stopped_server_writes_nothing_and_a_changed_pace_counts_from_the_change() {
    let clock = Stand::still();
    let world = World::with(&clock, &paced(2, 10, "running")).await;
    clock.go_on(seconds(95));
    world.server.apply(&paced(2, 10, "stopped")).await.unwrap();
    let stopped = world.server.checksum(INSTANCE, "sales", None).await.unwrap();
    assert_eq!(stopped.committed_at, clock.now() - seconds(5));
    clock.go_on(seconds(1000));
    assert_eq!(world.server.checksum(INSTANCE, "sales", None).await.unwrap(), stopped);
    world.server.apply(&paced(2, 60, "running")).await.unwrap();
    let far = |n| world.server.writes_by(clock.now() + seconds(n));
    assert_eq!([far(59), far(60), far(119), far(86_400), far(366 * 86_400)], [0, 2, 2, 2 * 1440, 2 * 366 * 1440]);
    clock.go_on(seconds(59));
    assert_eq!(world.server.checksum(INSTANCE, "sales", None).await.unwrap(), stopped);
    clock.go_on(seconds(1));
    let next = world.server.checksum(INSTANCE, "sales", None).await.unwrap();
    assert_eq!(next.committed_at, clock.now());
    world.server.shutdown().await.unwrap();
    clock.go_on(seconds(1000));
    assert_eq!(world.server.checksum(INSTANCE, "sales", None).await.unwrap(), next);
}

#[tokio::test]
async fn what_a_failing_disk_kept_from_being_written_is_written_when_it_is_back() {
    let (clock_a, clock_b) = (Stand::still(), Stand::still());
    let (a, b) = (World::with(&clock_a, &paced(3, 10, "running")).await, World::with(&clock_b, &paced(3, 10, "running")).await);
    let data = b.files().into_iter().find(|path| path.ends_with("sales.mdf")).unwrap();
    let content = std::fs::read(&data).unwrap();
    std::fs::File::options().write(true).open(&data).unwrap().set_len(1 << 20).unwrap();
    for clock in [&clock_a, &clock_b] {
        clock.go_on(seconds(300));
    }
    assert!(b.server.checksum(INSTANCE, "sales", None).await.is_err());
    std::fs::write(&data, content).unwrap();
    for clock in [&clock_a, &clock_b] {
        clock.go_on(seconds(300));
    }
    assert_eq!(a.hash("sales", None).await, b.hash("sales", None).await);
    assert_eq!(at(&b, clock_b.now()).await.hash, b.hash("sales", None).await, "the log says what the pages are");
}

#[tokio::test]
async fn commits_at_one_moment_have_an_order_that_time_can_tell() {
    let clock = Stand::still();
    let world = World::with(&clock, &paced(0, 1, "running")).await;
    let full = world.keep("sales", BackupKind::Full).await;
    world.server.write(INSTANCE, "sales", change(4, 1)).await.unwrap();
    let log = world.keep("sales", BackupKind::Log).await;
    let after = world.server.write(INSTANCE, "sales", change(4, 2)).await.unwrap();
    assert!(log.facts.consistent_at < after.committed_at);
    world.apply(&[&full, &log], Some(log.facts.consistent_at), to("copy", false)).await.unwrap();
    assert_eq!(world.hash("copy", None).await, at(&world, log.facts.consistent_at).await.hash);
    assert_ne!(world.hash("sales", None).await, world.hash("copy", None).await);
}

#[tokio::test]
async fn a_day_at_a_jump_is_a_days_commits_and_any_of_them_is_found_at_once() {
    let clock = Stand::still();
    let mut world = World::with(&clock, &paced(1, 1, "running")).await;
    let start = clock.now();
    clock.go_on(seconds(86_400));
    world.hash("sales", None).await;
    let mut random = super::super::pages::SplitMix(1);
    for _ in 0..2 {
        for _ in 0..300 {
            let second = 1 + (random.next() % 86_400) as i64;
            assert_eq!(at(&world, start + seconds(second)).await.committed_at, start + seconds(second));
        }
        let end = world.server.checksum(INSTANCE, "sales", None).await.unwrap();
        world.reopen(&clock, &paced(1, 1, "running")).await;
        assert_eq!(world.server.checksum(INSTANCE, "sales", None).await.unwrap(), end);
    }
}
