//! Points in time at the wire: the range, restores to a second, validation, plans.

use super::{Started, World, facts, vault_id};
use rsvault_domain::backup::{BackupFacts, Lsn};
use rsvault_domain::protection::SoftDeleted;
use rsvault_domain::work::CommandWork;
use rsvault_engine::agents;
use serde_json::{Value, json};

const RANGE: &str = "DefaultRangeRecoveryPoint";

/// A database with a full at 12:00:10 and a log up to 12:00:40.
async fn with_a_log() -> World {
    let world = World::new().await;
    world.register().await;
    world.protect("salesdb").await;
    world.app.clock.advance(10);
    back_up(&world, "Full", |_| {}).await;
    world.app.clock.advance(30);
    let job = back_up(&world, "Log", |facts| {
        facts.first_lsn = Lsn(2);
        facts.last_lsn = Lsn(5);
    })
    .await;
    let job = world.job_of(&job).await;
    assert_eq!((&job["properties"]["operation"], &job["properties"]["status"]), (&json!("Backup (Log)"), &json!("Completed")), "{job}");
    world
}

async fn back_up(world: &World, kind: &str, change: impl FnOnce(&mut BackupFacts)) -> Started {
    let body = json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": kind}});
    let started = world.call("POST", &World::item("salesdb", "/backup"), Some(body)).await.accepted();
    let mut facts = facts(world.engine().clock.now());
    change(&mut facts);
    world.answer_backup_with(facts).await;
    started
}

async fn list(world: &World, filter: &str) -> Vec<Value> {
    let filter = if filter.is_empty() { String::new() } else { format!("?$filter={}", filter.replace(' ', "%20")) };
    world.call("GET", &World::item("salesdb", &format!("/recoveryPoints{filter}")), None).await.is(200)["value"].as_array().unwrap().clone()
}

fn to(second: &str) -> Value {
    json!({"objectType": "AzureWorkloadSQLPointInTimeRestoreRequest", "pointInTime": second, "recoveryType": "AlternateLocation",
        "targetInfo": {"overwriteOption": "FailOnConflict", "databaseName": "MSSQLSERVER/copy"}, "shouldUseAlternateTargetLocation": true, "isNonRecoverable": false})
}

async fn restore(world: &World, point: &str, properties: &Value) -> super::Answer {
    world.call("POST", &World::item("salesdb", &format!("/recoveryPoints/{point}/restore")), Some(json!({"properties": properties}))).await
}

#[tokio::test]
async fn the_range_is_the_last_point_and_shows_the_seconds_that_can_be_restored() {
    let world = with_a_log().await;
    let all = list(&world, "").await;
    let kinds: Vec<_> = all.iter().map(|p| p["properties"]["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Full", "Log"]);
    let range = &all[1];
    assert_eq!((&range["name"], &range["properties"]["objectType"]), (&json!(RANGE), &json!("AzureWorkloadSQLPointInTimeRecoveryPoint")));
    let whole = json!([{"startTime": "2026-11-25T12:00:10Z", "endTime": "2026-11-25T12:00:40Z"}]);
    assert_eq!(range["properties"]["timeRanges"], whole);
    assert!(range["properties"].get("extendedInfo").is_none());
    let chain = list(&world, "restorePointQueryType eq 'Log' and extendedInfo eq 'True'").await;
    assert_eq!((chain.len(), &chain[0]["properties"]["timeRanges"]), (1, &whole));
    assert_eq!(chain[0]["properties"]["extendedInfo"]["dataDirectoryPaths"][0]["logicalName"], "salesdb");
    let clipped = list(&world, "startDate eq '2026-11-25 12:00:20 PM' and endDate eq '2026-11-25 12:00:30 PM'").await;
    assert_eq!(clipped.len(), 1, "the full is before");
    assert_eq!(clipped[0]["properties"]["timeRanges"], json!([{"startTime": "2026-11-25T12:00:20Z", "endTime": "2026-11-25T12:00:30Z"}]));
    for (word, count) in [("Full", 1), ("Differential", 0), ("FullAndDifferential", 1), ("All", 2), ("Incremental", 0)] {
        assert_eq!(list(&world, &format!("restorePointQueryType eq '{word}'")).await.len(), count, "{word}");
    }
    let one = world.call("GET", &World::item("salesdb", &format!("/recoveryPoints/{RANGE}")), None).await.is(200);
    assert_eq!(one["properties"]["timeRanges"], whole);
}

