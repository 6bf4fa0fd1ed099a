//! `rsvault-dry-run=true`: what would happen is what happens, and nothing of it stays.

use super::{World, enable_body, vault_id};
use serde_json::{Value, json};

const DRY: &str = "?rsvault-dry-run=true";

fn policy(full_days: i64) -> Value {
    let run = json!(["2026-11-25T20:00:00Z"]);
    json!({"properties": {"backupManagementType": "AzureWorkload", "workLoadType": "SQLDataBase",
        "settings": {"timeZone": "UTC", "issqlcompression": false, "isCompression": false},
        "subProtectionPolicy": [{"policyType": "Full",
            "schedulePolicy": {"schedulePolicyType": "SimpleSchedulePolicy", "scheduleRunFrequency": "Daily", "scheduleRunTimes": run},
            "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy",
                "dailySchedule": {"retentionTimes": run, "retentionDuration": {"count": full_days, "durationType": "Days"}}}}]}})
}
fn under(policy: &str) -> Value {
    json!({"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": format!("{}/backupPolicies/{policy}", vault_id())}})
}
fn stop() -> Value {
    json!({"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": "", "protectionState": "ProtectionStopped"}})
}
/// `salesdb` under policy `mine` (30 days), with a scheduled-like full that the policy keeps.
async fn backed_up() -> World {
    let world = World::new().await;
    world.register().await;
    world.call("PUT", "/backupPolicies/mine", Some(policy(30))).await.is(200);
    world.call("PUT", &World::item("salesdb", ""), Some(under("mine"))).await.accepted();
    world.run_tasks().await;
    world.call("POST", &World::item("salesdb", "/backup"), Some(full())).await.accepted();
    world.answer_backup().await;
    world
}
fn full() -> Value {
    json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full", "enableCompression": false}})
}
async fn dry(world: &World, method: &str, rest: &str, body: Option<Value>) -> Value {
    let told = world.call(method, &format!("{rest}{DRY}"), body).await.is(200);
    assert_eq!(told["dryRun"], true, "{told}");
    told
}
/// All that a client can see of the vault.
async fn all(world: &World) -> Vec<Value> {
    let mut seen = Vec::new();
    for rest in [
        "",
        "/backupPolicies",
        "/backupProtectedItems",
        "/backupJobs",
        "/backupProtectionContainers?$filter=backupManagementType%20eq%20%27AzureWorkload%27",
    ] {
        seen.push(world.call("GET", rest, None).await.is(200));
    }
    seen.push(world.call("GET", &World::item("salesdb", ""), None).await.is(200));
    seen.push(world.call("GET", &World::item("salesdb", "/recoveryPoints"), None).await.is(200));
    seen
}

#[tokio::test]
async fn what_would_happen_is_told_and_nothing_stays() {
    let world = backed_up().await;
    let before = all(&world).await;

    let made = dry(&world, "PUT", "/backupPolicies/other", Some(policy(10))).await;
    assert_eq!((&made["accepted"], &made["status"], &made["jobs"]), (&json!(true), &json!(200), &json!([])));

    let shorter = dry(&world, "PUT", "/backupPolicies/mine", Some(policy(7))).await;
    assert_eq!(shorter["status"], 202, "{shorter}");
    assert_eq!(shorter["jobs"], json!([{"operation": "ConfigureBackup", "entityFriendlyName": "salesdb", "status": "Completed"}]));

    let stopped = dry(&world, "PUT", &World::item("salesdb", ""), Some(stop())).await;
    assert_eq!(stopped["items"], json!([{"name": "SQLDataBase;MSSQLSERVER;salesdb", "before": "Protected", "after": "ProtectionStopped"}]));
    assert_eq!(stopped["jobs"][0]["operation"], "DisableBackup");

    let enabled = dry(&world, "PUT", &World::item("hrdb", ""), Some(enable_body())).await;
    assert_eq!((&enabled["items"][0]["before"], &enabled["items"][0]["after"]), (&Value::Null, &json!("IRPending")));

    let deleted = dry(&world, "DELETE", &World::item("salesdb", ""), None).await;
    assert_eq!((&deleted["jobs"][0]["operation"], &deleted["jobs"][0]["status"]), (&json!("DeleteBackupData"), &json!("Completed")));
    assert!(deleted["items"][0]["purgeTime"].as_str().is_some(), "{deleted}");

    let backup = dry(&world, "POST", &World::item("salesdb", "/backup"), Some(full())).await;
    assert_eq!((&backup["jobs"][0]["operation"], &backup["jobs"][0]["status"]), (&json!("Backup (Full)"), &json!("InProgress")));

    assert_eq!(all(&world).await, before, "nothing of it stays");
    // The house goes on: what was rehearsed can be done.
    world.call("PUT", &World::item("salesdb", ""), Some(stop())).await.accepted();
    world.run_tasks().await;
    let item = world.call("GET", &World::item("salesdb", ""), None).await.is(200);
    assert_eq!(item["properties"]["protectionState"], "ProtectionStopped");
}

#[tokio::test]
async fn what_would_be_refused_names_its_blockers() {
    let world = backed_up().await;
    let vault = dry(&world, "DELETE", "", None).await;
    assert_eq!((&vault["accepted"], &vault["status"]), (&json!(false), &json!(400)), "{vault}");
    assert!(!vault["blockers"].as_array().unwrap().is_empty());
    assert_eq!(vault["jobs"], json!([]));
    let mut bad = policy(3);
    bad["properties"]["settings"]["timeZone"] = json!("Mars");
    let policy = dry(&world, "PUT", "/backupPolicies/mine", Some(bad)).await;
    let targets: Vec<&str> = policy["blockers"].as_array().unwrap().iter().map(|b| b["target"].as_str().unwrap()).collect();
    assert_eq!(
        targets,
        ["properties.settings.timeZone", "properties.subProtectionPolicy[0].retentionPolicy.dailySchedule.retentionDuration"]
    );
    let used = dry(&world, "DELETE", "/backupPolicies/mine", None).await;
    assert_eq!(used["error"]["code"], "BMSUserErrorPolicyInUse");
}

