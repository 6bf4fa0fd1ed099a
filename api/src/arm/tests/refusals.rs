//! What a client can send wrongly: a 4xx each, with the field, the rule and the cure.

use super::{CONTAINER, World, enable_body};
use crate::testing::SUBSCRIPTION;
use rsvault_domain::fault::JobFault;
use rsvault_engine::agents;
use serde_json::json;

#[tokio::test]
async fn filters_and_tokens_that_cannot_be_read_are_400() {
    let world = World::new().await;
    let lists = [
        "/backupJobs",
        "/backupPolicies",
        "/backupProtectedItems",
        "/backupProtectableItems",
        "/backupProtectionContainers",
        "/backupProtectionIntents",
        "/backupDeletedProtectionContainers",
    ];
    for list in lists {
        for filter in [
            "colour%20eq%20'red'",
            "backupManagementType%20ne%20'x'",
            "backupManagementType%20eq%20'Banana'",
            "backupManagementType%20eq%20'AzureWorkload",
        ] {
            let message = world.call("GET", &format!("{list}?$filter={filter}"), None).await.error(400, "BMSUserErrorInvalidInput");
            assert!(message.starts_with("$filter"), "{list} {filter}: {message}");
        }
    }
    let dated = world.call("GET", "/backupJobs?$filter=startTime%20eq%20'2026-13-45'", None).await.error(400, "BMSUserErrorInvalidInput");
    assert!(dated.contains("'startTime'") && dated.contains("yyyy-MM-dd"), "{dated}");
    world.call("GET", "/backupJobs?$skipToken=%25%25", None).await.error(400, "InvalidSkipToken");
}

#[tokio::test]
async fn names_and_ids_that_mean_nothing_are_refused() {
    let world = World::new().await;
    world.call("GET", "/backupFabrics/Azure/protectionContainers/banana", None).await.error(400, "BMSUserErrorInvalidContainerName");
    world
        .call("GET", &format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}"), None)
        .await
        .error(404, "BMSUserErrorContainerObjectNotFound");
    world.call("GET", &format!("/backupFabrics/Moon/protectionContainers/{CONTAINER}"), None).await.error(400, "BMSUserErrorInvalidInput");
    world.call("GET", "/backupJobs/banana", None).await.error(404, "ResourceNotFound");
    world.call("GET", "/backupOperations/banana", None).await.error(404, "ResourceNotFound");
    world.call("GET", "/backupOperations/00000000-0000-0000-0000-000000000001", None).await.error(404, "BMSUserErrorOperationNotFound");
    let other = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.RecoveryServices/vaults/none");
    world.at("GET", &other, None).await.error(404, "ResourceNotFound");
}

#[tokio::test]
async fn bodies_are_refused_by_field() {
    let world = World::new().await;
    world.register().await;
    world.protect("salesdb").await;
    let container = format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}");
    let cases = [
        ("PUT", String::new(), json!({"location": "westeurope", "sku": {"name": "Gold"}}), "sku.name"),
        (
            "PATCH",
            String::new(),
            json!({"properties": {"redundancySettings": {"standardTierStorageRedundancy": "Moon"}}}),
            "properties.redundancySettings.standardTierStorageRedundancy",
        ),
        (
            "PATCH",
            "/backupconfig/vaultconfig".into(),
            json!({"properties": {"softDeleteFeatureState": "Perhaps"}}),
            "properties.softDeleteFeatureState",
        ),
        (
            "PATCH",
            "/backupconfig/vaultconfig".into(),
            json!({"properties": {"softDeleteRetentionPeriodInDays": 5}}),
            "properties.softDeleteRetentionPeriodInDays",
        ),
        ("PUT", container.clone(), json!({"properties": {"containerType": "Banana"}}), "properties.containerType"),
        (
            "PUT",
            World::item("hrdb", ""),
            json!({"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": "nonsense"}}),
            "properties.policyId",
        ),
        (
            "POST",
            World::item("salesdb", "/backup"),
            json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Sideways"}}),
            "properties.backupType",
        ),
        (
            "POST",
            World::item("salesdb", "/backup"),
            json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full", "recoveryPointExpiryTimeInUTC": "soon"}}),
            "properties.recoveryPointExpiryTimeInUTC",
        ),
        (
            "POST",
            World::item("salesdb", "/backup"),
            json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Incremental"}}),
            "properties.backupType",
        ),
        (
            "PUT",
            "/backupPolicies/mine".into(),
            json!({"properties": {"backupManagementType": "AzureWorkload", "workLoadType": "SQLDataBase", "subProtectionPolicy": [{"policyType": "Hourly"}]}}),
            "properties.subProtectionPolicy[0].policyType",
        ),
    ];
    for (method, path, body, field) in cases {
        let answer = world.call(method, &path, Some(body)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body["error"]["target"].as_str()),
            (400, Some(field)),
            "{method} {path}: {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_database_nobody_has_seen_cannot_be_protected() {
    let world = World::new().await;
    let unregistered = world.call("PUT", &World::item("salesdb", ""), Some(enable_body())).await;
    unregistered.error(400, "BMSUserErrorInvalidConfigureProtectionRequest");
    world.register().await;
    world.call("PUT", &World::item("nodb", ""), Some(enable_body())).await.error(400, "BMSUserErrorInvalidConfigureProtectionRequest");
}

#[tokio::test]
async fn a_failed_registration_is_a_4xx_on_its_result_and_a_failed_status() {
    let world = World::new().await;
    let put =
        world.call("PUT", &format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}"), Some(super::register_body())).await.accepted();
    let command = world.next_command().await;
    let fault = JobFault::catalogue("WorkloadExtensionNotReachable", "");
    agents::finish(world.engine(), &world.agent, command.id, command.generation, &agents::Outcome::Failed(fault)).await.unwrap();
    let message = world.at("GET", &put.result, None).await.error(400, "WorkloadExtensionNotReachable");
    assert!(message.contains("agent"), "{message}");
    let status = world.call("GET", &format!("/backupOperations/{}", put.id), None).await.is(200);
    assert_eq!((&status["status"], &status["error"]["code"]), (&json!("Failed"), &json!("WorkloadExtensionNotReachable")));
    assert!(status.get("properties").is_none());
}

#[tokio::test]
async fn a_trigger_sent_again_is_the_same_trigger() {
    let world = World::new().await;
    world.register().await;
    world.protect("salesdb").await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let request = http::Request::post(format!("{}{}?api-version=2026-08-01", super::vault_id(), World::item("salesdb", "/backup")))
            .header("host", "localhost:8443")
            .header("authorization", format!("Bearer {}", world.app.token("owner")))
            .header("x-ms-client-request-id", "the-same")
            .body(axum::body::Body::from(
                json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full"}}).to_string(),
            ))
            .unwrap();
        let (status, headers, body) = crate::testing::read(world.app.send(request).await).await;
        ids.push(super::Answer { status, headers, body }.accepted().id);
    }
    assert_eq!(ids[0], ids[1]);
    let jobs = world.call("GET", "/backupJobs?$filter=operation%20eq%20'Backup'", None).await.is(200);
    assert_eq!(jobs["value"].as_array().unwrap().len(), 1);
    assert_eq!(jobs["value"][0]["properties"]["activityId"], "the-same");
}
