//! Vaults that go and come back, and Resource Guards, as clients see them.

use super::{Answer, World, vault_id};
use crate::testing::{SUBSCRIPTION, TENANT};
use rsvault_domain::tenancy::Subscription;
use serde_json::{Value, json};

const GUARD: &str =
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg1/providers/Microsoft.DataProtection/resourceGuards/watch";
const OTHER: &str = "00000000-0000-0000-0000-0000000000ff";
const GRAPH: &str = "/providers/Microsoft.ResourceGraph/resources";

fn deleted(rest: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/locations/WestEurope/deletedVaults{rest}")
}
async fn old(world: &World, body: Value) -> Answer {
    let path = format!("{}/backupconfig/vaultconfig?api-version=2023-08-01", vault_id());
    let (status, headers, body) = world.app.call("owner", "PATCH", &path, Some(body)).await;
    Answer { status, headers, body }
}

/// The vault with one soft-deleted item, its server given up.
async fn given_up() -> World {
    let world = World::new().await;
    world.register().await;
    world.protect("salesdb").await;
    world.call("DELETE", &World::item("salesdb", ""), None).await.is(202);
    world.run_tasks().await;
    let container = World::item("x", "");
    let container = container.split("/protectedItems").next().unwrap();
    world.call("DELETE", container, None).await.is(202);
    world
}

