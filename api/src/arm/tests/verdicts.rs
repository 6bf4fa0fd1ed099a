//! Validation says of a restore what the restore itself is answered right after it: the same code, whatever is
//! wrong with the request.

use super::archive::with_a_full;
use super::{World, vault_id};
use serde_json::{Value, json};

/// How many twists there are beside that of nothing.
const ALONE: usize = 30;

/// Every way in which a request can go, alone and in twos.
fn requests() -> Vec<(String, Value)> {
    let base = json!({"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation",
        "targetInfo": {"overwriteOption": "Overwrite", "databaseName": "MSSQLSERVER/copy"}});
    let path =
        |kind: &str, name: &str, to: &str| json!({"mappingType": kind, "sourceLogicalName": name, "sourcePath": "x", "targetPath": to});
    let twists: Vec<(&str, Value)> = vec![
        ("nothing", json!({})),
        ("original", json!({"recoveryType": "OriginalLocation"})),
        ("an unknown type", json!({"recoveryType": "Elsewhere"})),
        ("disks", json!({"recoveryType": "RestoreDisks"})),
        ("an unknown object", json!({"objectType": "Banana"})),
        ("another workload", json!({"objectType": "IaasVMRestoreRequest"})),
        ("no object", json!({"objectType": null})),
        (
            "a time without a range",
            json!({"objectType": "AzureWorkloadSQLPointInTimeRestoreRequest", "pointInTime": "2020-01-01T00:00:00Z"}),
        ),
        ("no time", json!({"objectType": "AzureWorkloadSQLPointInTimeRestoreRequest"})),
        ("no database", json!({"targetInfo": {"overwriteOption": "Overwrite"}})),
        ("no instance", json!({"targetInfo": {"databaseName": "copy"}})),
        ("an unknown instance", json!({"targetInfo": {"databaseName": "OTHER/copy"}})),
        ("the original name", json!({"targetInfo": {"overwriteOption": "FailOnConflict", "databaseName": "MSSQLSERVER/salesdb"}})),
        ("an odd overwrite", json!({"targetInfo": {"overwriteOption": "Maybe", "databaseName": "MSSQLSERVER/copy"}})),
        (
            "an unknown server",
            json!({"targetInfo": {"containerId": "VMAppContainer;Compute;rg1;other", "databaseName": "MSSQLSERVER/copy"}}),
        ),
        (
            "another vault",
            json!({"targetInfo": {"containerId": format!("{}2/backupFabrics/Azure/protectionContainers/VMAppContainer;Compute;rg1;sqlvm1", vault_id()), "databaseName": "MSSQLSERVER/copy"}}),
        ),
        ("an old name", json!({"targetInfo": {"ContainerName": "vmappcontainer;compute;RG1;SQLVM1", "DatabaseName": "mssqlserver/copy"}})),
        ("files", json!({"recoveryMode": "FileRecovery", "targetInfo": {"targetDirectoryForFileRestore": "C:\\x"}})),
        ("files nowhere", json!({"recoveryMode": "FileRecovery", "targetInfo": {"targetDirectoryForFileRestore": " "}})),
        ("files without a folder", json!({"recoveryMode": "FileRecovery", "targetInfo": {}})),
        ("snapshots", json!({"recoveryMode": "SnapshotAttach"})),
        ("a file of the backup", json!({"alternateDirectoryPaths": [path("Data", "salesdb", "D:\\new.mdf")]})),
        ("an unknown file", json!({"alternateDirectoryPaths": [path("Data", "hrdb", "D:\\new.mdf")]})),
        (
            "an unknown file, with fallback",
            json!({"alternateDirectoryPaths": [path("Data", "hrdb", "D:\\new.mdf")], "isFallbackOnDefaultDirectoryEnabled": true}),
        ),
        ("a wrong kind", json!({"alternateDirectoryPaths": [path("Log", "salesdb", "D:\\new.mdf")]})),
        ("an odd kind", json!({"alternateDirectoryPaths": [path("Odd", "salesdb", "D:\\new.mdf")]})),
        ("a file twice", json!({"alternateDirectoryPaths": [path("Data", "salesdb", "D:\\a"), path("Data", "salesdb", "D:\\b")]})),
        ("no place", json!({"alternateDirectoryPaths": [path("Data", "salesdb", "")]})),
        (
            "rehydration",
            json!({"objectType": "AzureWorkloadSQLRestoreWithRehydrateRequest", "recoveryPointRehydrationInfo": {"rehydrationPriority": "High", "rehydrationRetentionDuration": "P10D"}}),
        ),
        ("rehydration without a time", json!({"objectType": "AzureWorkloadSQLRestoreWithRehydrateRequest"})),
        ("NORECOVERY", json!({"isNonRecoverable": true})),
    ];
    assert_eq!(twists.len(), ALONE + 1);
    let merged = |with: &[&Value]| {
        let mut all = base.clone();
        for (key, value) in with.iter().flat_map(|twist| twist.as_object().unwrap()) {
            all[key] = value.clone();
        }
        all
    };
    let mut requests = Vec::new();
    for (n, (name, twist)) in twists.iter().enumerate() {
        for (other, second) in &twists[n..] {
            requests.push((format!("{name} + {other}"), merged(&[twist, second])));
        }
    }
    requests
}