#[tokio::test]
async fn a_second_is_restored_and_one_outside_is_refused_by_its_field() {
    let world = with_a_log().await;
    let started = restore(&world, RANGE, &to("2026-11-25T12:00:25.000Z")).await.accepted();
    assert_eq!(world.job_of(&started).await["properties"]["operation"], "Restore");
    let command = world.next_command().await;
    let CommandWork::Restore { plan, .. } = &command.work else { panic!() };
    assert_eq!((plan.steps.len(), plan.stop_at), (2, Some("2026-11-25T12:00:25Z".parse().unwrap())));
    agents::finish(world.engine(), &world.agent, command.id, command.generation, &agents::Outcome::Restored { bytes: 1 }).await.unwrap();
    let job = world.job_of(&started).await;
    assert_eq!(job["properties"]["operation"], "Restore (Log)");
    let bag = &job["properties"]["extendedInfo"]["propertyBag"];
    assert_eq!(bag["RestoreRecoveryPointTime"], "2026-11-25 12:00:25Z");
    assert_eq!(
        (&bag["Job Type"], &bag["RestoreDestination"]),
        (&json!("Recovery to an alternate database"), &json!("sqlvm1/MSSQLSERVER/copy"))
    );

    let answer = restore(&world, RANGE, &to("2026-11-25T12:00:50Z")).await;
    assert_eq!(answer.body["error"]["target"], "properties.pointInTime");
    let message = answer.error(400, "UserErrorRestorePointInTimeNotInRange");
    assert!(message.contains("2026-11-25T12:00:40Z"), "the nearest: {message}");
    let mut distinct = to("2026-11-25T12:00:25Z");
    distinct["objectType"] = json!("AzureWorkloadSQLRestoreRequest");
    assert_eq!(restore(&world, RANGE, &distinct).await.body["error"]["target"], "properties.objectType");
    let log = &list(&world, "restorePointQueryType eq 'Log'").await[0]["name"];
    assert_eq!(log, RANGE, "logs have no points of their own");
}

