//! The archive tier on the wire: readiness, the move, tiers, the restore that brings a point back.

use super::{Answer, World};
use http::StatusCode;
use rsvault_engine::reconcile;
use serde_json::{Value, json};

const DAY: i64 = 24 * 3600;

/// A world with one full of `salesdb` that is kept for years.
pub(super) async fn with_a_full() -> (World, String) {
    let world = World::new().await;
    world.register().await;
    world.protect("salesdb").await;
    let body = json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full", "recoveryPointExpiryTimeInUTC": "2036-11-25T12:00:00Z"}});
    world.call("POST", &World::item("salesdb", "/backup"), Some(body)).await.accepted();
    world.answer_backup().await;
    let points = world.call("GET", &World::item("salesdb", "/recoveryPoints"), None).await.is(200);
    let name = points["value"][0]["name"].as_str().unwrap().to_owned();
    (world, name)
}
async fn pass(world: &World, seconds: i64) {
    world.app.clock.advance(seconds);
    world.run_tasks().await;
    reconcile::round(world.engine()).await.unwrap();
}
async fn listed(world: &World) -> Value {
    world.call("GET", &World::item("salesdb", "/recoveryPoints"), None).await.is(200)["value"][0]["properties"].clone()
}
async fn post(world: &World, point: &str, action: &str, body: Value) -> Answer {
    world.call("POST", &World::item("salesdb", &format!("/recoveryPoints/{point}/{action}")), Some(body)).await
}
fn tiers() -> Value {
    json!({"sourceTierType": "HardenedRP", "targetTierType": "ArchivedRP"})
}
fn restore(object: &str, rehydration: Option<Value>) -> Value {
    let mut properties = json!({"objectType": object, "recoveryType": "AlternateLocation", "targetInfo": {"overwriteOption": "FailOnConflict", "databaseName": "MSSQLSERVER/copy"}});
    if let Some(info) = rehydration {
        properties["recoveryPointRehydrationInfo"] = info;
    }
    json!({ "properties": properties })
}

#[tokio::test]
async fn a_point_says_whether_it_may_move_and_why_not() {
    let (world, point) = with_a_full().await;
    let young = listed(&world).await;
    assert_eq!(young["recoveryPointTierDetails"], json!([{"type": "HardenedRP", "status": "Valid"}]));
    let info = &young["recoveryPointMoveReadinessInfo"]["ArchivedRP"];
    assert_eq!(info["isReadyForMove"], false);
    assert!(info["additionalInfo"].as_str().unwrap().contains("2027-01-09"), "{info}");
    post(&world, &point, "move", tiers()).await.error(400, "UserErrorRecoveryPointNotReadyForMove");
    pass(&world, 45 * DAY).await;
    assert_eq!(
        listed(&world).await["recoveryPointMoveReadinessInfo"],
        json!({"ArchivedRP": {"isReadyForMove": true, "additionalInfo": ""}})
    );
    let single = world.call("GET", &World::item("salesdb", &format!("/recoveryPoints/{point}")), None).await.is(200);
    assert_eq!(single["properties"]["recoveryPointMoveReadinessInfo"]["ArchivedRP"]["isReadyForMove"], true);
}

