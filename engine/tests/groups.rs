//! Availability groups through the whole engine: two scripted nodes, elections, failovers, refusals.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test panics")]

mod support;

use jiff::{SignedDuration, Timestamp};
use rsvault_domain::availability::{Group, GroupInventory, Preference, Replica, Role};
use rsvault_domain::backup::{BackupKind, RecoveryModel};
use rsvault_domain::discovery::{AgentRecord, DatabaseInventory, Inventory, Registration, Server, ServerState};
use rsvault_domain::fault::{JobFault, codes};
use rsvault_domain::id::{ContainerName, ItemName, ServerId};
use rsvault_domain::job::JobStatus;
use rsvault_domain::ports::{JobFilter, Page};
use rsvault_domain::work::{CommandWork, Slot};
use rsvault_engine::agents::{self, LeasedCommand, Outcome, SlotOffer, SlotVerdict};
use rsvault_engine::protection::{ItemPath, ItemView};
use rsvault_engine::restores::{self, Destination, RestoreRequest, Wanted};
use rsvault_engine::{backups, discovery, jobs, protection};
use std::time::Duration;
use support::*;

/// A server that is a node of the group.
#[derive(Clone)]
struct Node {
    agent: AgentRecord,
    server: Server,
}

/// Two nodes, and the group as they would tell it.
struct Pair {
    t: TestBox,
    one: Node,
    two: Node,
    group: Group,
    databases: Vec<DatabaseInventory>,
}

fn database(name: &str) -> DatabaseInventory {
    DatabaseInventory { name: name.into(), recovery_model: RecoveryModel::Full, size: 1, read_only: false }
}
fn replica(host: &str, role: Role) -> Replica {
    Replica { host: host.into(), instance: "MSSQLSERVER".into(), version: "16.0".into(), role, synchronized: true, node: None, vm_id: None }
}

