//! The main job, as the Azure CLI goes about it.

use super::{CONTAINER, World, enable_body, register_body, vault_id, vm_id};
use rsvault_domain::work::CommandWork;
use rsvault_engine::agents;
use serde_json::{Value, json};

#[tokio::test]
async fn a_server_is_refreshed_registered_and_given_up() {
    let world = World::new().await;
    let filter = "?$filter=backupManagementType%20eq%20'AzureWorkload'";
    let protectable = format!("/backupFabrics/Azure/protectableContainers{filter}");
    assert_eq!(world.call("GET", &protectable, None).await.is(200), json!({"value": []}));

    let refreshed = world.call("POST", &format!("/backupFabrics/Azure/refreshContainers{filter}"), None).await;
    assert_eq!(refreshed.body, Value::Null);
    assert_eq!(world.at("GET", &refreshed.accepted().result, None).await.is(204), Value::Null);
    assert_eq!(world.at("GET", &refreshed.accepted().status, None).await.is(200)["status"], "Succeeded");
    let seen = world.call("GET", &protectable, None).await.is(200);
    assert_eq!(seen["value"][0]["name"], "VMAppContainer;Compute;rg1;sqlvm1");
    assert_eq!(seen["value"][0]["properties"]["containerId"], vm_id());

    let put = world.call("PUT", &format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}"), Some(register_body())).await;
    assert_eq!(put.body, json!({}), "the client reads JSON here");
    let started = put.accepted();
    let running = world.at("GET", &started.result, None).await;
    assert_eq!((running.accepted().id, &running.body), (started.id.clone(), &json!({})));
    world.answer_inquiry().await;
    let container = world.at("GET", &started.result, None).await.is(200);
    assert!(container.get("type").is_none(), "the result of a registration has no type");
    assert_eq!(container["properties"]["registrationStatus"], "Registered");
    let detail = &container["properties"]["extendedInfo"]["inquiryInfo"]["inquiryDetails"][0];
    assert_eq!((&detail["itemCount"], &detail["inquiryValidation"]["status"]), (&json!(3), &json!("Success")));
    let status = world.at("GET", &started.status, None).await;
    assert_eq!(status.header("retry-after"), "1");
    assert_eq!(status.is(200)["status"], "Succeeded");

    // `+` for blanks, other casing of value and path: what the older client sends.
    let list = world
        .call(
            "GET",
            "/BackupProtectionContainers?%24filter=backupManagementType+eq+%27AzureWorkLoad%27+and+status+eq+%27Registered%27",
            None,
        )
        .await
        .is(200);
    assert_eq!(list["value"][0]["type"], "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers");
    let none = world.call("GET", "/backupProtectionContainers?$filter=backupManagementType%20eq%20'AzureIaasVM'", None).await.is(200);
    assert_eq!(none, json!({"value": []}));
    assert_eq!(world.call("GET", &protectable, None).await.is(200), json!({"value": []}), "a registered server is not protectable");

    let gone = world.call("DELETE", &format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}"), None).await.accepted();
    assert_eq!(world.at("GET", &gone.result, None).await.is(204), Value::Null);
    assert_eq!(world.call("GET", &format!("/backupOperations/{}", gone.id), None).await.is(200)["status"], "Succeeded");
}

