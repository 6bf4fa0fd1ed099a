//! Vaults, their settings and policies.

use super::{World, vault_id};
use crate::testing::SUBSCRIPTION;
use serde_json::{Value, json};

#[tokio::test]
async fn a_vault_is_created_once_then_changed_and_listed() {
    let world = World::new().await;
    let body = json!({"location": "westeurope", "sku": {"name": "Standard"}, "tags": {"a": "b"}, "unknown": {"ignored": 1},
        "properties": {"securitySettings": {"softDeleteSettings": {"softDeleteState": "AlwaysOn", "enhancedSecurityState": "AlwaysOn", "softDeleteRetentionPeriodInDays": 14}}}});
    let again = world.call("PUT", "", Some(body)).await.is(200);
    assert_eq!(again["id"], vault_id());
    assert_eq!(again["properties"]["provisioningState"], "Succeeded");
    assert_eq!(again["properties"]["securitySettings"]["softDeleteSettings"]["softDeleteState"], "AlwaysON");
    assert_eq!(again["tags"], json!({"a": "b"}));
    for key in ["securitySettings", "redundancySettings", "monitoringSettings", "costManagementSettings"] {
        assert!(again["properties"][key].is_object(), "the client changes {key} in place");
    }
    let patched = world
        .call("PATCH", "", Some(json!({"properties": {"redundancySettings": {"standardTierStorageRedundancy": "LocallyRedundant"}}})))
        .await
        .is(200);
    assert_eq!(patched["properties"]["redundancySettings"]["standardTierStorageRedundancy"], "LocallyRedundant");
    let storage = world.call("GET", "/backupstorageconfig/vaultstorageconfig", None).await.is(200);
    assert_eq!(
        (&storage["properties"]["storageModelType"], &storage["properties"]["storageTypeState"]),
        (&json!("LocallyRedundant"), &json!("Unlocked"))
    );
    for path in [
        format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/vaults"),
        format!("/Subscriptions/{SUBSCRIPTION}/resourcegroups/RG1/providers/microsoft.recoveryservices/Vaults"),
    ] {
        assert_eq!(world.at("GET", &path, None).await.is(200)["value"].as_array().unwrap().len(), 1, "{path}");
    }
}

#[tokio::test]
async fn config_resources_show_and_change_the_one_setting() {
    let world = World::new().await;
    let config = world.call("GET", "/backupconfig/vaultconfig", None).await.is(200);
    assert_eq!(
        config["properties"],
        json!({"enhancedSecurityState": "Enabled", "softDeleteFeatureState": "Enabled", "softDeleteRetentionPeriodInDays": 14, "isSoftDeleteFeatureStateEditable": true})
    );
    let patched = world
        .call(
            "PATCH",
            "/backupconfig/vaultconfig",
            Some(json!({"properties": {"softDeleteFeatureState": "AlwaysON", "softDeleteRetentionPeriodInDays": 30}})),
        )
        .await
        .is(200);
    assert_eq!(patched["properties"]["softDeleteFeatureState"], "AlwaysON");
    let vault = world.call("GET", "", None).await.is(200);
    assert_eq!(vault["properties"]["securitySettings"]["softDeleteSettings"]["softDeleteRetentionPeriodInDays"], 30);
    let storage = json!({"properties": {"storageModelType": "ZoneRedundant", "crossRegionRestoreFlag": false}});
    let put = world.call("PUT", "/backupstorageconfig/vaultstorageconfig", Some(storage.clone())).await.is(200);
    assert_eq!(put["properties"]["storageType"], "ZoneRedundant");
    assert_eq!(world.call("PATCH", "/backupstorageconfig/vaultstorageconfig", Some(storage)).await.is(204), Value::Null);
    assert_eq!(world.call("GET", "/backupResourceGuardProxies", None).await.is(200), json!({"value": []}));
}

#[tokio::test]
async fn a_policy_comes_back_as_it_was_sent_and_can_be_fed_back() {
    let world = World::new().await;
    let all = world.call("GET", "/backupPolicies", None).await.is(200);
    assert_eq!(all["value"].as_array().unwrap().len(), 3);
    let sql = world
        .call("GET", "/backupPolicies?$filter=backupManagementType%20eq%20'AzureWorkload'%20and%20workloadType%20eq%20'SQLDataBase'", None)
        .await
        .is(200);
    assert_eq!(sql["value"].as_array().unwrap().len(), 1);
    let mut policy = world.call("GET", "/backupPolicies/hourlylogbackup", None).await.is(200);
    assert_eq!((&policy["name"], &policy["properties"]["workLoadType"]), (&json!("HourlyLogBackup"), &json!("SQLDataBase")));
    let shown = policy["properties"].clone();
    policy["resourceGroup"] = json!("rg1");
    policy["properties"]["makePolicyConsistent"] = json!(true);
    policy["properties"]["subProtectionPolicy"][0]["tieringPolicy"] = Value::Null;
    let saved = world.call("PUT", "/backupPolicies/mine", Some(policy)).await.is(200);
    assert_eq!(saved["properties"], shown);
    assert_eq!(saved["id"], format!("{}/backupPolicies/mine", vault_id()));
    assert_eq!(world.call("DELETE", "/backupPolicies/mine", None).await.is(200), Value::Null);
    assert_eq!(world.call("DELETE", "/backupPolicies/mine", None).await.is(204), Value::Null);
}

#[tokio::test]
async fn backup_status_names_the_vault_of_a_vm() {
    let world = World::new().await;
    let path = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/locations/westeurope/backupStatus");
    let body = json!({"resourceType": "VM", "resourceId": super::vm_id()});
    assert_eq!(
        world.at("POST", &path, Some(body.clone())).await.is(200),
        json!({"protectionStatus": "NotProtected", "protectedItemsCount": 0})
    );
    world.register().await;
    assert_eq!(world.at("POST", &path, Some(body)).await.is(200)["vaultId"], vault_id());
}
