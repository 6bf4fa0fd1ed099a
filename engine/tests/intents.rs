//! Auto-protection and names, through the use cases.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod support;

use jiff::SignedDuration;
use rsvault_domain::availability::{Group, GroupInventory, Preference, Replica, Role};
use rsvault_domain::backup::RecoveryModel;
use rsvault_domain::discovery::{DatabaseInventory, Inventory, ServerState};
use rsvault_domain::fault::JobFault;
use rsvault_domain::id::{ItemId, ItemName, JobId};
use rsvault_domain::intent::IntentTarget;
use rsvault_domain::job::{Job, JobStatus};
use rsvault_domain::ports::JobFilter;
use rsvault_domain::protection::{ItemState, ProtectedItem};
use rsvault_domain::work::CommandWork;
use rsvault_engine::agents::{self, Outcome};
use rsvault_engine::discovery::{self, ProtectableItem, Shown};
use rsvault_engine::intents::{self, IntentRequest, IntentView};
use rsvault_engine::protection::{self, Change, ItemPath};
use rsvault_engine::vaults::{self, VaultChange};
use rsvault_engine::{alerts, jobs, policies, reconcile, tasks};
use std::time::Duration;
use support::*;

const INSTANCE: &str = "sqlinstance;mssqlserver";

fn seen_databases(names: &[&str]) -> Vec<DatabaseInventory> {
    let database =
        |name: &&str| DatabaseInventory { name: (*name).to_owned(), recovery_model: RecoveryModel::Full, size: 1, read_only: false };
    names.iter().map(database).collect()
}
fn seen(names: &[&str]) -> Inventory {
    let mut seen = inventory();
    seen.instances[0].databases = seen_databases(names);
    seen
}
fn request(item: &str, policy: &str) -> IntentRequest {
    let vault = vault_path().arm_id();
    IntentRequest {
        item_id: format!("{vault}/backupFabrics/Azure/protectionContainers/vmappcontainer;compute;rg1;sqlvm1/protectableItems/{item}"),
        policy_id: format!("{vault}/backupPolicies/{policy}"),
    }
}
fn path_of(database: &str) -> ItemPath {
    ItemPath { item: ItemName::new("MSSQLSERVER", database), ..item_path() }
}