#[tokio::test]
async fn a_validation_answers_what_the_restore_would() {
    let world = with_a_log().await;
    let id = |point: &str| format!("{}{}", vault_id(), World::item("salesdb", &format!("/recoveryPoints/{point}")).replace("%3B", ";"));
    let body = |point: &str, restore: &Value| json!({"id": id(point), "properties": {"objectType": "ValidateAzureWorkloadRestoreOperationRequest", "restoreRequest": restore}});
    let good = world.call("POST", "/backupValidateOperation", Some(body(RANGE, &to("2026-11-25T12:00:25Z")))).await.is(200);
    assert_eq!(good, json!({"validateOperationResponse": {"validationResults": []}}));
    let outside = to("2026-11-25T12:00:50Z");
    let refused = restore(&world, RANGE, &outside).await.body;
    let verdict = world.call("POST", "/backupValidateOperation", Some(body(RANGE, &outside))).await.is(200);
    let result = &verdict["validateOperationResponse"]["validationResults"][0];
    assert_eq!((&result["code"], &result["message"]), (&refused["error"]["code"], &refused["error"]["message"]));

    let started = world.call("POST", "/backupTriggerValidateOperation", Some(body(RANGE, &outside))).await.accepted();
    assert_eq!(world.at("GET", &started.result, None).await.is(200), verdict);
    let status = world.at("GET", &started.status, None).await.is(200);
    assert_eq!((&status["status"], status.get("error")), (&json!("Succeeded"), None));
    assert_eq!(status["properties"]["objectType"], "OperationStatusValidateOperationExtendedInfo");
    assert_eq!(status["properties"]["validateOperationResponse"], verdict["validateOperationResponse"]);
    let plain = world.call("GET", &format!("/backupOperations/{}", started.id), None).await.is(200);
    assert!(plain["status"] == "Succeeded" && plain.get("error").is_none(), "{plain}");

    for (body, field) in [
        (json!({"properties": {}}), "id"),
        (json!({"id": vault_id(), "properties": {}}), "id"),
        (json!({"id": id(RANGE).replace("vault1", "vault2"), "properties": {}}), "id"),
        (json!({"id": id(RANGE)}), "properties"),
        (json!({"id": id(RANGE), "properties": {"objectType": "Banana"}}), "properties.objectType"),
        (body(RANGE, &json!({"objectType": "AzureWorkloadSQLPointInTimeRestoreRequest"})), "properties.restoreRequest.pointInTime"),
    ] {
        let answer = world.call("POST", "/backupValidateOperation", Some(body)).await;
        assert_eq!((answer.status.as_u16(), answer.body["error"]["target"].as_str()), (400, Some(field)), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_plan_shows_what_a_restore_reads_or_why_there_is_none() {
    let world = with_a_log().await;
    let plan = async |query: &str| world.call("GET", &World::item("salesdb", &format!("/restorePlan{query}")), None).await;
    let shown = plan("?at=2026-11-25T12:00:25Z").await.is(200);
    let steps: Vec<_> =
        shown["steps"].as_array().unwrap().iter().map(|s| (s["kind"].as_str().unwrap(), s["time"].as_str().unwrap())).collect();
    assert_eq!(steps, [("Full", "2026-11-25T12:00:10Z"), ("Log", "2026-11-25T12:00:40Z")]);
    assert_eq!((&shown["stopAt"], &shown["sealedBytes"]), (&json!("2026-11-25T12:00:25Z"), &json!(20)));
    let full = list(&world, "restorePointQueryType eq 'Full'").await[0]["name"].as_str().unwrap().to_owned();
    let alone = plan(&format!("?recoveryPoint={full}")).await.is(200);
    assert_eq!((alone["steps"].as_array().unwrap().len(), alone.get("stopAt")), (1, None));
    let outside = plan("?at=2026-11-25T12:00:50Z").await;
    let restore = restore(&world, RANGE, &to("2026-11-25T12:00:50Z")).await;
    let errors = [&outside.body, &restore.body].map(|b| (b["error"]["code"].clone(), b["error"]["message"].clone()));
    assert_eq!((outside.status, &errors[0]), (restore.status, &errors[1]), "the same refusal");
    assert_eq!(plan("").await.body["error"]["target"], "at");
    assert_eq!(plan("?at=noon").await.body["error"]["target"], "at");
}

#[tokio::test]
async fn a_soft_deletion_that_is_set_ahead_does_not_show_before_its_time() {
    let world = with_a_log().await;
    let (now, hours) = (world.engine().clock.now(), jiff::SignedDuration::from_hours);
    let mut tx = world.engine().store.begin().await.unwrap();
    let found = tx.vault(crate::testing::SUBSCRIPTION.parse().unwrap(), &"rg1".into(), &"vault1".into()).await.unwrap().unwrap();
    let item = tx.items(found.id, &Default::default(), &Default::default()).await.unwrap().items.remove(0);
    let mut marks = tx.marks(item.id).await.unwrap();
    for mark in &mut marks {
        mark.soft_deleted = Some(SoftDeleted { at: now + hours(1), purge_at: now + hours(25) });
    }
    tx.mark_points(&marks).await.unwrap();
    tx.commit().await.unwrap();
    let shown = async || list(&world, "restorePointQueryType eq 'Full'").await[0]["properties"]["recoveryPointProperties"].clone();
    assert_eq!(shown().await["isSoftDeleted"], false);
    world.app.clock.advance(2 * 3600);
    assert_eq!(shown().await, json!({"expiryTime": "2026-11-26T13:00:40.0000000Z", "isSoftDeleted": true}));
    restore(&world, RANGE, &to("2026-11-25T12:00:25Z")).await.accepted();
}