#[tokio::test]
async fn a_move_takes_both_forms_of_its_body_and_no_other_way() {
    let (world, point) = with_a_full().await;
    pass(&world, 45 * DAY).await;
    for (body, target) in [
        (json!({}), "sourceTierType"),
        (json!({"sourceTierType": "HardenedRP"}), "targetTierType"),
        (json!({"sourceTierType": "ArchivedRP", "targetTierType": "HardenedRP"}), "sourceTierType"),
        (json!({"properties": {"sourceTierType": "HardenedRP", "targetTierType": "Moon"}}), "properties.targetTierType"),
        (json!({"properties": {"sourceTierType": "InstantRP", "targetTierType": "ArchivedRP"}}), "properties.sourceTierType"),
    ] {
        let answer = post(&world, &point, "move", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        assert_eq!(answer.body["error"]["target"], target);
    }
    post(&world, "DefaultRangeRecoveryPoint", "move", tiers()).await.error(400, "UserErrorRecoveryPointNotReadyForMove");
    post(&world, "1", "move", tiers()).await.error(404, "BMSUserErrorRecoveryPointNotFound");
    let answer = post(&world, &point, "move", json!({ "properties": tiers() })).await;
    assert_eq!(answer.body, Value::Null);
    let started = answer.accepted();
    assert!(started.status.contains("/protectedItems/") && started.status.contains("/operationsStatus/"), "{}", started.status);
    let job = world.job_of(&started).await;
    assert_eq!(job["name"], started.id.as_str(), "the job has the operation's id");
    let of = &job["properties"];
    assert_eq!((&of["operation"], &of["status"]), (&json!("MoveRecoveryPoint"), &json!("InProgress")));
    assert_eq!(of["extendedInfo"]["tasksList"], json!([]));
    assert_eq!(of["extendedInfo"]["propertyBag"], json!({"Recovery Point Time": "2026-11-25 12:00:00Z"}));
    assert!(of.get("actionsInfo").is_none(), "{of}");
    post(&world, &point, "move", tiers()).await.error(400, "UserErrorRecoveryPointNotReadyForMove");
    pass(&world, 60).await;
    assert_eq!(world.job_of(&started).await["properties"]["status"], "Completed");
    let archived = listed(&world).await;
    assert_eq!(archived["recoveryPointTierDetails"], json!([{"type": "ArchivedRP", "status": "Valid"}]));
    assert_eq!(archived["recoveryPointMoveReadinessInfo"]["ArchivedRP"]["isReadyForMove"], false);
}

#[tokio::test]
async fn an_archived_point_comes_back_by_its_own_request_alone() {
    let (world, point) = with_a_full().await;
    pass(&world, 45 * DAY).await;
    let high = json!({"rehydrationRetentionDuration": "P15D", "rehydrationPriority": "High"});
    let with = "AzureWorkloadSQLRestoreWithRehydrateRequest";
    post(&world, &point, "restore", restore(with, Some(high.clone()))).await.error(400, "BMSUserErrorInvalidRestoreRequest");
    post(&world, &point, "move", tiers()).await.accepted();
    pass(&world, 60).await;
    let refused = post(&world, &point, "restore", restore("AzureWorkloadSQLRestoreRequest", None)).await;
    let told = refused.error(400, "UserErrorRecoveryPointInArchiveTier");
    assert!(told.contains(with), "{told}");
    post(&world, &point, "restore", restore("AzureWorkloadSQLRestoreRequest", Some(high.clone())))
        .await
        .error(400, "BMSUserErrorInvalidInput");
    let started = post(&world, &point, "restore", restore(with, Some(high))).await.accepted();
    let job = world.job_of(&started).await;
    assert_eq!(job["properties"]["operation"], "RestoreWithRehydrate");
    let task = |id: &str, status: &str| json!({"taskId": id, "taskType": "Normal", "status": status});
    let rehydrate = "Rehydrate from Archive storage";
    assert_eq!(job["properties"]["extendedInfo"]["tasksList"], json!([task(rehydrate, "InProgress")]));
    pass(&world, 3600).await;
    let job = world.job_of(&started).await;
    assert_eq!(
        job["properties"]["extendedInfo"]["tasksList"],
        json!([task(rehydrate, "Completed"), task("Transfer data from vault", "InProgress")])
    );
    assert_eq!(job["properties"]["extendedInfo"]["propertyBag"]["Job Type"], "Recovery to an alternate database");
    let tier = &listed(&world).await["recoveryPointTierDetails"][0];
    assert_eq!((&tier["type"], &tier["status"]), (&json!("ArchivedRP"), &json!("Rehydrated")));
    assert_eq!(tier["extendedInfo"]["RehydratedRPExpiryTime"], "2027-01-24T13:01:00.0000000Z");
    pass(&world, 15 * DAY).await;
    assert_eq!(listed(&world).await["recoveryPointTierDetails"], json!([{"type": "ArchivedRP", "status": "Valid"}]));
}