/// A vault with the server registered; its agent has seen these databases.
async fn registered(names: &[&str]) -> TestBox {
    let t = TestBox::new().await;
    let change = VaultChange { location: Some("westeurope".into()), ..Default::default() };
    vaults::put(&t.engine, &caller(), &vault_path(), change).await.unwrap();
    discovery::refresh(&t.engine, &caller(), &vault_path()).await.unwrap();
    discovery::register(&t.engine, &caller(), &vault_path(), &container_name(), None).await.unwrap();
    answer(&t, seen(names)).await;
    t
}
/// The agent answers the inquiry it is handed.
async fn answer(t: &TestBox, inventory: Inventory) {
    let leased = agents::next_command(&t.engine, &t.agent, "test", Duration::ZERO).await.unwrap().expect("an inquiry");
    assert!(matches!(leased.command.work, CommandWork::Inquire { .. }));
    agents::finish(&t.engine, &t.agent, leased.command.id, leased.command.generation, &Outcome::Inquired(inventory)).await.unwrap();
}
/// The vault's own discovery comes round.
async fn discovered(t: &TestBox, inventory: Inventory) {
    t.clock.advance(SignedDuration::from_hours(8));
    reconcile::discover(&t.engine).await.unwrap();
    answer(t, inventory).await;
}
async fn put(t: &TestBox, name: &str, policy: &str) -> IntentView {
    intents::put(&t.engine, &caller(), &vault_path(), name, &request(INSTANCE, policy)).await.unwrap()
}
async fn protect(t: &TestBox) {
    while tasks::run_due(&t.engine, "test").await.unwrap() > 0 {}
}
/// Databases under protection with their policy, by name.
async fn protected(t: &TestBox) -> Vec<(String, String)> {
    let items = protection::list(&t.engine, &vault_path(), Default::default(), &Default::default()).await.unwrap().items;
    let mut names: Vec<_> =
        items.into_iter().map(|i| (i.item.name.database, i.policy.map(|p| p.name.clone()).unwrap_or_default())).collect();
    names.sort();
    names
}
async fn listed(t: &TestBox) -> Vec<ProtectableItem> {
    discovery::protectable_items(&t.engine, &vault_path(), &Shown::default(), &Default::default()).await.unwrap().items
}
async fn configure_jobs(t: &TestBox) -> Vec<Job> {
    let filter = JobFilter { family: Some("ConfigureBackup".into()), ..Default::default() };
    jobs::list(&t.engine, &vault_path(), &filter, &Default::default()).await.unwrap().1.items
}
async fn job(t: &TestBox, id: JobId) -> Job {
    jobs::get(&t.engine, &vault_path(), id).await.unwrap().1
}
fn of(names: &[&str], policy: &str) -> Vec<(String, String)> {
    names.iter().map(|name| ((*name).to_owned(), policy.to_owned())).collect()
}
async fn stop_server(t: &TestBox, state: ServerState) {
    let mut tx = t.engine.store.begin().await.unwrap();
    let server = tx.server_by_id(t.server.id).await.unwrap().unwrap();
    tx.put_server(&rsvault_domain::discovery::Server { state, ..server }).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_stands_and_what_comes_is_protected_each_by_a_job_of_its_own() {
    let t = registered(&["a", "b"]).await;
    put(&t, "i1", "HourlyLogBackup").await;
    protect(&t).await;
    assert_eq!(protected(&t).await, of(&["a", "b"], "HourlyLogBackup"));
    discovered(&t, seen(&["a", "b", "new"])).await;
    protect(&t).await;
    assert_eq!(protected(&t).await, of(&["a", "b", "new"], "HourlyLogBackup"));
    let jobs = configure_jobs(&t).await;
    assert_eq!(jobs.len(), 3);
    for job in &jobs {
        assert!(job.status == JobStatus::Completed && !job.user_triggered && job.item_id.is_some() && job.ended_at.is_some(), "{job:?}");
        assert_eq!(job.properties[0], ("Policy Name".to_owned(), "HourlyLogBackup".to_owned()));
    }
    // Once more: nothing is left to do.
    discovered(&t, seen(&["a", "b", "new"])).await;
    protect(&t).await;
    assert_eq!(configure_jobs(&t).await.len(), 3);
    let item = protection::get(&t.engine, &path_of("new")).await.unwrap().item;
    assert_eq!((item.state, item.watch_at.is_some()), (ItemState::IRPending, true));
}

#[tokio::test]
async fn a_protected_database_keeps_its_policy_and_a_change_of_it_sticks() {
    let t = registered(&["a", "b"]).await;
    let daily = |t: &TestBox| {
        let engine = t.engine.clone();
        async move {
            let spec = policies::get(&engine, &vault_path(), "HourlyLogBackup").await.unwrap().policy.spec;
            let spec = spec.for_sql("x").unwrap().clone();
            policies::put(&engine, &caller(), &vault_path(), "Other", spec, false).await.unwrap();
        }
    };
    daily(&t).await;
    protection::put(&t.engine, &caller(), &path_of("a"), &enable("Other")).await.unwrap();
    protect(&t).await;
    put(&t, "i1", "HourlyLogBackup").await;
    protect(&t).await;
    let mut now = of(&["a"], "Other");
    now.extend(of(&["b"], "HourlyLogBackup"));
    assert_eq!(protected(&t).await, now);
    protection::put(&t.engine, &caller(), &path_of("b"), &enable("Other")).await.unwrap();
    protect(&t).await;
    discovered(&t, seen(&["a", "b"])).await;
    protect(&t).await;
    assert_eq!(protected(&t).await, of(&["a", "b"], "Other"));
    // Put again with another policy: for those to come.
    put(&t, "i1", "Other").await;
    discovered(&t, seen(&["a", "b", "c"])).await;
    protect(&t).await;
    assert_eq!(protected(&t).await, of(&["a", "b", "c"], "Other"));
}

#[tokio::test]
async fn a_failing_configure_is_tried_three_times_more_and_given_up_without_an_alert() {
    let t = registered(&["a"]).await;
    put(&t, "i1", "HourlyLogBackup").await;
    stop_server(&t, ServerState::Stopped).await;
    protect(&t).await;
    let open = configure_jobs(&t).await.remove(0);
    for retry in 0..3 {
        let job = job(&t, open.id).await;
        assert_eq!(
            (job.status, job.faults[0].code.as_str()),
            (JobStatus::InProgress, "VMNotInRunningStateUserError"),
            "before retry {retry}"
        );
        t.clock.advance(SignedDuration::from_hours(8));
        protect(&t).await;
    }
    let failed = job(&t, open.id).await;
    assert_eq!((failed.status, failed.faults.len()), (JobStatus::Failed, 1));
    // The server is back, but the database was given up ...
    stop_server(&t, ServerState::Running).await;
    discovered(&t, seen(&["a"])).await;
    protect(&t).await;
    assert_eq!((protected(&t).await.len(), configure_jobs(&t).await.len()), (0, 1));
    assert!(alerts::list(&t.engine, &vault_path(), false, &Default::default()).await.unwrap().1.items.is_empty());
    // ... until the intent is put again.
    put(&t, "i1", "HourlyLogBackup").await;
    protect(&t).await;
    assert_eq!(protected(&t).await, of(&["a"], "HourlyLogBackup"));
}

#[tokio::test]
async fn a_configure_that_fails_at_first_succeeds_within_32_hours() {
    let t = registered(&[]).await;
    put(&t, "i1", "HourlyLogBackup").await;
    // Made right after a discovery; the server is off from the next one on.
    discovered(&t, seen(&["late"])).await;
    stop_server(&t, ServerState::Stopped).await;
    protect(&t).await;
    for _ in 0..2 {
        t.clock.advance(SignedDuration::from_hours(8));
        protect(&t).await;
        assert_eq!(protected(&t).await, []);
    }
    stop_server(&t, ServerState::Running).await;
    t.clock.advance(SignedDuration::from_hours(8));
    protect(&t).await;
    assert_eq!(protected(&t).await, of(&["late"], "HourlyLogBackup"));
    let jobs = configure_jobs(&t).await;
    assert_eq!((jobs.len(), jobs[0].status, jobs[0].faults.len()), (1, JobStatus::Completed, 0));
}

#[tokio::test]
async fn an_availability_group_is_auto_protected_by_its_name() {
    let with = |names: &[&str]| {
        let mut seen = seen(&["alone"]);
        let replica = Replica {
            host: "sqlvm1".into(),
            instance: "MSSQLSERVER".into(),
            version: "16.0".into(),
            role: Role::Primary,
            synchronized: true,
            node: None,
            vm_id: None,
        };
        let group = Group { id: uuid::Uuid::from_u128(7), name: "Ag1".into(), preference: Preference::Primary, replicas: vec![replica] };
        seen.groups = vec![GroupInventory { group, databases: seen_databases(names) }];
        seen
    };
    let t = registered(&[]).await;
    discovered(&t, with(&["a"])).await;
    let vault = vault_path().arm_id();
    let container = format!("{vault}/backupFabrics/Azure/protectionContainers/sqlagworkloadcontainer;{}", uuid::Uuid::from_u128(7));
    let request = IntentRequest {
        item_id: format!("{container};ag1/protectableItems/sqlavailabilitygroupcontainer;ag1"),
        policy_id: format!("{vault}/backupPolicies/HourlyLogBackup"),
    };
    let put = intents::put(&t.engine, &caller(), &vault_path(), "g1", &request).await.unwrap();
    assert_eq!(put.intent.target, IntentTarget::AvailabilityGroup("Ag1".into()));
    protect(&t).await;
    assert_eq!(protected(&t).await, of(&["a"], "HourlyLogBackup"));
    discovered(&t, with(&["a", "b"])).await;
    protect(&t).await;
    assert_eq!(protected(&t).await, of(&["a", "b"], "HourlyLogBackup"), "not what stands beside the group");
    let marked: Vec<_> = listed(&t).await.into_iter().filter(|row| row.auto_protected).map(|row| row.found.instance).collect();
    assert_eq!(marked, ["Ag1"]);
}

/// The store fails at call N, before or after its effect, for every N from the PUT to the last job.
#[tokio::test]
async fn whatever_fails_each_database_is_protected_once_and_no_job_is_left_open() {
    for after in [false, true] {
        for n in 1.. {
            let t = registered(&["a", "b"]).await;
            t.faults.arm(n, after);
            again(|| async { intents::put(&t.engine, &caller(), &vault_path(), "i1", &request(INSTANCE, "HourlyLogBackup")).await })
                .await
                .unwrap();
            for _ in 0..4 {
                let _ = tasks::run_due(&t.engine, "test").await;
                t.clock.advance(SignedDuration::from_secs(61));
            }
            let calls = t.faults.calls.load(std::sync::atomic::Ordering::SeqCst);
            t.faults.arm(0, false);
            assert_eq!(protected(&t).await, of(&["a", "b"], "HourlyLogBackup"), "n={n} after={after}");
            let jobs = configure_jobs(&t).await;
            assert!(jobs.len() == 2 && jobs.iter().all(|job| job.status == JobStatus::Completed), "n={n} after={after}: {jobs:?}");
            if calls < n {
                assert!(n > 5, "the sweep must have gone through all of it, saw {n}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_full_vault_stops_auto_protection_with_a_clear_job() {
    let t = registered(&["d0"]).await;
    put(&t, "i1", "HourlyLogBackup").await;
    protect(&t).await;
    let one = protection::get(&t.engine, &path_of("d0")).await.unwrap().item;
    let mut tx = t.engine.store.begin().await.unwrap();
    for n in 1..1_999 {
        let name = ItemName::new("MSSQLSERVER", format!("d{n}"));
        tx.insert_item(&ProtectedItem { id: ItemId(uuid::Uuid::new_v4()), name, ..one.clone() }).await.unwrap();
    }
    tx.commit().await.unwrap();
    discovered(&t, seen(&["d0", "last", "over"])).await;
    protect(&t).await;
    let vault = vaults::get(&t.engine, &vault_path()).await.unwrap();
    assert_eq!(t.engine.store.read().await.unwrap().held(vault.id).await.unwrap().items, 2_000);
    let filter = JobFilter { status: Some(JobStatus::Failed), ..Default::default() };
    let failed = jobs::list(&t.engine, &vault_path(), &filter, &Default::default()).await.unwrap().1.items;
    assert_eq!(failed.len(), 1);
    let fault = &failed[0].faults[0];
    assert!(fault.code == "UserErrorProtectionQuotaExceeded" && fault.message.contains("2000"), "{fault:?}");
}

#[tokio::test]
async fn deleting_the_intent_cancels_what_still_configures_and_keeps_what_is_protected() {
    let t = registered(&["a"]).await;
    put(&t, "i1", "HourlyLogBackup").await;
    protect(&t).await;
    discovered(&t, seen(&["a", "b"])).await;
    let open = configure_jobs(&t).await.into_iter().find(|job| job.entity_name == "b").unwrap();
    assert_eq!(open.status, JobStatus::InProgress);
    intents::delete(&t.engine, &caller(), &vault_path(), "I1").await.unwrap();
    intents::delete(&t.engine, &caller(), &vault_path(), "i1").await.unwrap();
    let ended = job(&t, open.id).await;
    assert_eq!((ended.status, ended.faults[0].code.as_str()), (JobStatus::Cancelled, "AutoProtectionCancelledOrNotValid"));
    protect(&t).await;
    discovered(&t, seen(&["a", "b", "c"])).await;
    protect(&t).await;
    assert_eq!(protected(&t).await, of(&["a"], "HourlyLogBackup"));
    assert!(intents::get(&t.engine, &vault_path(), "i1").await.is_err());
}

#[tokio::test]
async fn a_database_whose_backups_were_deleted_is_left_alone_until_the_intent_goes() {
    let t = registered(&["a", "b"]).await;
    put(&t, "i1", "HourlyLogBackup").await;
    protect(&t).await;
    protection::delete(&t.engine, &caller(), &path_of("a")).await.unwrap();
    protect(&t).await;
    let row = |rows: Vec<ProtectableItem>| rows.into_iter().find(|row| row.found.database.as_deref() == Some("a")).unwrap();
    let shown = row(listed(&t).await);
    assert!(!shown.selectable && shown.found.fault.unwrap().code == "UserErrorDatabaseLeftOutOfAutoProtection");
    // Also when nothing is left of it.
    t.clock.advance(SignedDuration::from_hours(24 * 15));
    t.settle().await;
    answer(&t, seen(&["a", "b"])).await;
    protect(&t).await;
    assert_eq!(protected(&t).await, of(&["b"], "HourlyLogBackup"));
    assert!(!row(listed(&t).await).selectable);
    let refused = protection::put(&t.engine, &caller(), &path_of("a"), &enable("HourlyLogBackup")).await.unwrap_err();
    assert!(refused.code == "UserErrorDatabaseLeftOutOfAutoProtection" && refused.message.contains("'i1'"), "{refused}");
    intents::delete(&t.engine, &caller(), &vault_path(), "i1").await.unwrap();
    assert!(row(listed(&t).await).selectable);
    protection::put(&t.engine, &caller(), &path_of("a"), &enable("HourlyLogBackup")).await.unwrap();
}

#[tokio::test]
async fn special_names_are_for_auto_protection_alone_and_some_for_nobody() {
    let t = registered(&["it's", "web-shop", "crm.ad", "sales.mdf", "Twin", "twin", "tempdb"]).await;
    let rows = listed(&t).await;
    let shown: Vec<_> = rows.iter().skip(1).map(|r| (r.found.database.clone().unwrap(), r.found.fault.is_some(), r.selectable)).collect();
    let row = |name: &str, fault, selectable| (name.to_owned(), fault, selectable);
    assert_eq!(
        shown,
        [
            row("crm.ad", false, true),
            row("it's", true, true),
            row("sales.mdf", true, false),
            row("Twin", true, false),
            row("twin", true, false),
            row("web-shop", true, true)
        ]
    );
    for name in ["it's", "web-shop", "sales.mdf", "twin"] {
        let fault = protection::put(&t.engine, &caller(), &path_of(name), &enable("HourlyLogBackup")).await.unwrap_err();
        assert_eq!(
            (fault.code.as_ref(), fault.target.as_deref()),
            ("BMSUserErrorInvalidConfigureProtectionRequest", Some("protectedItemName")),
            "{name}"
        );
    }
    put(&t, "i1", "HourlyLogBackup").await;
    protect(&t).await;
    assert_eq!(protected(&t).await, of(&["crm.ad", "it's", "web-shop"], "HourlyLogBackup"));
    let failed: Vec<_> = configure_jobs(&t).await.into_iter().filter(|j| j.status == JobStatus::Failed).collect();
    assert_eq!(failed.len(), 2);
    assert!(failed.iter().all(|job| job.faults[0].code == "UserErrorDatabaseNameNotSupported"), "{failed:?}");
    // What auto-protection has taken goes on as any other: its policy changes, it stops.
    protection::put(&t.engine, &caller(), &path_of("it's"), &enable("HourlyLogBackup")).await.unwrap();
    protection::put(&t.engine, &caller(), &path_of("it's"), &Change::Stop).await.unwrap();
}

#[tokio::test]
async fn an_instance_that_cannot_be_read_waits_and_makes_the_server_no_target() {
    let t = registered(&["a"]).await;
    protection::put(&t.engine, &caller(), &path_of("a"), &enable("HourlyLogBackup")).await.unwrap();
    protect(&t).await;
    let request =
        rsvault_engine::backups::BackupRequest { kind: rsvault_domain::backup::BackupKind::Full, compress: None, expires_at: None };
    rsvault_engine::backups::trigger(&t.engine, &caller(), &path_of("a"), &request).await.unwrap();
    t.play().await;
    let mut faulty = seen(&["a"]);
    faulty.instances.push(rsvault_domain::discovery::InstanceInventory {
        name: "SECOND".into(),
        databases: Vec::new(),
        fault: Some(JobFault::catalogue("UserErrorOpeningSQLConnection", "")),
        ..faulty.instances[0].clone()
    });
    discovered(&t, faulty).await;
    let (path, all) = (path_of("a"), rsvault_engine::backups::PointQuery::all());
    let list = rsvault_engine::backups::points(&t.engine, &path, &all, &Default::default()).await.unwrap();
    let point = list.points.items.into_iter().next().unwrap().name.0;
    let restore = |database: &str| rsvault_engine::restores::RestoreRequest {
        wanted: rsvault_engine::restores::Wanted::Point(point.clone()),
        destination: rsvault_engine::restores::Destination::Alternate { container: None, database: database.into() },
        overwrite: false,
        files: Vec::new(),
        no_recovery: false,
        fallback: false,
        rehydrate: None,
    };
    let fault = rsvault_engine::restores::trigger(&t.engine, &caller(), &path_of("a"), &restore("MSSQLSERVER/copy")).await.unwrap_err();
    assert!(fault.code == "UserErrorOpeningSQLConnection" && fault.message.contains("'SECOND'"), "{fault}");
    // Mended and rediscovered, it is one again.
    discovered(&t, seen(&["a"])).await;
    rsvault_engine::restores::trigger(&t.engine, &caller(), &path_of("a"), &restore("MSSQLSERVER/copy")).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_auto_protected_is_refused_by_field() {
    let t = registered(&["a"]).await;
    let refused = async |name: &str, request: &IntentRequest| {
        let fault = intents::put(&t.engine, &caller(), &vault_path(), name, request).await.unwrap_err();
        (fault.kind, fault.target.unwrap_or_default())
    };
    use rsvault_domain::FaultKind::{Invalid, NotFound};
    let good = request(INSTANCE, "HourlyLogBackup");
    for (item, policy) in [
        ("sqldatabase;mssqlserver;a", "HourlyLogBackup"),
        ("sqlinstance;other", "HourlyLogBackup"),
        ("SQLAvailabilityGroupContainer;mssqlserver", "HourlyLogBackup"),
    ] {
        assert_eq!(refused("i1", &request(item, policy)).await, (Invalid, "properties.itemId".into()), "{item}");
    }
    for policy in ["none", "DefaultPolicy"] {
        assert_eq!(refused("i1", &request(INSTANCE, policy)).await, (Invalid, "properties.policyId".into()), "{policy}");
    }
    for item_id in ["x", "/subscriptions/x", &good.item_id.replace("v1", "v2"), &good.item_id.replace("sqlvm1", "sqlvm2")] {
        let request = IntentRequest { item_id: item_id.to_owned(), ..good.clone() };
        assert_eq!(refused("i1", &request).await, (Invalid, "properties.itemId".into()), "{item_id}");
    }
    assert_eq!(refused("a/b", &good).await, (Invalid, "intentObjectName".into()));
    let gone = intents::get(&t.engine, &vault_path(), "i1").await.unwrap_err();
    assert_eq!(gone.kind, NotFound);
}

#[tokio::test]
async fn a_target_has_one_intent_whose_name_is_the_last_it_was_put_under() {
    let t = registered(&["a"]).await;
    let first = put(&t, "first", "HourlyLogBackup").await.intent;
    // As an answer spells it: without the prefixes.
    let bare = request("MSSQLSERVER", "HourlyLogBackup");
    let bare = IntentRequest { item_id: bare.item_id.replace("vmappcontainer;", "").replace("/subscriptions", "/Subscriptions"), ..bare };
    let second = intents::put(&t.engine, &caller(), &vault_path(), "second", &bare).await.unwrap().intent;
    assert_eq!(first.id, second.id);
    let all = intents::list(&t.engine, &vault_path(), &Default::default(), &Default::default()).await.unwrap().items;
    assert_eq!(all.iter().map(|i| i.intent.name.as_str()).collect::<Vec<_>>(), ["second"]);
    assert!(policies::delete(&t.engine, &caller(), &vault_path(), "HourlyLogBackup").await.is_err());
    intents::delete(&t.engine, &caller(), &vault_path(), "second").await.unwrap();
    protect(&t).await;
    // Nothing was protected: its job was cancelled before it ran.
    assert_eq!(protected(&t).await, []);
    assert!(policies::delete(&t.engine, &caller(), &vault_path(), "HourlyLogBackup").await.unwrap());
}

#[tokio::test]
async fn a_server_that_is_given_up_is_auto_protected_no_more() {
    let t = registered(&["a"]).await;
    put(&t, "i1", "HourlyLogBackup").await;
    protect(&t).await;
    protection::delete(&t.engine, &caller(), &path_of("a")).await.unwrap();
    protect(&t).await;
    discovery::unregister(&t.engine, &caller(), &vault_path(), &container_name()).await.unwrap();
    assert_eq!(intents::list(&t.engine, &vault_path(), &Default::default(), &Default::default()).await.unwrap().items.len(), 0);
    discovery::register(&t.engine, &caller(), &vault_path(), &container_name(), None).await.unwrap();
    answer(&t, seen(&["a", "b"])).await;
    protect(&t).await;
    assert_eq!(protected(&t).await, of(&["a"], ""));
}

#[tokio::test]
async fn pages_of_items_show_each_row_once_and_in_order() {
    let names: Vec<String> = (0..450).map(|n| format!("Db{n:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).rev().collect();
    let t = registered(&names).await;
    let mut page = rsvault_domain::ports::Page::default();
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let slice = discovery::protectable_items(&t.engine, &vault_path(), &Shown::default(), &page).await.unwrap();
        assert!(slice.items.len() <= 200);
        seen.extend(slice.items.into_iter().map(|row| row.found.database.unwrap_or_default()));
        pages += 1;
        match slice.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    let mut wanted: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    wanted.sort();
    wanted.insert(0, String::new());
    assert_eq!((pages, seen), (3, wanted));
    page.after = Some("no cursor".into());
    assert!(discovery::protectable_items(&t.engine, &vault_path(), &Shown::default(), &page).await.is_err());
    let whole = Shown { databases: false, ..Shown::default() };
    let instances = discovery::workload_items(&t.engine, &vault_path(), &container_name(), &whole, &Default::default()).await.unwrap();
    assert_eq!((instances.items.len(), instances.items[0].databases, instances.next), (1, 450, None));
    let one = Shown { name: Some("DB0007".into()), ..Shown::default() };
    let found = discovery::protectable_items(&t.engine, &vault_path(), &one, &Default::default()).await.unwrap().items;
    assert_eq!(found.iter().map(|row| row.found.database.as_deref()).collect::<Vec<_>>(), [Some("Db0007")]);
}