impl Pair {
    /// A vault; nothing is registered. `sqlvm1` is the primary.
    async fn new(preference: Preference) -> Self {
        let t = TestBox::new().await;
        let second = Server { id: ServerId(uuid::Uuid::new_v4()), name: "sqlvm2".into(), ..t.server.clone() };
        let mut tx = t.engine.store.begin().await.unwrap();
        let second = tx.put_server(&second).await.unwrap();
        tx.commit().await.unwrap();
        let (token, _) = agents::create_token(&t.engine, second.id, SignedDuration::from_hours(1)).await.unwrap();
        let enrolled = agents::enroll(&t.engine, &token, "test").await.unwrap();
        let agent = agents::authenticate(&t.engine, enrolled.agent_id, &enrolled.secret).await.unwrap();
        let change = rsvault_engine::vaults::VaultChange { location: Some("westeurope".into()), ..Default::default() };
        rsvault_engine::vaults::put(&t.engine, &caller(), &vault_path(), change).await.unwrap();
        discovery::refresh(&t.engine, &caller(), &vault_path()).await.unwrap();
        let replicas = vec![replica("sqlvm1", Role::Primary), replica("sqlvm2", Role::Secondary)];
        let group = Group { id: uuid::Uuid::from_u128(7), name: "ag1".into(), preference, replicas };
        let one = Node { agent: t.agent.clone(), server: t.server.clone() };
        Self { one, two: Node { agent, server: second }, t, group, databases: vec![database("salesdb")] }
    }
    /// With both nodes registered and the database protected.
    async fn protected(preference: Preference) -> Self {
        let pair = Self::new(preference).await;
        pair.register(&pair.one.clone()).await;
        pair.register(&pair.two.clone()).await;
        pair.protect().await.unwrap();
        pair.t.settle().await;
        pair
    }
    fn container(&self) -> ContainerName {
        self.group.container_name()
    }
    fn item(&self) -> ItemPath {
        ItemPath { vault: vault_path(), container: self.container(), item: ItemName::new("ag1", "salesdb") }
    }
    async fn view(&self) -> ItemView {
        protection::get(&self.t.engine, &self.item()).await.unwrap()
    }
    async fn protect(&self) -> rsvault_domain::fault::Result<rsvault_domain::operation::Operation> {
        protection::put(&self.t.engine, &caller(), &self.item(), &enable("HourlyLogBackup")).await
    }
    fn inventory(&self) -> Inventory {
        Inventory {
            groups: vec![GroupInventory { group: self.group.clone(), databases: self.databases.clone() }],
            instances: vec![rsvault_domain::discovery::InstanceInventory {
                databases: vec![database("master")],
                ..inventory().instances.remove(0)
            }],
            groups_fault: None,
        }
    }
    async fn register(&self, node: &Node) {
        discovery::register(&self.t.engine, &caller(), &vault_path(), &node.server.container_name(), None).await.unwrap();
        self.play(node).await;
    }
    async fn inquire(&self, node: &Node) {
        discovery::inquire(&self.t.engine, &caller(), &vault_path(), &node.server.container_name()).await.unwrap();
        self.play(node).await;
    }
    async fn next(&self, node: &Node) -> Option<LeasedCommand> {
        agents::next_command(&self.t.engine, &node.agent, "test", Duration::ZERO).await.unwrap()
    }
    /// Answers what is queued for a node; its backups succeed. How many there were.
    async fn play(&self, node: &Node) -> usize {
        let mut backups = 0;
        while let Some(leased) = self.next(node).await {
            match &leased.command.work {
                CommandWork::Inquire { .. } => {
                    let seen = Outcome::Inquired(self.inventory());
                    agents::finish(&self.t.engine, &node.agent, leased.command.id, leased.command.generation, &seen).await.unwrap();
                }
                CommandWork::Backup { kind, .. } => {
                    backups += 1;
                    self.back_up(node, &leased, *kind).await;
                }
                CommandWork::Restore { .. } => panic!("no restore is asked for"),
            }
        }
        backups
    }
    async fn back_up(&self, node: &Node, leased: &LeasedCommand, kind: BackupKind) {
        self.t.back_up_by(&node.agent, kind, leased.command.id, leased.command.generation, 1).await.unwrap();
    }
    /// Says that the backup cannot be taken here.
    async fn refuse(&self, node: &Node, leased: &LeasedCommand, code: &str) {
        let outcome = Outcome::Failed(JobFault::catalogue(code, ""));
        agents::finish(&self.t.engine, &node.agent, leased.command.id, leased.command.generation, &outcome).await.unwrap();
    }
    async fn offer(&self, node: &Node, kind: BackupKind, at: Timestamp) -> SlotVerdict {
        let item = self.view().await.item.id;
        agents::slot(&self.t.engine, &node.agent, SlotOffer { item, slot: Slot { kind, at } }).await.unwrap()
    }
    /// Offers a slot and runs what comes of it.
    async fn slot(&self, node: &Node, kind: BackupKind, at: Timestamp) -> Ended {
        match self.offer(node, kind, at).await {
            SlotVerdict::Run(leased) => {
                let CommandWork::Backup { kind, .. } = leased.command.work else { panic!("no backup") };
                self.back_up(node, &leased, kind).await;
                Ended::Ran(kind)
            }
            SlotVerdict::Done => Ended::Done,
            SlotVerdict::Refused(fault) => Ended::Refused(fault.code),
        }
    }
    /// Goes to the next slot of a kind.
    async fn until(&self, kind: BackupKind) -> Timestamp {
        let facts = protection::schedule(&self.t.engine, &self.item()).await.unwrap();
        let at = facts.kinds.iter().find(|k| k.kind == kind).unwrap().next.unwrap();
        self.t.clock.advance(at.duration_since(self.t.engine.clock.now()));
        at
    }
    async fn set_state(&self, node: &Node, state: ServerState) {
        let mut tx = self.t.engine.store.begin().await.unwrap();
        tx.put_server(&Server { state, ..node.server.clone() }).await.unwrap();
        tx.commit().await.unwrap();
    }
    async fn ask(&self, kind: BackupKind) {
        let request = backups::BackupRequest { kind, compress: None, expires_at: None };
        backups::trigger(&self.t.engine, &caller(), &self.item(), &request).await.unwrap();
    }
    /// Status and codes of the newest job of a family.
    async fn newest(&self, family: &str) -> (JobStatus, Vec<String>) {
        let filter = JobFilter { family: Some(family.into()), ..JobFilter::default() };
        let job = jobs::list(&self.t.engine, &vault_path(), &filter, &Page::default()).await.unwrap().1.items.remove(0);
        assert!(job.entity_name.ends_with("[ag1]"), "{}", job.entity_name);
        (job.status, job.faults.into_iter().map(|fault| fault.code).collect())
    }
}

#[derive(Debug, PartialEq)]
enum Ended {
    Ran(BackupKind),
    Done,
    Refused(String),
}
fn bails_out() -> Ended {
    Ended::Refused(codes::OTHER_NODE.into())
}

