//! Policies that protect something, items whose backups are suspended, immutable vaults: at the wire.

use super::{World, enable_body, vault_id};
use serde_json::{Value, json};

/// Makes the vault immutable as the Azure CLI does: with the security settings it has read.
async fn immutability(world: &World, state: &str) -> super::Answer {
    let vault = world.call("GET", "", None).await.is(200);
    let mut security = vault["properties"]["securitySettings"].clone();
    security["immutabilitySettings"] = json!({"state": state, "configuration": {"type": "AsPerPolicy"}});
    world.call("PATCH", "", Some(json!({"properties": {"securitySettings": security}}))).await
}
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
fn state(word: &str) -> Value {
    json!({"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": "", "protectionState": word}})
}
async fn protected() -> World {
    let world = World::new().await;
    world.register().await;
    world.call("PUT", "/backupPolicies/mine", Some(policy(30))).await.is(200);
    for database in ["salesdb", "hrdb"] {
        world.call("PUT", &World::item(database, ""), Some(under("mine"))).await.accepted();
    }
    world.run_tasks().await;
    world
}

#[tokio::test]
async fn a_policy_that_protects_items_is_applied_by_a_job_each() {
    let world = protected().await;
    let started = world.call("PUT", "/backupPolicies/mine", Some(policy(40))).await.accepted();
    assert_eq!(started.status, format!("{}/backupPolicies/mine/operations/{}", vault_id(), started.id));
    assert_eq!(started.result, format!("{}/backupPolicies/mine/operationResults/{}", vault_id(), started.id));
    let running = world.at("GET", &started.status, None).await.is(200);
    assert_eq!((&running["status"], running.get("properties")), (&json!("InProgress"), None));
    assert_eq!(world.at("GET", &started.result, None).await.accepted().id, started.id);
    world.run_tasks().await;
    let done = world.at("GET", &started.status, None).await.is(200);
    assert_eq!((&done["status"], &done["properties"]["objectType"]), (&json!("Succeeded"), &json!("OperationStatusJobsExtendedInfo")));
    assert_eq!(done["properties"]["failedJobsError"], json!({}));
    let jobs = done["properties"]["jobIds"].as_array().unwrap();
    assert_eq!(jobs.len(), 2);
    for job in jobs {
        let job = world.call("GET", &format!("/backupJobs/{}", job.as_str().unwrap()), None).await.is(200);
        assert_eq!((&job["properties"]["operation"], &job["properties"]["status"]), (&json!("ConfigureBackup"), &json!("Completed")));
        assert_eq!(job["properties"]["extendedInfo"]["propertyBag"]["Policy Name"], "mine");
    }
    let saved = world.at("GET", &started.result, None).await.is(200);
    let daily = &saved["properties"]["subProtectionPolicy"][0]["retentionPolicy"]["dailySchedule"];
    assert_eq!((&daily["retentionDuration"]["count"], &saved["properties"]["protectedItemsCount"]), (&json!(40), &json!(2)));
    let shown = world.call("GET", &format!("/backupOperations/{}", started.id), None).await.is(200);
    assert_eq!(shown["status"], "Succeeded", "one id through every reader of the vault");
}

#[tokio::test]
async fn immutability_is_switched_on_locked_and_never_unlocked() {
    let world = World::new().await;
    let shown = world.call("GET", "", None).await.is(200);
    assert!(shown["properties"]["securitySettings"].get("immutabilitySettings").is_none(), "left out while it is off");
    let locked = immutability(&world, "Locked").await.error(400, "BMSUserErrorImmutabilityStateChangeNotAllowed");
    assert!(locked.contains("Send Unlocked first"), "{locked}");
    let on = immutability(&world, "Unlocked").await.is(200);
    assert_eq!(on["properties"]["securitySettings"]["immutabilitySettings"]["state"], "Unlocked");
    immutability(&world, "Disabled").await.is(200);
    immutability(&world, "Unlocked").await.is(200);
    immutability(&world, "Locked").await.is(200);
    for word in ["Unlocked", "Disabled"] {
        immutability(&world, word).await.error(400, "BMSUserErrorImmutabilityStateChangeNotAllowed");
    }
    let again = world.call("PUT", "", Some(json!({"location": "westeurope", "properties": {}}))).await.is(200);
    assert_eq!(again["properties"]["securitySettings"]["immutabilitySettings"]["state"], "Locked", "what is left out stays");
    let fixed = json!({"properties": {"securitySettings": {"immutabilitySettings": {"state": "Locked", "configuration": {"type": "TimeBased", "durationInDays": 30}}}}});
    world.call("PATCH", "", Some(fixed)).await.error(400, "NotSupportedYet");
}

#[tokio::test]
async fn an_immutable_vault_refuses_by_field_what_would_lose_backups() {
    let world = protected().await;
    immutability(&world, "Unlocked").await.is(200);
    let held = "BMSUserErrorOperationNotAllowedOnImmutableVault";
    let deletion = world.call("DELETE", &World::item("salesdb", ""), None).await.error(400, held);
    assert!(deletion.contains("vault 'vault1' is immutable") && deletion.contains("ProtectionStopped"), "{deletion}");
    let shorter = world.call("PUT", "/backupPolicies/mine", Some(policy(29))).await;
    assert_eq!(shorter.body["error"]["target"], "properties.subProtectionPolicy[0].retentionPolicy.dailySchedule.retentionDuration");
    shorter.error(400, held);
    world.call("PUT", "/backupPolicies/short", Some(policy(10))).await.is(200);
    world.call("PUT", &World::item("salesdb", ""), Some(under("short"))).await.error(400, held);
    world.call("PUT", "/backupPolicies/mine", Some(policy(31))).await.accepted();
    world.call("PUT", &World::item("salesdb", ""), Some(state("ProtectionStopped"))).await.accepted();
}

#[tokio::test]
async fn backups_are_suspended_in_an_immutable_vault_alone_and_resumed() {
    let world = protected().await;
    let path = World::item("salesdb", "");
    let suspend = || Some(state("BackupsSuspended"));
    let refused = world.call("PUT", &path, suspend()).await.error(400, "BMSUserErrorBackupsSuspendedNeedsImmutableVault");
    assert!(refused.contains("'vault1'") && refused.contains("ProtectionStopped"), "{refused}");
    immutability(&world, "Unlocked").await.is(200);
    let started = world.call("PUT", &path, suspend()).await.accepted();
    world.run_tasks().await;
    assert_eq!(world.job_of(&started).await["properties"]["operation"], "DisableBackup");
    let item = world.call("GET", &path, None).await.is(200);
    assert_eq!(item["properties"]["protectionState"], "BackupsSuspended");
    let backup = json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full"}});
    world.call("POST", &World::item("salesdb", "/backup"), Some(backup)).await.error(400, "BMSUserErrorProtectionStopped");
    let resumed = world.call("PUT", &path, Some(under("mine"))).await.accepted();
    world.run_tasks().await;
    assert_eq!(world.job_of(&resumed).await["properties"]["operation"], "ConfigureBackup");
    assert_eq!(world.call("GET", &path, None).await.is(200)["properties"]["protectionState"], "IRPending");
    world.call("PUT", &World::item("master", ""), Some(enable_body())).await.accepted();
}
