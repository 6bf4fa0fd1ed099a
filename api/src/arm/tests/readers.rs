//! One id is readable through every reader of its vault: whatever started an operation, no reader answers 404, and
//! all agree on how it stands.

use super::archive::with_a_full;
use super::{CONTAINER, Started, World, enable_body, register_body};
use serde_json::{Value, json};

const VAULT: &str =
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.RecoveryServices/vaults/{vaultName}";

/// Readers that answer with what their own kind of operation came to, in a body that no other operation could fill.
const OF_THEIR_OWN: [&str; 2] =
    ["/backupTieringCost/default/operationResults/{operationId}", "/backupstorageconfig/vaultstorageconfig/operationResults/{operationId}"];

/// The readers that `openapi/coverage.toml` names and that are served, as paths below the vault.
fn readers() -> Vec<String> {
    let rows: toml::Table = crate::edge::COVERAGE.parse().unwrap();
    let rows = rows["operation"].as_array().unwrap();
    let text = |row: &toml::Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.iter()
        .filter(|row| text(row, "method") == "GET" && text(row, "status") == "supported")
        .filter_map(|row| text(row, "path").strip_prefix(VAULT).map(str::to_owned))
        .filter(|path| path.ends_with("{operationId}"))
        .collect()
}

fn filled(reader: &str, id: &str) -> String {
    reader
        .replace("{operationId}", id)
        .replace("{fabricName}", "Azure")
        .replace("{containerName}", CONTAINER)
        .replace("{protectedItemName}", "SQLDataBase%3BMSSQLSERVER%3Bsalesdb")
        .replace("{policyName}", "HourlyLogBackup")
        .replace("{privateEndpointConnectionName}", "pe1")
        .replace("{jobName}", &uuid::Uuid::new_v4().to_string())
}

#[tokio::test]
async fn every_reader_of_the_vault_knows_every_kind_of_operation() {
    let readers = readers();
    assert!(readers.len() >= 14, "{readers:#?}");
    let (world, point) = with_a_full().await;
    let kinds = started(&world, &point).await;
    assert!(kinds.len() >= 12);
    for (kind, started) in &kinds {
        let known = world.call("GET", &format!("/backupOperations/{}", started.id), None).await.is(200);
        for reader in &readers {
            let answer = world.call("GET", &filled(reader, &started.id), None).await;
            let status = answer.status.as_u16();
            if status == 404 && OF_THEIR_OWN.contains(&reader.as_str()) {
                continue;
            }
            assert!([200, 202, 204].contains(&status), "{kind} through {reader}: {status} {}", answer.body);
            if let Some(word) = answer.body.get("status").and_then(Value::as_str) {
                assert_eq!(word, known["status"], "{kind} through {reader}");
            } else {
                assert_eq!(status == 202, known["status"] == "InProgress", "{kind} through {reader}: {status}");
            }
        }
        for own in [&started.status, &started.result] {
            let status = world.at("GET", own, None).await.status.as_u16();
            assert!([200, 202, 204].contains(&status), "{kind} at {own}: {status}");
        }
    }
    let nobody = uuid::Uuid::new_v4().to_string();
    for reader in &readers {
        assert_eq!(world.call("GET", &filled(reader, &nobody), None).await.status.as_u16(), 404, "{reader}");
    }
}

/// One of each kind that a client can start; all have ended.
async fn started(world: &World, point: &str) -> Vec<(&'static str, Started)> {
    let container = format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}");
    let mut kinds = Vec::new();
    kinds.push(("refresh", world.call("POST", "/backupFabrics/Azure/refreshContainers", None).await.accepted()));
    kinds.push(("inquire", world.call("POST", &format!("{container}/inquire"), None).await.accepted()));
    world.answer_inquiry().await;
    let mut again = register_body();
    again["properties"]["operationType"] = json!("Reregister");
    kinds.push(("register", world.call("PUT", &container, Some(again)).await.accepted()));
    world.answer_inquiry().await;
    kinds.push(("protect", world.call("PUT", &World::item("salesdb", ""), Some(enable_body())).await.accepted()));
    world.run_tasks().await;
    let policy = world.call("GET", "/backupPolicies/HourlyLogBackup", None).await.is(200);
    kinds.push(("policy", world.call("PUT", "/backupPolicies/HourlyLogBackup", Some(policy)).await.accepted()));
    world.run_tasks().await;
    let backup = json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "CopyOnlyFull"}});
    let backup = world.call("POST", &World::item("salesdb", "/backup"), Some(backup)).await.accepted();
    let job = world.job_of(&backup).await["name"].as_str().unwrap().to_owned();
    kinds.push(("backup", backup));
    kinds.push(("cancel", world.call("POST", &format!("/backupJobs/{job}/cancel"), None).await.accepted()));
    let restore = json!({"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation", "targetInfo": {"databaseName": "MSSQLSERVER/copy"}}});
    let at = World::item("salesdb", &format!("/recoveryPoints/{point}"));
    kinds.push(("restore", world.call("POST", &format!("{at}/restore"), Some(restore.clone())).await.accepted()));
    let validation = json!({"id": format!("{}{}", super::vault_id(), at.replace("%3B", ";")),
        "properties": {"objectType": "ValidateAzureWorkloadRestoreOperationRequest", "restoreRequest": restore["properties"]}});
    kinds.push(("validation", world.call("POST", "/backupTriggerValidateOperation", Some(validation)).await.accepted()));
    kinds.push(("export", world.call("POST", "/backupJobsExport", None).await.accepted()));
    world.app.clock.advance(45 * 24 * 3600);
    let tiers = json!({"sourceTierType": "HardenedRP", "targetTierType": "ArchivedRP"});
    kinds.push(("move", world.call("POST", &format!("{at}/move"), Some(tiers)).await.accepted()));
    kinds.push(("delete", world.call("DELETE", &World::item("salesdb", ""), None).await.accepted()));
    world.run_tasks().await;
    kinds.push(("unregister", world.call("DELETE", &container, None).await.accepted()));
    kinds
}
