//! Backups share the seats; the rest waits in order without losing its lease.

use super::clock::ManualClock;
use super::*;

fn seated(vault: &Arc<FakeVault>, engine: &Arc<Told>, seats: usize) -> AgentHandle {
    let clock = Arc::new(ManualClock::at("2026-01-02T03:04:05Z"));
    Agent::start_on(vault.clone(), vec![engine.clone()], Limits { commands: seats, ..LIMITS }, clock, None)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_beyond_the_seats_wait_in_order_and_nothing_else_waits_for_them() {
    let (vault, engine) =
        (Arc::new(FakeVault::default()), Arc::new(Told { size: 1000, linger: Duration::from_millis(1500), ..Told::default() }));
    let agent = seated(&vault, &engine, 2);
    let backups: Vec<CommandId> = (0..6).map(|_| id()).collect();
    for (n, command) in backups.iter().enumerate() {
        vault.offer(*command, 1, backup(&format!("d{n}")));
    }
    let (seen, files) = (id(), id());
    vault.offer(seen, 1, Work::Inquire {});
    vault.offer(files, 1, restore(&[], "d", database()));
    assert!(matches!(outcome(&vault, seen).await, Outcome::Inquired { .. }));
    assert_eq!(outcome(&vault, files).await, Outcome::Restored { bytes: 0 });
    let ended = backups.iter().filter(|b| vault.result_of(**b).is_some()).count();
    assert!(ended < 4, "backups are still queued: {ended}");
    // The vault hears of us, and of everything that we have, while all seats are taken.
    until("a poll with all six", || vault.polls.lock().unwrap().last().is_some_and(|p| backups.iter().all(|b| p.running.contains(b))))
        .await;
    for command in &backups {
        assert_eq!(outcome(&vault, *command).await, Outcome::BackedUp { set_id: set_of(*command) });
    }
    assert_eq!(engine.most.load(SeqCst), 2);
    let begun: Vec<String> = engine.begun.lock().unwrap().iter().map(|(d, _)| d.clone()).collect();
    for pair in [["d0", "d1"], ["d2", "d3"], ["d4", "d5"]].iter().zip(begun.chunks(2)) {
        assert!(pair.0.iter().all(|d| pair.1.iter().any(|b| b == d)), "{begun:?}");
    }
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_takes_20_backups_at_once_and_the_others_after_them() {
    let (vault, engine) =
        (Arc::new(FakeVault::default()), Arc::new(Told { size: 1000, linger: Duration::from_secs(2), ..Told::default() }));
    let agent = seated(&vault, &engine, Limits::default().commands);
    let backups: Vec<CommandId> = (0..25).map(|_| id()).collect();
    for (n, command) in backups.iter().enumerate() {
        vault.offer(*command, 1, backup(&format!("d{n}")));
    }
    for command in &backups {
        assert_eq!(outcome(&vault, *command).await, Outcome::BackedUp { set_id: set_of(*command) });
    }
    assert_eq!(engine.most.load(SeqCst), 20, "all seats were taken, and no more");
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_in_the_queue_keeps_its_lease_and_can_be_cancelled() {
    let (vault, engine) = (Arc::new(FakeVault::default()), Arc::new(Told { linger: Duration::from_secs(600), ..Told::default() }));
    let agent = seated(&vault, &engine, 1);
    let (long, queued) = (id(), id());
    vault.offer(long, 1, backup("d"));
    until("it runs", || engine.running.load(SeqCst) == 1).await;
    let before = vault.beats.load(SeqCst);
    vault.offer(queued, 1, backup("e"));
    // Two commands beat at least three times as often as a lease of 3 s.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(vault.beats.load(SeqCst) >= before + 5, "{before} {}", vault.beats.load(SeqCst));
    vault.verdicts.lock().unwrap().insert(queued, Verdict::Cancel);
    assert_eq!(outcome(&vault, queued).await, Outcome::Cancelled {});
    assert_eq!(engine.begun.lock().unwrap().len(), 1, "it never began");
    // At shutdown both are given back.
    let waits = id();
    vault.offer(waits, 1, backup("f"));
    until("it is queued", || vault.polls.lock().unwrap().last().is_some_and(|p| p.running.contains(&waits))).await;
    agent.shutdown().await;
    for command in [long, waits] {
        assert!(matches!(vault.result_of(command), Some(Outcome::Interrupted { .. })));
    }
}