#[tokio::test]
async fn protection_waits_for_the_nodes_that_the_preference_needs() {
    let pair = Pair::new(Preference::SecondaryOnly).await;
    pair.register(&pair.two.clone()).await;
    let refused = pair.protect().await.unwrap_err();
    assert_eq!(refused.code, codes::PREFERENCE_CHECK);
    assert!(refused.message.contains("sqlvm1"), "{}", refused.message);
    pair.register(&pair.one.clone()).await;
    pair.protect().await.unwrap();
    pair.t.settle().await;
    let view = pair.view().await;
    assert_eq!(view.container.server_id, pair.one.server.id, "the primary is asked first");
    let group = view.container.group().unwrap();
    assert!(group.replicas.iter().all(|r| r.vm_id.is_some()));
    // Both nodes have it in their schedules.
    for node in [&pair.one, &pair.two] {
        let schedule = agents::next_schedule(&pair.t.engine, &node.agent, None, Duration::ZERO).await.unwrap().unwrap();
        assert_eq!(schedule.items.iter().map(|i| (i.instance.as_str(), i.database.as_str())).collect::<Vec<_>>(), [("ag1", "salesdb")]);
    }
}

#[tokio::test]
async fn all_nodes_offer_a_slot_and_one_is_elected() {
    let pair = Pair::protected(Preference::SecondaryOnly).await;
    // No full yet: the log that is due becomes one, which is the primary's.
    let at = pair.until(BackupKind::Log).await;
    assert_eq!(pair.slot(&pair.two, BackupKind::Log, at).await, bails_out());
    assert_eq!(pair.slot(&pair.one, BackupKind::Log, at).await, Ended::Ran(BackupKind::Full));
    assert_eq!(pair.slot(&pair.two, BackupKind::Log, at).await, Ended::Done);
    let at = pair.until(BackupKind::Log).await;
    assert_eq!(pair.slot(&pair.one, BackupKind::Log, at).await, bails_out());
    assert_eq!(pair.slot(&pair.two, BackupKind::Log, at).await, Ended::Ran(BackupKind::Log));
    let at = pair.until(BackupKind::Full).await;
    assert_eq!(pair.slot(&pair.two, BackupKind::Full, at).await, bails_out());
    assert_eq!(pair.slot(&pair.one, BackupKind::Full, at).await, Ended::Ran(BackupKind::Full));
    let item = pair.view().await.item;
    assert!(item.last_backup.unwrap().fault.is_none() && item.track.trouble.is_none(), "losing an election is no failure");
    assert_eq!(pair.newest("Backup").await.0, JobStatus::Completed);
}

#[tokio::test]
async fn any_replica_may_take_it_and_the_first_does() {
    let pair = Pair::protected(Preference::None).await;
    let at = pair.until(BackupKind::Full).await;
    pair.slot(&pair.one, BackupKind::Full, at).await;
    let at = pair.until(BackupKind::Log).await;
    assert_eq!(pair.slot(&pair.one, BackupKind::Log, at).await, Ended::Ran(BackupKind::Log));
    assert_eq!(pair.slot(&pair.two, BackupKind::Log, at).await, Ended::Done);
}

#[tokio::test]
async fn the_primary_takes_the_logs_while_no_secondary_runs() {
    let pair = Pair::protected(Preference::PreferSecondary).await;
    let at = pair.until(BackupKind::Full).await;
    pair.slot(&pair.one, BackupKind::Full, at).await;
    let at = pair.until(BackupKind::Log).await;
    assert_eq!(pair.slot(&pair.one, BackupKind::Log, at).await, bails_out());
    pair.set_state(&pair.two, ServerState::Stopped).await;
    assert_eq!(pair.slot(&pair.one, BackupKind::Log, at).await, Ended::Ran(BackupKind::Log));
}

#[tokio::test]
async fn a_backup_on_demand_goes_to_the_right_node() {
    let pair = Pair::protected(Preference::SecondaryOnly).await;
    pair.ask(BackupKind::Full).await;
    assert_eq!((pair.play(&pair.two).await, pair.play(&pair.one).await), (0, 1));
    pair.t.clock.advance(SignedDuration::from_secs(5));
    pair.ask(BackupKind::Log).await;
    assert_eq!((pair.play(&pair.one).await, pair.play(&pair.two).await), (0, 1));
    assert_eq!(pair.newest("Backup").await, (JobStatus::Completed, vec![]));
    // On one server only the primary's kinds can be asked for.
    let alone = Pair::new(Preference::Primary).await;
    alone.register(&alone.one.clone()).await;
    alone.protect().await.unwrap();
    alone.t.settle().await;
    let mut lost = alone.group.clone();
    (lost.replicas[0].role, lost.replicas[1].role) = (Role::Secondary, Role::Primary);
    let alone = Pair { group: lost, ..alone };
    alone.inquire(&alone.one.clone()).await;
    alone.ask(BackupKind::Full).await;
    assert_eq!(alone.newest("Backup").await, (JobStatus::Failed, vec![codes::NOT_ON_SECONDARY.to_owned()]));
}