/// What the restore comes to: its refusal, or the failure that its job begins with.
async fn triggered(world: &World, point: &str, properties: &Value) -> Option<String> {
    let path = World::item("salesdb", &format!("/recoveryPoints/{point}/restore"));
    let answer = world.call("POST", &path, Some(json!({ "properties": properties }))).await;
    assert!(answer.status.as_u16() < 500, "{}", answer.body);
    if answer.status.as_u16() != 202 {
        return Some(answer.body["error"]["code"].as_str().unwrap().to_owned());
    }
    let started = answer.accepted();
    let job = world.job_of(&started).await;
    if job["properties"]["status"] == "InProgress" {
        world.call("POST", &format!("/backupJobs/{}/cancel", job["name"].as_str().unwrap()), None).await.accepted();
    }
    job["properties"]["errorDetails"][0]["errorTitle"].as_str().map(str::to_owned)
}

/// What validation says: its verdict, or why the request cannot be read.
async fn validated(world: &World, point: &str, properties: &Value) -> Option<String> {
    let id = format!("{}{}", vault_id(), World::item("salesdb", &format!("/recoveryPoints/{point}")).replace("%3B", ";"));
    let body =
        json!({"id": id, "properties": {"objectType": "ValidateAzureWorkloadRestoreOperationRequest", "restoreRequest": properties}});
    let at_once = world.call("POST", "/backupValidateOperation", Some(body.clone())).await;
    if at_once.status.as_u16() != 200 {
        let by_operation = world.call("POST", "/backupTriggerValidateOperation", Some(body)).await;
        assert_eq!(at_once.body["error"], by_operation.body["error"]);
        return Some(at_once.body["error"]["code"].as_str().unwrap().to_owned());
    }
    let verdict = at_once.body["validateOperationResponse"]["validationResults"][0]["code"].as_str().map(str::to_owned);
    let started = world.call("POST", "/backupTriggerValidateOperation", Some(body)).await.accepted();
    let result = world.at("GET", &started.result, None).await.is(200);
    assert_eq!(result, at_once.body);
    verdict
}

#[tokio::test]
async fn validation_and_restore_come_to_the_same() {
    let (world, point) = with_a_full().await;
    let requests = requests();
    let (mut refused, mut accepted) = (0, 0);
    for (n, (name, properties)) in requests.iter().enumerate() {
        // Twists in twos are asked of the point that is there, each alone also of others: the first are those of nothing and another.
        let others: &[&str] = if n <= ALONE { &["DefaultRangeRecoveryPoint", "100000000000000"] } else { &[] };
        for point in std::iter::once(point.as_str()).chain(others.iter().copied()) {
            let said = validated(&world, point, properties).await;
            let done = triggered(&world, point, properties).await;
            assert_eq!(said, done, "{name} of {point}");
            if done.is_some() { refused += 1 } else { accepted += 1 }
        }
    }
    assert!(requests.len() > 400 && refused > 400 && accepted > 20, "{} requests: {refused} refused, {accepted} accepted", requests.len());
    // Over a target that a restore runs on, too.
    let path = World::item("salesdb", &format!("/recoveryPoints/{point}/restore"));
    let plain = &requests[0].1;
    world.call("POST", &path, Some(json!({ "properties": plain }))).await.accepted();
    let said = validated(&world, &point, plain).await;
    assert_eq!(said.as_deref(), Some("UserErrorRestoreOperationInProgress"));
    assert_eq!(triggered(&world, &point, plain).await, said);
}