#[tokio::test]
async fn what_inquiry_has_found_is_listed_until_it_is_protected() {
    let world = World::new().await;
    world.register().await;
    let filter = "$filter=backupManagementType%20eq%20'AzureWorkload'%20and%20workloadType%20eq%20'SQLDataBase'";
    let names = |list: Value| list["value"].as_array().unwrap().iter().map(|i| i["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let list = world.call("GET", &format!("/backupProtectableItems?{filter}"), None).await.is(200);
    assert_eq!(
        list["value"][1]["id"],
        format!(
            "{}/backupFabrics/Azure/protectionContainers/vmappcontainer;compute;rg1;sqlvm1/protectableItems/sqldatabase;mssqlserver;hrdb",
            vault_id()
        )
    );
    assert_eq!(list["value"][0]["properties"]["subinquireditemcount"], 3);
    assert_eq!(list["value"][1]["properties"]["IsProtectable"], true);
    assert_eq!(
        names(list),
        ["sqlinstance;mssqlserver", "sqldatabase;mssqlserver;hrdb", "sqldatabase;mssqlserver;master", "sqldatabase;mssqlserver;salesdb"]
    );
    world.protect("salesdb").await;
    let left = world.call("GET", &format!("/backupProtectableItems?{filter}"), None).await.is(200);
    assert_eq!(names(left), ["sqlinstance;mssqlserver", "sqldatabase;mssqlserver;hrdb", "sqldatabase;mssqlserver;master"]);
    let hana = world.call("GET", "/backupProtectableItems?$filter=workloadType%20eq%20'SAPHanaDatabase'", None).await.is(200);
    assert_eq!(hana, json!({"value": []}));
    let items = world
        .call(
            "GET",
            &format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}/items?$filter=workloadItemType%20eq%20'SQLInstance'"),
            None,
        )
        .await
        .is(200);
    assert_eq!(items["value"][0]["name"], "SQLInstance;MSSQLSERVER");
    assert_eq!(
        items["value"][0]["properties"]["dataDirectoryPaths"],
        json!([{"type": "Data", "path": "F:\\data\\"}, {"type": "Log", "path": "G:\\log\\"}])
    );
    assert_eq!(items["value"].as_array().unwrap().len(), 1);
    let intents = world.call("GET", "/backupProtectionIntents?$filter=backupManagementType%20eq%20'AzureWorkload'%20and%20itemName%20eq%20'MSSQLSERVER'%20and%20itemType%20eq%20'SQLInstance'%20and%20parentName%20eq%20'x'", None).await;
    assert_eq!(intents.is(200), json!({"value": []}));
    let inquired =
        world.call("POST", &format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}/inquire?{filter}"), None).await.accepted();
    world.answer_inquiry().await;
    assert_eq!(world.at("GET", &inquired.result, None).await.is(204), Value::Null);
}

#[tokio::test]
async fn a_database_is_protected_backed_up_and_restored() {
    let world = World::new().await;
    world.register().await;

    // Protect.
    let put = world.call("PUT", &World::item("salesdb", ""), Some(enable_body())).await;
    assert_eq!(put.body, Value::Null);
    let started = put.accepted();
    let running = world.call("GET", &format!("/backupOperations/{}", started.id), None).await.is(200);
    assert_eq!((&running["status"], &running["endTime"]), (&json!("InProgress"), &json!("0001-01-01T00:00:00Z")));
    assert!(running.get("properties").is_none());
    world.at("GET", &started.result, None).await.accepted();
    world.run_tasks().await;
    let job = world.job_of(&started).await;
    assert_eq!((&job["properties"]["operation"], &job["properties"]["status"]), (&json!("ConfigureBackup"), &json!("Completed")));
    assert_eq!(job["properties"]["extendedInfo"]["tasksList"], json!([]));
    let item = world.at("GET", &started.result, None).await.is(200);
    assert_eq!(
        item["id"],
        format!(
            "{}/backupFabrics/Azure/protectionContainers/VMAppContainer;Compute;rg1;sqlvm1/protectedItems/SQLDataBase;MSSQLSERVER;salesdb",
            vault_id()
        )
    );
    assert_eq!(
        (&item["properties"]["protectionState"], &item["properties"]["protectedItemHealthStatus"]),
        (&json!("IRPending"), &json!("IRPending"))
    );
    assert_eq!(item["properties"].get("lastRecoveryPoint"), Some(&Value::Null), "the key is always there");
    assert_eq!(item["properties"]["containerName"], "VMAppContainer;Compute;rg1;sqlvm1");
    let points = world.call("GET", &World::item("salesdb", "/recoveryPoints"), None).await.is(200);
    assert_eq!(points["value"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&points["value"][0]["name"], &points["value"][0]["properties"]["timeRanges"]),
        (&json!("DefaultRangeRecoveryPoint"), &json!([]))
    );

    // Back up: the operation has succeeded at once, the job runs on.
    let body = json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full", "enableCompression": false, "recoveryPointExpiryTimeInUTC": "2027-01-09T12:00:00Z"}});
    let backup = world.call("POST", &World::item("salesdb", "/backup"), Some(body)).await;
    assert_eq!(backup.body, Value::Null);
    let backup = backup.accepted();
    let job = world.job_of(&backup).await;
    assert_eq!((&job["properties"]["operation"], &job["properties"]["status"]), (&json!("Backup (Full)"), &json!("InProgress")));
    assert_eq!(
        job["properties"]["extendedInfo"]["tasksList"],
        json!([{"taskId": "Transfer data to vault", "taskType": "Normal", "status": "InProgress"}])
    );
    assert!(job["properties"].get("endTime").is_none());
    assert_eq!(job["properties"]["entityFriendlyName"], "salesdb [sqlvm1]");
    world.app.clock.advance(72);
    world.answer_backup().await;
    let job = world.job_of(&backup).await;
    assert_eq!((&job["properties"]["status"], &job["properties"]["duration"]), (&json!("Completed"), &json!("PT1M12S")));
    assert_eq!(job["properties"]["actionsInfo"], json!(["Cancellable"]));
    let item = world.call("GET", &World::item("salesdb", ""), None).await.is(200);
    assert_eq!((&item["properties"]["protectionState"], &item["properties"]["lastBackupStatus"]), (&json!("Protected"), &json!("Healthy")));
    assert_eq!(
        (&item["properties"]["extendedInfo"]["recoveryPointCount"], &item["properties"]["lastRecoveryPoint"]),
        (&json!(1), &json!("2026-11-25T12:01:12Z"))
    );
    let points = world.call("GET", &World::item("salesdb", "/recoveryPoints"), None).await.is(200);
    assert_eq!(points["value"][1]["name"], "DefaultRangeRecoveryPoint");
    let point = points["value"][0]["name"].as_str().unwrap().to_owned();
    assert_eq!(points["value"][0]["properties"]["recoveryPointTimeInUTC"], points["value"][0]["properties"]["recoveryPointTimeInUtc"]);
    assert_eq!(points["value"][0]["properties"]["recoveryPointProperties"]["expiryTime"], "2027-01-09T12:00:00.0000000Z");
    let log = world
        .call(
            "GET",
            &World::item("salesdb", "/recoveryPoints?$filter=restorePointQueryType%20eq%20'Log'%20and%20extendedInfo%20eq%20'True'"),
            None,
        )
        .await
        .is(200);
    assert_eq!(log["value"].as_array().unwrap().len(), 1);
    assert_eq!(log["value"][0]["properties"]["extendedInfo"]["dataDirectoryPaths"][0]["logicalName"], "salesdb");
    let single = world.call("GET", &World::item("salesdb", &format!("/recoveryPoints/{point}")), None).await.is(200);
    assert!(single["properties"].get("recoveryPointProperties").is_none());
    assert_eq!(single["properties"]["extendedInfo"]["dataDirectoryPaths"][0]["path"], "F:\\data\\salesdb.mdf");

    // Restore under another name.
    let container = item["id"].as_str().unwrap().split("/protectedItems/").next().unwrap().to_owned();
    let body = json!({"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation", "sourceResourceId": vm_id(),
        "targetInfo": {"overwriteOption": "Overwrite", "containerId": container, "databaseName": "MSSQLSERVER/salesdb_restored"}, "targetVirtualMachineId": vm_id(),
        "shouldUseAlternateTargetLocation": true, "isNonRecoverable": false,
        "alternateDirectoryPaths": [{"mappingType": "Data", "sourceLogicalName": "salesdb", "sourcePath": "F:\\data\\salesdb.mdf", "targetPath": "F:\\data\\salesdb_1.mdf"}]}});
    let restore = world.call("POST", &World::item("salesdb", &format!("/recoveryPoints/{point}/restore")), Some(body)).await.accepted();
    let job = world.job_of(&restore).await;
    assert_eq!((&job["properties"]["operation"], &job["properties"]["status"]), (&json!("Restore"), &json!("InProgress")));
    let command = world.next_command().await;
    let CommandWork::Restore { plan, .. } = &command.work else { panic!("not a restore") };
    assert_eq!(plan.steps.len(), 1);
    agents::finish(world.engine(), &world.agent, command.id, command.generation, &agents::Outcome::Restored { bytes: 3 << 19 })
        .await
        .unwrap();
    let job = world.job_of(&restore).await;
    assert_eq!((&job["properties"]["operation"], &job["properties"]["status"]), (&json!("Restore (Full)"), &json!("Completed")));
    assert_eq!(job["properties"]["extendedInfo"]["propertyBag"]["Job Type"], "Recovery to an alternate database");
    assert_eq!(job["properties"]["extendedInfo"]["propertyBag"]["Data Transferred (in MB)"], "1.5000");
}

