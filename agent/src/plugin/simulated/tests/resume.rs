//! Restores of several steps that stop in between and go on.

use super::*;
use uuid::Uuid;

struct Story {
    world: World,
    clock: Arc<Stand>,
    chain: Vec<Kept>,
    stop_at: Timestamp,
    expected: String,
}

fn slow() -> ServerSpec {
    let mut slow = spec(5);
    slow.instances[0].databases[0].write_interval_seconds = 10;
    slow
}

impl Story {
    /// A full, a differential and three logs of `sales`, and a second in the last log.
    async fn new() -> Self {
        let clock = Stand::still();
        let world = World::with(&clock, &slow()).await;
        let mut chain = Vec::new();
        for kind in [BackupKind::Full, BackupKind::Differential, BackupKind::Log, BackupKind::Log, BackupKind::Log] {
            clock.go_on(SignedDuration::from_secs(50));
            chain.push(world.keep("sales", kind).await);
        }
        let stop_at = clock.now() - SignedDuration::from_secs(20);
        let expected = world.hash("sales", Some(At::Time(stop_at))).await;
        Self { world, clock, chain, stop_at, expected }
    }
    fn plan(&self, target: RestoreTarget) -> (RestorePlan, Chain) {
        chain_plan(&self.chain.iter().collect::<Vec<_>>(), Some(self.stop_at), target)
    }
    async fn step(&self, id: Uuid, plan: &RestorePlan, index: usize, input: &mut Chain) -> Result<(), WorkloadError> {
        self.world.engine.restore_step(id, plan, index, &plan.steps[index], input, &CancellationToken::new()).await
    }
    async fn done(&self, id: Uuid, plan: &RestorePlan) -> usize {
        self.world.engine.steps_done(id, plan).await.unwrap()
    }
}

#[tokio::test]
async fn a_restore_goes_on_after_each_step_also_on_a_server_that_was_opened_again() {
    let mut story = Story::new().await;
    let before = story.world.hash("sales", None).await;
    let id = Uuid::new_v4();
    let (plan, _) = story.plan(to("sales", true));
    for index in 0..plan.steps.len() {
        assert_eq!(story.done(id, &plan).await, index);
        assert_eq!(story.done(Uuid::new_v4(), &plan).await, 0, "what stands is of its command alone");
        // Breaks off in the middle of the step, once in the process and once with it.
        for reopened in [false, true] {
            let (_, mut broken) = story.plan(to("sales", true));
            broken.0[index].fails_after = 1;
            assert!(matches!(story.step(id, &plan, index, &mut broken).await, Err(WorkloadError::Transport(_))), "step {index}");
            assert_eq!(story.done(id, &plan).await, index);
            assert_eq!(story.world.hash("sales", None).await, before);
            if reopened {
                story.world.reopen(&story.clock, &slow()).await;
            }
        }
        let (_, mut input) = story.plan(to("sales", true));
        story.step(id, &plan, index, &mut input).await.unwrap();
        story.world.reopen(&story.clock, &slow()).await;
    }
    assert_eq!(story.world.hash("sales", None).await, story.expected);
    assert_eq!(story.done(id, &plan).await, plan.steps.len(), "a report that got lost is only given again");
    story.world.engine.abandon_restore(id, &plan).await.unwrap();
    assert_eq!(story.world.hash("sales", None).await, story.expected);
}

#[tokio::test]
async fn a_log_that_was_half_applied_is_applied_again() {
    let mut story = Story::new().await;
    // A log of several blocks: it breaks off after some of them have changed pages.
    for seed in 0..900 {
        story.world.server.write(INSTANCE, "sales", change(120, seed)).await.unwrap();
    }
    story.clock.go_on(SignedDuration::from_secs(1));
    story.chain.push(story.world.keep("sales", BackupKind::Log).await);
    story.stop_at = story.chain[5].facts.consistent_at;
    let expected = story.world.hash("sales", Some(At::Time(story.stop_at))).await;
    let (plan, mut input) = story.plan(to("copy", false));
    let id = Uuid::new_v4();
    for index in 0..5 {
        story.step(id, &plan, index, &mut input).await.unwrap();
    }
    assert!(story.chain[5].bytes.len() > 320_000, "{}", story.chain[5].bytes.len());
    for reopened in [false, true] {
        input.0[5] = Given::new(&story.chain[5].bytes);
        // After the first piece, in which the first block is whole.
        input.0[5].fails_after = 1;
        assert!(story.step(id, &plan, 5, &mut input).await.is_err());
        if reopened {
            story.world.reopen(&story.clock, &slow()).await;
        }
    }
    input.0[5] = Given::new(&story.chain[5].bytes);
    story.step(id, &plan, 5, &mut input).await.unwrap();
    assert_eq!(story.world.hash("copy", None).await, expected);
}

#[tokio::test]
async fn what_stands_is_removed_when_abandoned_replaced_or_forgotten() {
    let mut story = Story::new().await;
    let files = story.world.files();
    let (plan, _) = story.plan(to("copy", false));
    let begin = async |story: &Story, id: Uuid| {
        let (_, mut input) = story.plan(to("copy", false));
        for index in 0..2 {
            story.step(id, &plan, index, &mut input).await.unwrap();
        }
    };
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    begin(&story, one).await;
    assert_eq!(story.world.files().len(), files.len() + 1);
    begin(&story, two).await;
    assert_eq!(story.world.files().len(), files.len() + 1, "a newer restore of the same database takes the place");
    assert_eq!((story.done(one, &plan).await, story.done(two, &plan).await), (0, 2));
    let (_, mut input) = story.plan(to("copy", false));
    assert_eq!(code(story.step(one, &plan, 2, &mut input).await), "WorkloadRestoreFailed");
    story.world.engine.abandon_restore(two, &plan).await.unwrap();
    assert_eq!(story.world.files(), files);

    begin(&story, one).await;
    story.clock.go_on(SignedDuration::from_hours(23));
    story.world.server.look();
    story.world.reopen(&story.clock, &slow()).await;
    assert_eq!(story.done(one, &plan).await, 2);
    story.clock.go_on(SignedDuration::from_hours(2));
    story.world.server.look();
    assert_eq!((story.done(one, &plan).await, story.world.files()), (0, files.clone()));
    begin(&story, one).await;
    story.clock.go_on(SignedDuration::from_hours(25));
    story.world.reopen(&story.clock, &slow()).await;
    assert_eq!((story.done(one, &plan).await, story.world.files()), (0, files));
}

#[tokio::test]
async fn norecovery_leaves_the_chain_end_restoring_and_recovery_forks() {
    let story = Story::new().await;
    let target =
        RestoreTarget::Database { instance: INSTANCE.into(), database: "copy".into(), overwrite: false, files: vec![], recover: false };
    let (plan, mut input) = story.plan(target);
    let id = Uuid::new_v4();
    for index in 0..plan.steps.len() {
        story.step(id, &plan, index, &mut input).await.unwrap();
    }
    assert!(story.world.server.checksum(INSTANCE, "copy", None).await.is_err());
    story.world.server.recover(INSTANCE, "copy").await.unwrap();
    assert_eq!(story.world.hash("copy", None).await, story.expected);
    assert_ne!(story.world.keep("copy", BackupKind::Full).await.facts.recovery_fork, story.chain[0].facts.recovery_fork);
}