#[tokio::test]
async fn a_failover_that_the_vault_has_not_heard_of_breaks_nothing() {
    let mut pair = Pair::protected(Preference::SecondaryOnly).await;
    let at = pair.until(BackupKind::Full).await;
    pair.slot(&pair.one, BackupKind::Full, at).await;
    let at = pair.until(BackupKind::Log).await;
    pair.slot(&pair.two, BackupKind::Log, at).await;
    // Now sqlvm2 is the primary. The vault still asks the old one, which says that it is not.
    let at = pair.until(BackupKind::Full).await;
    assert_eq!(pair.slot(&pair.two, BackupKind::Full, at).await, bails_out());
    let SlotVerdict::Run(leased) = pair.offer(&pair.one, BackupKind::Full, at).await else {
        panic!("the vault believes in the old primary")
    };
    pair.refuse(&pair.one, &leased, codes::NOT_ON_SECONDARY).await;
    assert_eq!(pair.newest("Backup").await, (JobStatus::InProgress, vec![]), "the job goes on");
    assert_eq!(pair.play(&pair.two).await, 1);
    assert_eq!(pair.newest("Backup").await, (JobStatus::Completed, vec![]));
    // What was said is believed: the log is the new secondary's.
    pair.t.clock.advance(SignedDuration::from_secs(1));
    let at = pair.until(BackupKind::Log).await;
    assert_eq!(pair.slot(&pair.two, BackupKind::Log, at).await, bails_out());
    assert_eq!(pair.slot(&pair.one, BackupKind::Log, at).await, Ended::Ran(BackupKind::Log));
    let item = pair.view().await.item;
    assert!(item.track.needs_full.is_none() && item.track.trouble.is_none() && item.last_backup.unwrap().fault.is_none());
    // An inquiry tells the same.
    (pair.group.replicas[0].role, pair.group.replicas[1].role) = (Role::Secondary, Role::Primary);
    pair.inquire(&pair.one.clone()).await;
    assert_eq!(pair.view().await.container.server_id, pair.two.server.id);
}

#[tokio::test]
async fn a_backup_that_every_node_refuses_fails_and_is_not_handed_on_for_ever() {
    let pair = Pair::protected(Preference::Primary).await;
    pair.ask(BackupKind::Full).await;
    let mut refusals = 0;
    loop {
        let mut any = false;
        for node in [&pair.one, &pair.two] {
            if let Some(leased) = pair.next(node).await {
                pair.refuse(node, &leased, codes::NOT_ON_SECONDARY).await;
                (any, refusals) = (true, refusals + 1);
            }
        }
        if !any {
            break;
        }
    }
    assert!(refusals <= 4, "{refusals}");
    assert_eq!(pair.newest("Backup").await, (JobStatus::Failed, vec![codes::NOT_ON_SECONDARY.to_owned()]));
}

#[tokio::test]
async fn a_backup_that_no_node_takes_fails_and_is_not_handed_on_for_ever() {
    let pair = Pair::protected(Preference::None).await;
    pair.ask(BackupKind::Full).await;
    assert_eq!(pair.play(&pair.one).await, 1);
    pair.t.clock.advance(SignedDuration::from_secs(5));
    // Both servers run, the agents of both are silent.
    pair.ask(BackupKind::Log).await;
    for _ in 0..8 {
        pair.t.clock.advance(SignedDuration::from_secs(150));
        pair.t.settle().await;
    }
    assert_eq!(pair.newest("Backup").await, (JobStatus::Failed, vec!["WorkloadExtensionNotReachable".to_owned()]));
}