#[tokio::test]
async fn protection_is_stopped_deleted_and_the_vault_goes_with_soft_deleted_items_left() {
    let world = World::new().await;
    world.register().await;
    world.protect("salesdb").await;
    world.call("DELETE", "", None).await.error(400, "ServiceResourceNotEmptyWithBackendMessage");

    let stop =
        json!({"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "protectionState": "ProtectionStopped", "policyId": ""}});
    let stopped = world.call("PUT", &World::item("salesdb", ""), Some(stop)).await.accepted();
    world.run_tasks().await;
    assert_eq!(world.job_of(&stopped).await["properties"]["operation"], "DisableBackup");
    let item = world.call("GET", &World::item("salesdb", ""), None).await.is(200);
    assert!(item["properties"].get("policyId").is_none());
    assert_eq!(item["properties"]["protectionState"], "ProtectionStopped");

    let deleted = world.call("DELETE", &World::item("salesdb", ""), None).await.accepted();
    world.run_tasks().await;
    assert_eq!(world.job_of(&deleted).await["properties"]["operation"], "DeleteBackupData");
    assert_eq!(world.at("GET", &deleted.result, None).await.is(204), Value::Null);
    let item = world.call("GET", &World::item("salesdb", ""), None).await.is(200);
    assert_eq!(item["properties"]["isScheduledForDeferredDelete"], true);
    assert_eq!(item["properties"]["deferredDeleteTimeRemaining"], "14.00:00:00.0000000");

    world.call("DELETE", &format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}"), None).await.accepted();
    let soft =
        world.call("GET", "/backupDeletedProtectionContainers?$filter=backupManagementType%20eq%20'AzureWorkload'", None).await.is(200);
    assert_eq!(soft["value"][0]["properties"]["registrationStatus"], "SoftDeleted");
    let gone = world.call("DELETE", "", None).await.accepted();
    assert_eq!(world.at("GET", &gone.status, None).await.is(200)["status"], "Succeeded", "an operation outlives its vault");
    world.call("GET", "", None).await.error(404, "ResourceNotFound");
    assert_eq!(world.call("DELETE", "", None).await.is(204), Value::Null);
}

#[tokio::test]
async fn a_queued_backup_is_cancelled_at_once() {
    let world = World::new().await;
    world.register().await;
    world.protect("salesdb").await;
    let body = json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full"}});
    let backup = world.call("POST", &World::item("salesdb", "/backup"), Some(body)).await.accepted();
    let job = world.job_of(&backup).await;
    let name = job["name"].as_str().unwrap();
    let cancel = world.call("POST", &format!("/backupJobs/{name}/cancel"), None).await.accepted();
    assert_eq!(world.at("GET", &cancel.result, None).await.is(204), Value::Null);
    assert_eq!(world.at("GET", &cancel.status, None).await.is(200)["status"], "Succeeded");
    assert_eq!(world.job_of(&backup).await["properties"]["status"], "Cancelled");
    let listed = world.call("GET", "/backupJobs?$filter=backupManagementType%20eq%20'AzureWorkload'%20and%20operation%20eq%20'Backup'%20and%20startTime%20eq%20'2026-11-25%2011:00:00%20AM'%20and%20endTime%20eq%20'2026-11-25%2001:00:00%20PM'%20and%20status%20eq%20'Cancelled'", None).await.is(200);
    assert_eq!(listed["value"].as_array().unwrap().len(), 1);
    assert!(listed["value"][0]["properties"].get("extendedInfo").is_none());
    let earlier = world.call("GET", "/backupJobs?$filter=endTime%20eq%20'2026-11-25%2011:00:00%20AM'", None).await.is(200);
    assert_eq!(earlier, json!({"value": []}));
}
