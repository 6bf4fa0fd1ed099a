//! Any sequence of requests keeps the invariants of rulebook 5; none meets an internal fault, none leaves anything stuck.
//! `RSVAULT_LIFECYCLE_CASES` says how many sequences (for each of four tests, which run beside each other).

use super::invariants::{Look, at_rest};
use super::support::*;
use super::*;
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use rsvault_domain::FaultKind;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::fault::Result as Answer;
use rsvault_domain::guard::{Critical, PROXY};
use rsvault_domain::id::OperationId;
use rsvault_domain::operation::Operation;
use rsvault_domain::vault::{Immutability, SoftDeleteState};
use rsvault_domain::work::Slot;
use rsvault_engine::guards::{delete_proxy, list_proxies, put_proxy, unlock};
use rsvault_engine::vaults::{DeletedVaultPath, VaultChange, VaultPath, deleted_name, undelete};
use rsvault_engine::{agents, backups, policies};

#[derive(Clone, Debug)]
enum Step {
    Enable(&'static str),
    Stop,
    Suspend,
    Delete { unlocked: bool },
    UndeleteItem,
    BackUp,
    Slot(BackupKind),
    Register { elsewhere: bool },
    Unregister { elsewhere: bool },
    MakeVault,
    DeleteVault,
    UndeleteVault { which: prop::sample::Index, group: &'static str },
    Immutable(Immutability),
    SoftDelete { state: SoftDeleteState, days: i64, approved: bool },
    Retention { days: i64, approved: bool },
    Link,
    Unlink { unlocked: bool },
    Rest,
    Advance(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let policy = prop_oneof![Just("HourlyLogBackup"), Just("mine")];
    prop_oneof![
        4 => policy.prop_map(Step::Enable),
        2 => Just(Step::Stop),
        1 => Just(Step::Suspend),
        3 => any::<bool>().prop_map(|unlocked| Step::Delete { unlocked }),
        2 => Just(Step::UndeleteItem),
        2 => Just(Step::BackUp),
        3 => prop_oneof![Just(BackupKind::Full), Just(BackupKind::Log)].prop_map(Step::Slot),
        2 => any::<bool>().prop_map(|elsewhere| Step::Register { elsewhere }),
        3 => any::<bool>().prop_map(|elsewhere| Step::Unregister { elsewhere }),
        1 => Just(Step::MakeVault),
        3 => Just(Step::DeleteVault),
        2 => (any::<prop::sample::Index>(), prop_oneof![Just("rg1"), Just("rg2")]).prop_map(|(which, group)| Step::UndeleteVault { which, group }),
        1 => prop_oneof![Just(Immutability::Disabled), Just(Immutability::Unlocked), Just(Immutability::Locked)].prop_map(Step::Immutable),
        1 => (prop_oneof![Just(SoftDeleteState::Disabled), Just(SoftDeleteState::Enabled)], 14i64..40, any::<bool>())
            .prop_map(|(state, days, approved)| Step::SoftDelete { state, days, approved }),
        2 => (7i64..35, any::<bool>()).prop_map(|(days, approved)| Step::Retention { days, approved }),
        1 => Just(Step::Link),
        1 => any::<bool>().prop_map(|unlocked| Step::Unlink { unlocked }),
        6 => Just(Step::Rest),
        3 => prop_oneof![1i64..4, 24i64..72, 300i64..800].prop_map(Step::Advance),
    ]
}

struct World {
    t: TestBox,
    operations: Vec<OperationId>,
}

impl World {
    async fn new() -> Self {
        let t = TestBox::new().await;
        give(&t, OWNER, "Owner", "/").await;
        let mut tx = t.engine.store.begin().await.unwrap();
        let other = rsvault_domain::tenancy::ResourceGroup {
            subscription: SUB,
            name: "rg2".into(),
            location: "x".into(),
            tags: Default::default(),
        };
        tx.put_group(&other).await.unwrap();
        tx.commit().await.unwrap();
        t.protected().await;
        policies::put(&t.engine, &caller(), &vault_path(), "mine", super::world::daily(20, 20), false).await.unwrap();
        let new = VaultChange { location: Some("westeurope".into()), ..Default::default() };
        vault_use::put(&t.engine, &caller(), &elsewhere(), new).await.unwrap();
        Self { t, operations: Vec::new() }
    }

    /// A refusal is an answer; an internal fault is a defect.
    fn answered<T>(&mut self, step: &Step, answer: Answer<T>) -> Result<Option<T>, TestCaseError> {
        match answer {
            Ok(value) => Ok(Some(value)),
            Err(fault) if matches!(fault.kind, FaultKind::Internal | FaultKind::Unavailable) => {
                Err(TestCaseError::fail(format!("{step:?} met {fault:?}")))
            }
            Err(_) => Ok(None),
        }
    }
    fn started(&mut self, step: &Step, answer: Answer<Operation>) -> Result<(), TestCaseError> {
        let started = self.answered(step, answer)?;
        self.operations.extend(started.map(|operation| operation.id));
        Ok(())
    }
    /// The owner, with the guard's request for `critical` if it is to be shown.
    async fn by(&self, critical: Critical, approved: bool) -> Caller {
        let proxy = list_proxies(&self.t.engine, &vault_path()).await.ok().flatten().filter(|_| approved);
        caller().showing(proxy.map(|proxy| vec![proxy.guard.request(critical)]))
    }
    async fn unlock(&self, critical: Critical) {
        let by = self.by(critical, true).await;
        let item = format!(
            "{}/backupFabrics/Azure/protectionContainers/{}/protectedItems/{}",
            vault_path().arm_id(),
            container_name(),
            item_path().item
        );
        let _ = unlock(&self.t.engine, &by, &vault_path(), PROXY, Some(&item)).await;
    }

    async fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let e = self.t.engine.clone();
        let vault = |elsewhere_too: bool| if elsewhere_too { elsewhere() } else { vault_path() };
        let item = async |change: Change| protection::put(&e, &caller(), &item_path(), &change).await;
        match step {
            Step::Enable(policy) => {
                let by = self.by(Critical::ShortenProtection, true).await;
                let answer = protection::put(&e, &by, &item_path(), &enable(policy)).await;
                self.started(step, answer)
            }
            Step::Stop => self.started(step, item(Change::Stop).await),
            Step::Suspend => self.started(step, item(Change::Suspend).await),
            Step::UndeleteItem => self.started(step, item(Change::Undelete).await),
            Step::Delete { unlocked } => {
                let guarded = list_proxies(&e, &vault_path()).await.ok().flatten().is_some();
                // Time has moved since any earlier unlock of this sequence, or the item is another.
                self.t.clock.advance(SignedDuration::from_mins(11));
                if *unlocked {
                    self.unlock(Critical::DeleteProtection).await;
                }
                let answer = protection::delete(&e, &caller(), &item_path()).await;
                if guarded && !unlocked && answer.is_ok() {
                    return Err(TestCaseError::fail("a guarded item was deleted that nobody had unlocked"));
                }
                self.started(step, answer)
            }
            Step::BackUp => {
                let request = backups::BackupRequest { kind: BackupKind::Full, compress: None, expires_at: None };
                self.started(step, backups::trigger(&e, &caller(), &item_path(), &request).await)
            }
            Step::Slot(kind) => {
                let Ok(view) = protection::get(&e, &item_path()).await else { return Ok(()) };
                let offer = agents::SlotOffer { item: view.item.id, slot: Slot { kind: *kind, at: self.t.clock.now() } };
                let offered = agents::slot(&e, &self.t.agent, offer).await;
                if let Some(agents::SlotVerdict::Run(leased)) = self.answered(step, offered)? {
                    let (id, generation) = (leased.command.id, leased.command.generation);
                    if let rsvault_domain::work::CommandWork::Backup { kind, .. } = leased.command.work {
                        let ran = self.t.back_up_as(kind, id, generation, 1).await;
                        if let Err(fault) = ran {
                            let failed = rsvault_domain::fault::JobFault::catalogue(&fault.code, fault.message);
                            let _ = agents::finish(&e, &self.t.agent, id, generation, &agents::Outcome::Failed(failed)).await;
                        }
                    }
                }
                Ok(())
            }
            Step::Register { elsewhere } => {
                let answer = discovery::register(&e, &caller(), &vault(*elsewhere), &container_name(), None).await;
                self.started(step, answer.map(|registered| registered.operation))
            }
            Step::Unregister { elsewhere } => {
                self.started(step, discovery::unregister(&e, &caller(), &vault(*elsewhere), &container_name()).await)
            }
            Step::MakeVault => {
                let new = VaultChange { location: Some("westeurope".into()), ..Default::default() };
                self.answered(step, vault_use::put(&e, &caller(), &vault_path(), new).await).map(drop)
            }
            Step::DeleteVault => {
                let answer = vault_use::delete(&e, &caller(), &vault_path()).await;
                let started = self.answered(step, answer)?.flatten();
                self.operations.extend(started.map(|operation| operation.id));
                Ok(())
            }
            Step::UndeleteVault { which, group } => {
                let gone = deleted(&self.t).await;
                if gone.is_empty() {
                    return Ok(());
                }
                let path = DeletedVaultPath { subscription: SUB, location: "westeurope".into(), name: deleted_name(which.get(&gone)) };
                let into = format!("/subscriptions/{SUB}/resourceGroups/{group}");
                self.started(step, undelete(&e, &caller(), &path, &into).await)
            }
            Step::Immutable(state) => {
                let by = self.by(Critical::ReduceImmutability, true).await;
                let change = VaultChange { immutability: Some(*state), ..Default::default() };
                self.answered(step, vault_use::patch(&e, &by, &vault_path(), change).await).map(drop)
            }
            Step::SoftDelete { state, days, approved } => {
                let by = self.by(Critical::DisableSoftDelete, *approved).await;
                let change = VaultChange { soft_delete: Some(*state), soft_delete_days: Some(*days), ..Default::default() };
                self.answered(step, vault_use::patch(&e, &by, &vault_path(), change).await).map(drop)
            }
            Step::Retention { days, approved } => {
                let by = self.by(Critical::ShortenPolicy, *approved).await;
                let answer = policies::put(&e, &by, &vault_path(), "mine", super::world::daily(*days, *days), false).await;
                let saved = self.answered(step, answer)?;
                self.operations.extend(saved.and_then(|saved| saved.operation).map(|operation| operation.id));
                Ok(())
            }
            Step::Link => {
                let id = guard(&self.t).await;
                self.answered(step, put_proxy(&e, &caller(), &vault_path(), PROXY, &id, None).await).map(drop)
            }
            Step::Unlink { unlocked } => {
                if *unlocked {
                    self.unlock(Critical::RemoveGuard).await;
                }
                self.answered(step, delete_proxy(&e, &caller(), &vault_path(), PROXY).await).map(drop)
            }
            Step::Rest => {
                self.t.play().await;
                self.t.settle().await;
                Ok(())
            }
            Step::Advance(hours) => {
                self.t.clock.advance(SignedDuration::from_hours(*hours));
                self.t.settle().await;
                Ok(())
            }
        }
    }
}

fn elsewhere() -> VaultPath {
    VaultPath { name: "v2".into(), ..vault_path() }
}

async fn case(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut world = World::new().await;
    let mut before = Look::at(&world.t).await;
    for step in &steps {
        world.take(step).await?;
        let after = Look::at(&world.t).await;
        after.hold().map_err(|why| TestCaseError::fail(format!("after {step:?}: {why}")))?;
        after.lost_nothing_since(&before).map_err(|why| TestCaseError::fail(format!("{step:?}: {why}")))?;
        before = after;
    }
    for hours in [1, 1] {
        for step in [Step::Rest, Step::Advance(hours), Step::Rest] {
            world.take(&step).await?;
            let after = Look::at(&world.t).await;
            after.hold().map_err(|why| TestCaseError::fail(format!("coming to rest: {why}")))?;
            after.lost_nothing_since(&before).map_err(|why| TestCaseError::fail(format!("coming to rest: {why}")))?;
            before = after;
        }
    }
    world.t.play().await; // The vault's own inquiry, if one fell due just now.
    at_rest(&world.t, &world.operations).await.map_err(TestCaseError::fail)?;
    // In the end what was deleted is gone, and with it what it held.
    world.t.clock.advance(SignedDuration::from_hours(24 * 400));
    world.t.settle().await;
    let end = Look::at(&world.t).await;
    end.hold().map_err(TestCaseError::fail)?;
    end.lost_nothing_since(&before).map_err(TestCaseError::fail)?;
    if end.items.values().any(|item| item.soft_deleted.is_some()) || end.vaults.iter().any(|vault| vault.soft_deleted.is_some()) {
        return Err(TestCaseError::fail("something deleted outlives its time"));
    }
    Ok(())
}

fn sequences(length: std::ops::Range<usize>) {
    let cases = std::env::var("RSVAULT_LIFECYCLE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(24);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config { cases, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let strategy = prop::collection::vec(step(), length);
    if let Err(why) = runner.run(&strategy, |steps| runtime.block_on(case(steps))) {
        panic!("{why}");
    }
}

#[test]
fn any_short_sequence_of_requests_keeps_what_was_promised() {
    sequences(1..8);
}
#[test]
fn any_sequence_of_requests_keeps_what_was_promised() {
    sequences(8..20);
}
#[test]
fn any_other_sequence_of_requests_keeps_what_was_promised() {
    sequences(8..20);
}
#[test]
fn any_long_sequence_of_requests_keeps_what_was_promised() {
    sequences(20..40);
}