#[tokio::test]
async fn a_deleted_vault_is_listed_undeleted_and_followed_to_the_end() {
    let world = given_up().await;
    world.call("DELETE", "", None).await.is(202);
    let list = world.at("GET", &deleted(""), None).await.is(200);
    let shown = &list["value"][0];
    assert_eq!(list["value"].as_array().unwrap().len(), 1);
    assert_eq!(shown["properties"]["vaultId"], vault_id());
    assert_eq!(shown["type"], "Microsoft.RecoveryServices/locations/deletedVaults");
    let name = shown["name"].as_str().unwrap();
    let one = world.at("GET", &deleted(&format!("/{}", name.to_uppercase())), None).await.is(200);
    assert_eq!(&one, shown);
    let query = json!({"query": format!("recoveryservicesresources | where type == \"microsoft.recoveryservices/locations/deletedvaults/backupfabrics/protectioncontainers/protecteditems\" | where tostring(id) contains \"{name}\""), "options": {"subscriptions": [SUBSCRIPTION]}});
    let rows = world.at("POST", GRAPH, Some(query.clone())).await.is(200);
    assert_eq!((&rows["count"], &rows["data"][0]["dataSourceType"]), (&json!(1), &json!("AzureWorkload/SQLDataBase")));
    assert_eq!(rows["data"][0]["properties"]["friendlyName"], "salesdb");
    let mut often = query.clone();
    often["options"]["subscriptions"] = json!(vec![SUBSCRIPTION; 50]);
    assert_eq!(world.at("POST", GRAPH, Some(often)).await.is(200)["count"], 1, "a subscription counts once, however often it is named");
    for (client, role, scope, count) in [
        ("stranger", "Owner", "/subscriptions/00000000-0000-0000-0000-0000000000ff".to_owned(), 0),
        ("operator", "Backup Operator", format!("/subscriptions/{SUBSCRIPTION}"), 0),
        ("contributor", "Backup Contributor", format!("/subscriptions/{SUBSCRIPTION}"), 1),
    ] {
        world.app.principal(client, &[(role, scope.as_str())]).await;
        let (status, _, rows) = world.app.call(client, "POST", &format!("{GRAPH}?api-version=2024-04-01"), Some(query.clone())).await;
        assert_eq!((status.as_u16(), &rows["totalRecords"]), (200, &json!(count)), "{client} sees what the role may read");
    }
    let missing = world.at("POST", &deleted(&format!("/{name}/undelete")), Some(json!({"properties": {}}))).await;
    missing.error(400, "BMSUserErrorInvalidInput");
    let body = json!({"properties": {"recoveryResourceGroupId": format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/RG1")}});
    let started = world.at("POST", &deleted(&format!("/{name}/undelete")), Some(body.clone())).await;
    let (status, location) = (started.header("azure-asyncoperation").to_owned(), started.header("location").to_owned());
    started.is(202);
    let other = Subscription { id: OTHER.parse().unwrap(), tenant: TENANT.parse().unwrap(), name: "other".into() };
    let mut tx = world.app.state.engine.store.begin().await.unwrap();
    tx.put_subscription(&other).await.unwrap();
    tx.commit().await.unwrap();
    for url in [status, location] {
        let path = url.split_once("/subscriptions").map(|(_, rest)| format!("/subscriptions{rest}")).unwrap();
        let path = path.split('?').next().unwrap().to_owned();
        assert_eq!(world.at("GET", &path, None).await.is(200)["status"], "Succeeded", "{path}");
        if path.contains("/deletedVaults/") {
            let of_another = path.replace(SUBSCRIPTION, OTHER);
            world.at("GET", &of_another, None).await.error(404, "BMSUserErrorOperationNotFound");
        }
    }
    world.at("GET", &deleted(&format!("/{name}")), None).await.error(404, "ResourceNotFound");
    world.at("POST", &deleted(&format!("/{name}/undelete")), Some(body)).await.error(404, "ResourceNotFound");
    world.call("GET", "", None).await.is(200);
}

#[tokio::test]
async fn a_vault_linked_to_a_guard_says_so_and_asks_for_the_request_that_it_names() {
    let world = World::new().await;
    let proxy = "/backupResourceGuardProxies/VaultProxy";
    assert_eq!(world.call("GET", "/backupResourceGuardProxies", None).await.is(200), json!({"value": []}));
    world.call("GET", proxy, None).await.error(404, "ResourceNotFound");
    world.at("PUT", GUARD, Some(json!({"properties": {}}))).await.error(400, "LocationRequired");
    let excluded = json!({"location": "westeurope", "properties": {"vaultCriticalOperationExclusionList": ["Microsoft.RecoveryServices/vaults/backupconfig/write"]}});
    world.at("PUT", GUARD, Some(excluded)).await.error(400, "UserErrorResourceGuardOperationMandatory");
    let guard = world.at("PUT", GUARD, Some(json!({"location": "westeurope"}))).await.is(201);
    assert_eq!(guard["properties"]["resourceGuardOperations"].as_array().unwrap().len(), 7);
    let linked = world.call("PUT", proxy, Some(json!({"properties": {"resourceGuardResourceId": GUARD}}))).await.is(200);
    assert_eq!(world.call("GET", proxy, None).await.is(200), linked);
    let vault = world.call("GET", "", None).await.is(200);
    assert_eq!(vault["properties"]["securitySettings"]["multiUserAuthorization"], "Enabled");
    let off = json!({"properties": {"softDeleteFeatureState": "Disabled"}});
    world.call("PATCH", "/backupconfig/vaultconfig", Some(off.clone())).await.error(400, "BMSUserErrorSoftDeleteCannotBeDisabled");
    old(&world, off).await.error(403, "UserErrorResourceGuardRequestRequired");
    let request = |operation: &str| {
        let details = linked["properties"]["resourceGuardOperationDetails"].as_array().unwrap();
        details.iter().find(|d| d["vaultCriticalOperation"].as_str().unwrap().ends_with(operation)).unwrap()["defaultResourceRequest"]
            .clone()
    };
    let shown =
        json!({"properties": {"softDeleteFeatureState": "Disabled", "resourceGuardOperationRequests": [request("/backupconfig/write")]}});
    assert_eq!(old(&world, shown).await.is(200)["properties"]["softDeleteFeatureState"], "Disabled");
    world.call("DELETE", proxy, None).await.error(403, "UserErrorResourceGuardUnlockRequired");
    world.at("DELETE", GUARD, None).await.error(409, "UserErrorResourceGuardInUse");
    let unlock = json!({"resourceGuardOperationRequests": [request("/backupResourceGuardProxies/delete")]});
    let until = world.call("POST", &format!("{proxy}/unlockDelete"), Some(unlock)).await.is(200);
    assert!(until["unlockDeleteExpiryTime"].is_string());
    world.call("DELETE", proxy, None).await.is(200);
    world.call("DELETE", proxy, None).await.is(204);
    world.at("DELETE", GUARD, None).await.is(200);
    world.at("DELETE", GUARD, None).await.is(204);
}