#[tokio::test]
async fn logs_go_on_for_15_days_while_no_full_can_be_taken() {
    let pair = Pair::protected(Preference::SecondaryOnly).await;
    let at = pair.until(BackupKind::Full).await;
    pair.slot(&pair.one, BackupKind::Full, at).await;
    let first = at;
    pair.set_state(&pair.one, ServerState::Stopped).await;
    let mut at = pair.until(BackupKind::Log).await;
    let mut taken = 0;
    while at.duration_since(first) <= SignedDuration::from_hours(15 * 24) {
        assert_eq!(pair.slot(&pair.two, BackupKind::Log, at).await, Ended::Ran(BackupKind::Log), "{at}");
        taken += 1;
        // A log a day shows as much as one an hour.
        pair.t.clock.advance(SignedDuration::from_hours(23));
        at = pair.until(BackupKind::Log).await;
    }
    assert!(taken >= 15, "{taken}");
    assert_eq!(pair.slot(&pair.two, BackupKind::Log, at).await, Ended::Refused(codes::FULL_OLD.into()));
    assert_eq!(pair.view().await.item.last_backup.unwrap().fault.unwrap().code, codes::FULL_OLD);
    // The full that is due is missed: the node that would take it is down.
    let at = pair.until(BackupKind::Full).await;
    assert_eq!(pair.slot(&pair.two, BackupKind::Full, at).await, bails_out());
    pair.set_state(&pair.one, ServerState::Running).await;
    assert_eq!(pair.slot(&pair.one, BackupKind::Full, at).await, Ended::Ran(BackupKind::Full));
}

#[tokio::test]
async fn a_missing_full_is_not_made_up_for_on_a_secondary() {
    let pair = Pair::protected(Preference::SecondaryOnly).await;
    pair.set_state(&pair.one, ServerState::Stopped).await;
    let at = pair.until(BackupKind::Log).await;
    assert_eq!(pair.slot(&pair.two, BackupKind::Log, at).await, Ended::Refused(codes::FULL_NOT_POSSIBLE.into()));
    assert_eq!(pair.slot(&pair.two, BackupKind::Log, at).await, Ended::Done, "it fails once");
}

#[tokio::test]
async fn a_node_stays_while_databases_of_its_group_are_protected() {
    let pair = Pair::protected(Preference::Primary).await;
    let name = pair.two.server.container_name();
    let unregister = || async { discovery::unregister(&pair.t.engine, &caller(), &vault_path(), &name).await };
    let refused = unregister().await.unwrap_err();
    assert_eq!(refused.code, "BMSUserErrorContainerHasDatasources");
    assert!(refused.message.contains("ag1"), "{}", refused.message);
    let own = pair.container();
    assert!(discovery::unregister(&pair.t.engine, &caller(), &vault_path(), &own).await.unwrap_err().message.contains("ag1"));
    assert!(discovery::register(&pair.t.engine, &caller(), &vault_path(), &own, None).await.unwrap_err().message.contains("ag1"));
    protection::delete(&pair.t.engine, &caller(), &pair.item()).await.unwrap();
    pair.t.settle().await;
    unregister().await.unwrap();
    let group = discovery::get(&pair.t.engine, &vault_path(), &pair.container()).await.unwrap().container;
    assert_eq!(group.group().unwrap().nodes().collect::<Vec<_>>(), [pair.one.server.id]);
    discovery::unregister(&pair.t.engine, &caller(), &vault_path(), &pair.one.server.container_name()).await.unwrap();
    let group = discovery::get(&pair.t.engine, &vault_path(), &pair.container()).await.unwrap().container;
    assert_eq!(group.registration, Registration::SoftDeleted, "what is soft-deleted holds it");
}

#[tokio::test]
async fn a_group_that_is_made_anew_is_another_data_source() {
    let mut pair = Pair::protected(Preference::Primary).await;
    let old = pair.container();
    pair.group.id = uuid::Uuid::from_u128(8);
    pair.inquire(&pair.one.clone()).await;
    pair.inquire(&pair.two.clone()).await;
    let containers = discovery::list(&pair.t.engine, &vault_path(), &Page::default()).await.unwrap().items;
    let groups: Vec<_> = containers.iter().filter(|c| c.container.name.is_group()).map(|c| c.container.name.clone()).collect();
    assert_eq!(groups.len(), 2, "it appears twice");
    assert!(groups.contains(&old) && groups.contains(&pair.container()));
    let kept = discovery::get(&pair.t.engine, &vault_path(), &old).await.unwrap().container;
    assert!(kept.group().unwrap().nodes().next().is_none() && !kept.healthy);
    pair.protect().await.unwrap();
    pair.t.settle().await;
    // The old one is given up like a server once nothing of it is kept.
    let unregister = || async { discovery::unregister(&pair.t.engine, &caller(), &vault_path(), &old).await };
    assert_eq!(unregister().await.unwrap_err().code, "BMSUserErrorContainerHasDatasources");
    let item = ItemPath { container: old.clone(), ..pair.item() };
    protection::delete(&pair.t.engine, &caller(), &item).await.unwrap();
    pair.t.settle().await;
    unregister().await.unwrap();
    pair.t.clock.advance(SignedDuration::from_hours(15 * 24));
    pair.t.settle().await;
    assert_eq!(discovery::get(&pair.t.engine, &vault_path(), &old).await.unwrap_err().code, "BMSUserErrorContainerObjectNotFound");
    // Without a database of it a group goes with its last node.
    pair.group.id = uuid::Uuid::from_u128(9);
    pair.databases.clear();
    pair.inquire(&pair.one.clone()).await;
    let last = pair.container();
    assert!(discovery::get(&pair.t.engine, &vault_path(), &last).await.is_ok());
    pair.group.id = uuid::Uuid::from_u128(10);
    pair.inquire(&pair.one.clone()).await;
    assert_eq!(discovery::get(&pair.t.engine, &vault_path(), &last).await.unwrap_err().code, "BMSUserErrorContainerObjectNotFound");
}

