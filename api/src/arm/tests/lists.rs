//! Names that need escaping, casing, and lists of more than one page.

use super::{CONTAINER, World, enable_body, inventory, register_body, vault_id};
use crate::testing::SUBSCRIPTION;
use rsvault_domain::backup::RecoveryModel;
use rsvault_domain::discovery::DatabaseInventory;
use rsvault_domain::id::JobId;
use rsvault_domain::job::Job;
use rsvault_domain::ports::{JobFilter, Page};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn a_database_of_any_name_can_be_followed_by_the_urls_of_its_operation() {
    let world = World::new().await;
    world.call("PUT", &format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}"), Some(register_body())).await.accepted();
    let mut found = inventory();
    found.instances[0].databases.push(DatabaseInventory {
        name: "My db#1%25é+x;y".into(),
        recovery_model: RecoveryModel::Full,
        size: 1,
        read_only: false,
    });
    world.answer_inquiry_with(found).await;
    let listed =
        world.call("GET", "/backupProtectableItems?$filter=friendlyName%20eq%20'My%20db%231%2525%C3%A9%2Bx;y'", None).await.is(200);
    assert_eq!(listed["value"][0]["name"], "sqldatabase;mssqlserver;my db#1%25é+x;y");
    // The client takes the folded name of the list and the container's part of its id.
    let path = "/backupFabrics/Azure/protectionContainers/vmappcontainer%3Bcompute%3Brg1%3Bsqlvm1/protectedItems/sqldatabase%3Bmssqlserver%3Bmy%20db%231%2525%C3%A9%2Bx%3By";
    // A name like this is protected by auto-protection, and has operations of its own from then on.
    let instance =
        format!("{}/backupFabrics/Azure/protectionContainers/compute;rg1;sqlvm1/protectableItems/sqlinstance;mssqlserver", vault_id());
    let mut intent = enable_body();
    intent["properties"]["protectionIntentItemType"] = json!("RecoveryServiceVaultItem");
    intent["properties"]["itemId"] = json!(instance);
    world.call("PUT", "/backupFabrics/Azure/backupProtectionIntent/i1", Some(intent)).await.is(200);
    world.run_tasks().await;
    let started = world.call("PUT", path, Some(enable_body())).await.accepted();
    world.run_tasks().await;
    assert_eq!(world.at("GET", &started.status, None).await.is(200)["status"], "Succeeded");
    let item = world.at("GET", &started.result, None).await.is(200);
    assert_eq!(item["name"], "SQLDataBase;MSSQLSERVER;My db#1%25é+x;y");
    assert_eq!(
        (&item["properties"]["friendlyName"], &item["properties"]["parentName"]),
        (&json!("My db#1%25é+x;y"), &json!("MSSQLSERVER"))
    );
}

#[tokio::test]
async fn items_are_filtered_by_policy_container_name_and_kind() {
    let world = World::new().await;
    world.register().await;
    world.protect("salesdb").await;
    let count = async |filter: &str| {
        world.call("GET", &format!("/backupProtectedItems?$filter={filter}"), None).await.is(200)["value"].as_array().unwrap().len()
    };
    assert_eq!(count("backupManagementType%20eq%20'AzureWorkLoad'%20and%20itemType%20eq%20'SQLDataBase'").await, 1);
    assert_eq!(count("policyName%20eq%20'hourlylogbackup'").await, 1);
    assert_eq!(count("policyName%20eq%20'DefaultPolicy'").await, 0);
    assert_eq!(count("itemType%20eq%20'SAPHanaDatabase'").await, 0);
    assert_eq!(count("containerName%20eq%20'compute;RG1;sqlvm1'").await, 1);
    assert_eq!(count("containerName%20eq%20'compute;rg1;sqlvm2'").await, 0);
    assert_eq!(count("friendlyName%20eq%20'SalesDB'").await, 1);
    assert_eq!(count("friendlyName%20eq%20'sales'").await, 0);
    assert_eq!(count("friendlyName%20eq%20'salesdb'%20and%20containerName%20eq%20'compute;rg1;sqlvm2'").await, 0);
    assert_eq!(count("friendlyName%20eq%20'salesdb'%20and%20policyName%20eq%20'DefaultPolicy'").await, 0);
    assert_eq!(count("healthState%20eq%20'IRPending'").await, 1);
}

#[tokio::test]
async fn a_list_goes_on_over_its_next_link_and_ends_without_one() {
    let world = World::new().await;
    world.register().await;
    world.protect("salesdb").await;
    let mut tx = world.app.state.engine.store.begin().await.unwrap();
    let vault = tx.vault(SUBSCRIPTION.parse().unwrap(), &"rg1".into(), &"vault1".into()).await.unwrap().unwrap();
    let stand = tx.jobs(vault.id, &JobFilter::default(), &Page::default()).await.unwrap().items;
    for _ in 0..200 {
        tx.insert_job(&Job { id: JobId(Uuid::new_v4()), ..stand[0].clone() }).await.unwrap();
    }
    tx.commit().await.unwrap();
    let first = world.call("GET", "/backupJobs?$filter=status%20eq%20'Completed'", None).await.is(200);
    let link = first["nextLink"].as_str().unwrap();
    assert!(link.contains("$filter=") && link.contains("api-version=2026-08-01"), "{link}");
    let (_, _, second) = world.app.call("owner", "GET", link.strip_prefix("https://localhost:8443").unwrap(), None).await;
    assert!(second.get("nextLink").is_none(), "{second}");
    let (a, b) = (first["value"].as_array().unwrap(), second["value"].as_array().unwrap());
    let names: std::collections::BTreeSet<_> = a.iter().chain(b).map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!((names.len(), a.len() + b.len()), (stand.len() + 200, stand.len() + 200), "every job once");
}