#[tokio::test]
async fn a_dry_run_of_something_else_is_refused_and_needs_the_same_right() {
    let world = backed_up().await;
    world.call("GET", DRY, None).await.error(400, "DryRunNotSupported");
    world.call("POST", &format!("/backupJobsExport{DRY}"), None).await.error(400, "DryRunNotSupported");
    world.call("DELETE", "?rsvault-dry-run=perhaps", None).await.error(400, "InvalidQueryParameterValue");
    world.app.principal("reader", &[("Backup Reader", "/")]).await;
    let uri = format!("{}/backupPolicies/mine{DRY}&api-version=2026-08-01", vault_id());
    let (status, _, body) = world.app.call("reader", "DELETE", &uri, None).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (403, &json!("AuthorizationFailed")));
}

#[tokio::test]
async fn a_dry_run_that_is_given_up_halfway_leaves_nothing_and_gives_the_writer_back() {
    let world = backed_up().await;
    let before = all(&world).await;
    let uri = format!("{}{}{DRY}&api-version=2026-08-01", vault_id(), World::item("salesdb", ""));
    for polls in 1..60 {
        let mut call = Box::pin(world.app.call("owner", "PUT", &uri, Some(stop())));
        let mut done = false;
        for _ in 0..polls {
            // Woken or not: what matters is at which await it is dropped.
            tokio::time::sleep(std::time::Duration::from_micros(300)).await;
            if futures::poll!(&mut call).is_ready() {
                done = true;
                break;
            }
        }
        drop(call);
        let write = tokio::time::timeout(std::time::Duration::from_secs(10), world.app.state.engine.store.begin());
        let tx = write.await.expect("the writer is free").unwrap();
        drop(tx);
        if done {
            break;
        }
    }
    assert_eq!(all(&world).await, before);
}

#[tokio::test]
async fn dry_runs_and_writers_wait_for_each_other() {
    let world = backed_up().await;
    let dry = |n: usize| {
        let uri = format!("{}/backupPolicies/dry-{n}{DRY}&api-version=2026-08-01", vault_id());
        let app = &world.app;
        async move { app.call("owner", "PUT", &uri, Some(policy(10))).await.0.as_u16() }
    };
    let wet = |n: usize| {
        let uri = format!("{}/backupPolicies/wet-{n}?api-version=2026-08-01", vault_id());
        let app = &world.app;
        async move { app.call("owner", "PUT", &uri, Some(policy(10))).await.0.as_u16() }
    };
    let (dries, wets) = tokio::join!(futures::future::join_all((0..8).map(dry)), futures::future::join_all((0..8).map(wet)));
    assert!(dries.iter().chain(&wets).all(|status| *status == 200), "{dries:?} {wets:?}");
    let list = world.call("GET", "/backupPolicies", None).await.is(200);
    let names: Vec<&str> = list["value"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names.iter().filter(|n| n.starts_with("wet-")).count(), 8, "{names:?}");
    assert!(!names.iter().any(|n| n.starts_with("dry-")), "{names:?}");
}

#[tokio::test]
async fn every_change_that_can_be_rehearsed_is_answered_as_the_real_one() {
    let world = backed_up().await;
    let point = world.call("GET", &World::item("salesdb", "/recoveryPoints"), None).await.is(200);
    let point = point["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .find(|n| *n != "DefaultRangeRecoveryPoint")
        .unwrap()
        .to_owned();
    let restore = json!({"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "OriginalLocation",
        "sourceResourceId": "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg1/providers/Microsoft.Compute/virtualMachines/sqlvm1",
        "shouldUseAlternateTargetLocation": false, "isNonRecoverable": false}});
    let new = json!({"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}});
    for (method, rest, body) in [
        ("PUT", String::new(), Some(new.clone())),
        ("PATCH", String::new(), Some(json!({"tags": {"a": "b"}, "identity": {"type": "SystemAssigned"}}))),
        ("DELETE", format!("/backupFabrics/Azure/protectionContainers/{}", super::CONTAINER), None),
        ("POST", World::item("salesdb", &format!("/recoveryPoints/{point}/restore")), Some(restore)),
        ("DELETE", "/backupPolicies/HourlyLogBackup".to_owned(), None),
        ("DELETE", "/backupPolicies/none".to_owned(), None),
        ("DELETE", World::item("nothing", ""), None),
    ] {
        let told = dry(&world, method, &rest, body.clone()).await;
        let (status, told_error) = (told["status"].as_u64().unwrap(), told["error"].clone());
        let real = world.call(method, &rest, body).await;
        assert_eq!(u64::from(real.status.as_u16()), status, "{method} {rest}: {told} {}", real.body);
        assert_eq!(real.body.get("error").cloned().unwrap_or_default()["code"], told_error["code"], "{method} {rest}");
    }
    let uri = format!("{}2{DRY}&api-version=2026-08-01", vault_id());
    let (status, _, told) = world.app.call("owner", "PUT", &uri, Some(new)).await;
    assert_eq!((status.as_u16(), &told["accepted"]), (200, &json!(true)), "{told}");
    let (status, _, _) = world.app.call("owner", "GET", &format!("{}2?api-version=2026-08-01", vault_id()), None).await;
    assert_eq!(status.as_u16(), 404);
}