#[tokio::test]
async fn nothing_is_restored_into_a_group_or_over_its_databases() {
    let pair = Pair::protected(Preference::Primary).await;
    let at = pair.until(BackupKind::Full).await;
    pair.slot(&pair.one, BackupKind::Full, at).await;
    let point =
        backups::points(&pair.t.engine, &pair.item(), &backups::PointQuery::all(), &Page::default()).await.unwrap().points.items[0].clone();
    let verdict = |destination: Destination| {
        let request = RestoreRequest {
            wanted: Wanted::Point(point.name.0.clone()),
            destination,
            overwrite: true,
            files: vec![],
            fallback: false,
            no_recovery: false,
            rehydrate: None,
        };
        let (engine, item) = (pair.t.engine.clone(), pair.item());
        async move { restores::validate(&engine, &item, &request).await.unwrap() }
    };
    let node = Some(pair.one.server.container_name().to_string());
    let to =
        |container: &Option<String>, database: &str| Destination::Alternate { container: container.clone(), database: database.into() };
    for (destination, said) in [
        (Destination::Original, "cannot be restored over"),
        (to(&node, "ag1/copy"), "nothing can be restored into"),
        (to(&Some(pair.container().to_string()), "MSSQLSERVER/copy"), "nothing can be restored into"),
        (to(&None, "MSSQLSERVER/copy"), "nothing can be restored into"),
        (to(&node, "MSSQLSERVER/salesdb"), "cannot be restored over"),
        (Destination::Files { container: None, directory: "/tmp/x".into() }, "nothing can be restored into"),
    ] {
        let (code, message) = verdict(destination.clone()).await.unwrap();
        assert_eq!(code, "BMSUserErrorInvalidRestoreRequest", "{destination:?}");
        assert!(message.contains(said), "{destination:?}: {message}");
    }
    assert_eq!(verdict(to(&node, "MSSQLSERVER/copy")).await, None);
    assert_eq!(verdict(Destination::Files { container: node, directory: "/tmp/x".into() }).await, None);
}

#[tokio::test]
async fn a_database_that_left_its_group_fails_with_its_own_code() {
    let pair = Pair::protected(Preference::Primary).await;
    let at = pair.until(BackupKind::Full).await;
    let SlotVerdict::Run(leased) = pair.offer(&pair.one, BackupKind::Full, at).await else { panic!("the primary's") };
    pair.refuse(&pair.one, &leased, codes::MOVED_OUT).await;
    assert_eq!(pair.newest("Backup").await, (JobStatus::Failed, vec![codes::MOVED_OUT.to_owned()]));
    assert_eq!(pair.play(&pair.two).await, 0, "no other node is asked");
}

#[tokio::test]
async fn a_node_that_may_not_see_its_groups_stays_in_them() {
    let pair = Pair::protected(Preference::Primary).await;
    discovery::inquire(&pair.t.engine, &caller(), &vault_path(), &pair.two.server.container_name()).await.unwrap();
    let leased = pair.next(&pair.two).await.unwrap();
    let blind = Inventory { groups: vec![], groups_fault: Some(JobFault::catalogue(codes::NO_VIEW_SERVER_STATE, "")), ..pair.inventory() };
    let seen = Outcome::Inquired(blind);
    agents::finish(&pair.t.engine, &pair.two.agent, leased.command.id, leased.command.generation, &seen).await.unwrap();
    assert_eq!(pair.view().await.container.group().unwrap().nodes().count(), 2);
}
