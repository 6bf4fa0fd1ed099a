//! Jobs: which action makes which, how their lists are filtered, what older clients read; the cap of a day.

use super::archive::with_a_full;
use super::{CONTAINER, World};
use serde_json::{Value, json};

async fn names(world: &World, filter: &str) -> Vec<String> {
    let listed = world.call("GET", &format!("/backupJobs{filter}"), None).await.is(200);
    listed["value"].as_array().unwrap().iter().map(|job| job["properties"]["operation"].as_str().unwrap().to_owned()).collect()
}
fn backup(kind: &str) -> Option<Value> {
    Some(json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": kind}}))
}

#[tokio::test]
async fn each_action_makes_its_job_and_filters_find_it() {
    let (world, _) = with_a_full().await;
    world.app.clock.advance(60);
    let stop =
        json!({"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "protectionState": "ProtectionStopped", "policyId": ""}});
    world.call("PUT", &World::item("salesdb", ""), Some(stop)).await.accepted();
    world.run_tasks().await;
    world.app.clock.advance(60);
    world.call("DELETE", &World::item("salesdb", ""), None).await.accepted();
    world.run_tasks().await;
    world.app.clock.advance(60);
    world.call("DELETE", &format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}"), None).await.accepted();
    let all = names(&world, "").await;
    assert_eq!(all[..3], ["UnRegister", "DeleteBackupData", "DisableBackup"], "newest first");
    for made in ["Backup (Full)", "ConfigureBackup", "Register"] {
        assert!(all.iter().any(|name| name == made), "{made}: {all:?}");
    }
    assert_eq!(names(&world, "?$filter=operation%20eq%20'Backup'").await, ["Backup (Full)"]);
    assert_eq!(names(&world, "?$filter=operation%20eq%20backup%20and%20status%20eq%20completed").await, ["Backup (Full)"], "unquoted");
    assert_eq!(names(&world, "?$filter=status%20eq%20'Failed'").await.len(), 0);
    assert_eq!(names(&world, "?$filter=startTime%20eq%20'2026-11-25%2012:02:00%20PM'").await, ["UnRegister", "DeleteBackupData"]);
    assert_eq!(names(&world, "?$filter=backupManagementType%20eq%20'AzureStorage'").await.len(), 0);
    let listed = world.call("GET", "/backupJobs?$filter=operation%20eq%20'Register'", None).await.is(200);
    let id = listed["value"][0]["name"].as_str().unwrap();
    assert_eq!(names(&world, &format!("?$filter=jobId%20eq%20'{id}'")).await, ["Register"]);
    for kind in ["Register", "UnRegister", "ConfigureBackup", "DisableBackup", "DeleteBackupData"] {
        let listed = world.call("GET", &format!("/backupJobs?$filter=operation%20eq%20'{kind}'"), None).await.is(200);
        let job = &listed["value"][0];
        assert!(job["properties"].get("actionsInfo").is_none() && job["properties"].get("extendedInfo").is_none(), "{job}");
        let name = job["name"].as_str().unwrap();
        let shown = world.call("GET", &format!("/backupJobs/{name}"), None).await.is(200);
        assert_eq!(shown["properties"]["extendedInfo"]["tasksList"], json!([]), "{kind}");
        world.call("POST", &format!("/backupJobs/{name}/cancel"), None).await.error(400, "UserErrorJobNotCancellable");
    }
}

#[tokio::test]
async fn clients_of_2023_and_before_read_actions_as_numbers() {
    let (world, _) = with_a_full().await;
    let listed = world.call("GET", "/backupJobs?$filter=operation%20eq%20'Backup'", None).await.is(200);
    assert_eq!(listed["value"][0]["properties"]["actionsInfo"], json!(["Cancellable"]));
    let path = format!("{}/backupJobs", super::vault_id());
    for (version, actions) in [("2016-12-01", json!([1])), ("2023-01-01", json!([1])), ("2023-02-01", json!(["Cancellable"]))] {
        let uri = format!("{path}?api-version={version}&$filter=operation%20eq%20'Backup'");
        let (_, _, body) = world.app.call("owner", "GET", &uri, None).await;
        assert_eq!(body["value"][0]["properties"]["actionsInfo"], actions, "{version}");
    }
}

#[tokio::test]
async fn nine_fulls_of_a_database_may_be_asked_for_in_a_day() {
    let (world, _) = with_a_full().await;
    for n in 2..=9 {
        world.call("POST", &World::item("salesdb", "/backup"), backup("Full")).await.accepted();
        if n < 9 {
            world.answer_backup().await;
        }
    }
    let told = world.call("POST", &World::item("salesdb", "/backup"), backup("Full")).await.error(400, "CloudDosAbsoluteLimitReached");
    assert!(told.contains("2026-11-26T00:00:00Z"), "{told}");
    world.answer_backup().await;
    world.call("POST", &World::item("salesdb", "/backup"), backup("CopyOnlyFull")).await.accepted();
    world.answer_backup().await;
    world.protect("hrdb").await;
    world.call("POST", &World::item("hrdb", "/backup"), backup("Full")).await.accepted();
    world.app.clock.advance(12 * 3600);
    world.call("POST", &World::item("salesdb", "/backup"), backup("Full")).await.accepted();
}

#[tokio::test]
async fn a_file_list_that_is_too_long_is_not_shown_and_cannot_be_mapped() {
    let (world, _) = with_a_full().await;
    world.app.clock.advance(60);
    world.call("POST", &World::item("salesdb", "/backup"), backup("Full")).await.accepted();
    let mut facts = super::facts(world.engine().clock.now());
    let file = facts.files[0].clone();
    let named = |n: usize| rsvault_domain::backup::DatabaseFile { logical_name: format!("file number {n}"), ..file.clone() };
    facts.files.extend((0..300).map(named));
    world.answer_backup_with(facts).await;
    let points = world.call("GET", &World::item("salesdb", "/recoveryPoints"), None).await.is(200);
    let shown = async |n: usize| {
        let name = points["value"][n]["name"].as_str().unwrap().to_owned();
        let point = world.call("GET", &World::item("salesdb", &format!("/recoveryPoints/{name}")), None).await.is(200);
        (name, point["properties"]["extendedInfo"].clone())
    };
    let (long, info) = shown(0).await;
    assert!(info.get("dataDirectoryPaths").is_none() && info.get("dataDirectoryTimeInUTC").is_some(), "{info}");
    let (short, info) = shown(1).await;
    assert_eq!(info["dataDirectoryPaths"].as_array().unwrap().len(), 1, "{short}");
    let body = |fallback: bool| {
        json!({"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation", "isFallbackOnDefaultDirectoryEnabled": fallback,
            "targetInfo": {"databaseName": "MSSQLSERVER/copy"}, "alternateDirectoryPaths": [{"mappingType": "Data", "sourceLogicalName": "salesdb", "targetPath": "D:\\a"}]}})
    };
    let path = World::item("salesdb", &format!("/recoveryPoints/{long}/restore"));
    let refused = world.call("POST", &path, Some(body(false))).await;
    assert_eq!(refused.body["error"]["target"], "properties.alternateDirectoryPaths");
    refused.error(400, "UserErrorFileListTooLongForTargetPaths");
    world.call("POST", &path, Some(body(true))).await.accepted();
}

#[tokio::test]
async fn of_one_kind_runs_one_backup_and_other_kinds_beside_it() {
    let (world, _) = with_a_full().await;
    let start = async |kind: &str| {
        let started = world.call("POST", &World::item("salesdb", "/backup"), backup(kind)).await.accepted();
        world.job_of(&started).await
    };
    let cancel = async |job: &Value| {
        world.call("POST", &format!("/backupJobs/{}/cancel", job["name"].as_str().unwrap()), None).await.accepted();
    };
    let kinds = ["Full", "Differential", "Log", "CopyOnlyFull"];
    for running in kinds {
        let first = start(running).await;
        assert_eq!(first["properties"]["status"], "InProgress", "{running}: {first}");
        for asked in kinds {
            let second = start(asked).await;
            if asked == running {
                let error = &second["properties"]["errorDetails"][0];
                assert_eq!(error["errorCode"], 510_008, "{asked} beside {running}");
                assert_eq!(error["errorTitle"], "OperationCancelledBecauseConflictingOperationRunningUserError");
            } else {
                assert_eq!(second["properties"]["status"], "InProgress", "{asked} beside {running}");
                cancel(&second).await;
            }
        }
        cancel(&first).await;
    }
}

#[tokio::test]
async fn a_restore_can_be_cancelled_until_its_data_moves() {
    let (world, point) = with_a_full().await;
    let restore = json!({"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation", "targetInfo": {"databaseName": "MSSQLSERVER/copy"}}});
    let path = World::item("salesdb", &format!("/recoveryPoints/{point}/restore"));
    let started = world.call("POST", &path, Some(restore)).await.accepted();
    let command = world.next_command().await;
    let beat = |bytes_done| rsvault_engine::Progress { bytes_done, bytes_total: None };
    let told = async |bytes| {
        rsvault_engine::agents::heartbeat(world.engine(), &world.agent, command.id, command.generation, beat(bytes)).await.unwrap();
    };
    let cancel = format!("/backupJobs/{}/cancel", world.job_of(&started).await["name"].as_str().unwrap());
    told(4096).await;
    world.call("POST", &cancel, None).await.error(400, "UserErrorJobNotCancellable");
    told(0).await;
    world.call("POST", &cancel, None).await.accepted();
    assert_eq!(world.job_of(&started).await["properties"]["status"], "Cancelling");
}
