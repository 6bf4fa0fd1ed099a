//! Auto-protection on the wire, and what names may be protected.

use super::{CONTAINER, World, enable_body, inventory, register_body, vault_id};
use rsvault_domain::backup::RecoveryModel;
use rsvault_domain::discovery::{DatabaseInventory, Inventory};
use rsvault_domain::fault::JobFault;
use rsvault_engine::{agents, tasks};
use serde_json::{Value, json};

const NAME: &str = "249d9b07-d2ef-4202-aa64-65f35418564e";
const ONE: &str = "/backupProtectionIntents?$filter=backupManagementType%20eq%20'AzureWorkload'%20and%20itemType%20eq%20'SQLInstance'%20and%20itemName%20eq%20'MSSQLSERVER'%20and%20parentName%20eq%20'vmappcontainer;compute;rg1;sqlvm1'";

fn path(name: &str) -> String {
    format!("/backupFabrics/Azure/backupProtectionIntent/{name}")
}
fn instance() -> String {
    format!(
        "{}/backupFabrics/Azure/protectionContainers/vmappcontainer;compute;rg1;sqlvm1/protectableItems/sqlinstance;mssqlserver",
        vault_id()
    )
}
fn body(policy: &str) -> Value {
    json!({"properties": {
        "protectionIntentItemType": "RecoveryServiceVaultItem",
        "backupManagementType": "AzureWorkload",
        "itemId": instance(),
        "policyId": format!("{}/backupPolicies/{policy}", vault_id()),
    }})
}
fn with(names: &[&str]) -> Inventory {
    let mut seen = inventory();
    let database = |name: &&str| DatabaseInventory { name: (*name).into(), recovery_model: RecoveryModel::Full, size: 1, read_only: false };
    seen.instances[0].databases = names.iter().map(database).collect();
    seen
}
async fn registered(inventory: Inventory) -> World {
    let world = World::new().await;
    world.call("PUT", &format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}"), Some(register_body())).await.accepted();
    world.answer_inquiry_with(inventory).await;
    world
}
async fn protectable(world: &World, name: &str) -> Value {
    let list = world.call("GET", &format!("/backupProtectableItems?$filter=friendlyName%20eq%20'{name}'"), None).await.is(200);
    list["value"][0]["properties"].clone()
}

#[tokio::test]
async fn an_intent_is_put_read_listed_and_deleted_as_the_service_has_it() {
    let world = registered(with(&["a", "b"])).await;
    assert_eq!(protectable(&world, "mssqlserver").await["isAutoProtected"], false);
    assert_eq!(world.call("GET", ONE, None).await.is(200), json!({"value": []}));
    let put = world.call("PUT", &path(NAME), Some(body("HourlyLogBackup"))).await.is(200);
    let vault = vault_id().replace("/subscriptions/", "/Subscriptions/");
    let source = format!("{vault}/backupFabrics/Azure/protectionContainers/Compute;rg1;sqlvm1");
    let expected = json!({
        "id": format!("{vault}{}", path(NAME)),
        "name": NAME,
        "type": "Microsoft.RecoveryServices/vaults/backupProtectionIntent",
        "properties": {
            "protectionIntentItemType": "RecoveryServiceVaultItem",
            "backupManagementType": "AzureWorkload",
            "sourceResourceId": source,
            "itemId": format!("{source}/protectableItems/MSSQLSERVER"),
            "policyId": format!("{vault}/backupPolicies/HourlyLogBackup"),
            "protectionState": "NotProtected",
        }
    });
    assert_eq!(put, expected);
    assert_eq!(world.call("GET", &path(&NAME.to_uppercase()), None).await.is(200), expected);
    assert_eq!(world.call("GET", ONE, None).await.is(200), json!({"value": [expected]}));
    for other in [
        "itemName%20eq%20'other'",
        "itemType%20eq%20'SQLAvailabilityGroupContainer'",
        "parentName%20eq%20'Compute;rg1;sqlvm2'",
        "parentName%20eq%20'x'",
    ] {
        let none = world.call("GET", &format!("/backupProtectionIntents?$filter={other}"), None).await.is(200);
        assert_eq!(none, json!({"value": []}), "{other}");
    }
    assert_eq!(protectable(&world, "mssqlserver").await["isAutoProtected"], true);
    assert_eq!(protectable(&world, "a").await["isAutoProtected"], false);
    world.run_tasks().await;
    let jobs = world.call("GET", "/backupJobs?$filter=operation%20eq%20'ConfigureBackup'", None).await.is(200);
    let jobs = jobs["value"].as_array().unwrap();
    assert_eq!(jobs.len(), 2);
    assert!(jobs.iter().all(|j| j["properties"]["isUserTriggered"] == false && j["properties"]["status"] == "Completed"), "{jobs:?}");
    // An answer can be sent back as it came, and the words for auto-protection are taken.
    world.call("PUT", &path(NAME), Some(expected.clone())).await.is(200);
    for word in ["AzureWorkloadSQLAutoProtectionIntent", "AzureWorkloadContainerAutoProtectionIntent", "recoveryservicevaultitem"] {
        let mut sent = body("HourlyLogBackup");
        sent["properties"]["protectionIntentItemType"] = json!(word);
        assert_eq!(world.call("PUT", &path(NAME), Some(sent)).await.is(200), expected, "{word}");
    }
    for _ in 0..2 {
        let gone = world.call("DELETE", &path(NAME), None).await;
        assert_eq!(gone.body, Value::Null);
        gone.is(204);
    }
    world.call("GET", &path(NAME), None).await.error(404, "BMSUserErrorProtectionIntentNotFound");
    assert_eq!(world.call("GET", ONE, None).await.is(200), json!({"value": []}));
}

#[tokio::test]
async fn a_body_of_an_intent_is_refused_by_field() {
    let world = registered(with(&["a"])).await;
    let cases = [
        ("protectionIntentItemType", Value::Null, "BMSUserErrorInvalidInput"),
        ("protectionIntentItemType", json!("Banana"), "BMSUserErrorInvalidInput"),
        ("protectionIntentItemType", json!("AzureResourceItem"), "NotSupportedYet"),
        ("backupManagementType", json!("AzureIaasVM"), "NotSupportedYet"),
        ("backupManagementType", json!("Banana"), "BMSUserErrorInvalidInput"),
        ("itemId", Value::Null, "BMSUserErrorInvalidInput"),
        ("itemId", json!(""), "BMSUserErrorInvalidInput"),
        ("itemId", json!("MSSQLSERVER"), "LinkedInvalidPropertyId"),
        ("itemId", json!(instance().replace("sqlinstance;mssqlserver", "sqldatabase;mssqlserver;a")), "BMSUserErrorInvalidInput"),
        ("itemId", json!(instance().replace("mssqlserver", "other")), "BMSUserErrorInvalidInput"),
        ("itemId", json!(instance().replace("sqlvm1", "sqlvm2")), "BMSUserErrorInvalidInput"),
        ("itemId", json!(instance().replace("vault1", "vault2")), "BMSUserErrorInvalidInput"),
        ("policyId", Value::Null, "BMSUserErrorInvalidInput"),
        ("policyId", json!("x"), "LinkedInvalidPropertyId"),
        ("policyId", json!(format!("{}/backupPolicies/none", vault_id())), "BMSUserErrorInvalidConfigureProtectionRequest"),
        ("policyId", json!(format!("{}/backupPolicies/DefaultPolicy", vault_id())), "BMSUserErrorInvalidPolicyForGivenProvider"),
    ];
    for (field, value, code) in cases {
        let mut sent = body("HourlyLogBackup");
        sent["properties"][field] = value.clone();
        let answer = world.call("PUT", &path(NAME), Some(sent)).await;
        assert_eq!((answer.status.as_u16(), &answer.body["error"]["code"]), (400, &json!(code)), "{field} {value}: {}", answer.body);
        assert_eq!(answer.body["error"]["target"], format!("properties.{field}"), "{field} {value}");
    }
    world.call("PUT", &path("a%20b"), Some(body("HourlyLogBackup"))).await.error(400, "BMSUserErrorInvalidInput");
    world
        .call("PUT", &format!("/backupFabrics/Moon/backupProtectionIntent/{NAME}"), Some(body("HourlyLogBackup")))
        .await
        .error(400, "BMSUserErrorInvalidInput");
    world.call("GET", "/backupProtectionIntents?$filter=itemType%20eq%20'Banana'", None).await.error(400, "BMSUserErrorInvalidInput");
    // A policy that protects what is to come is in use.
    world.call("PUT", &path(NAME), Some(body("HourlyLogBackup"))).await.is(200);
    let message = world.call("DELETE", "/backupPolicies/HourlyLogBackup", None).await.error(400, "BMSUserErrorPolicyInUse");
    assert!(message.contains("auto-protection"), "{message}");
}

#[tokio::test]
async fn names_are_refused_with_rule_and_cure_and_shown_with_them() {
    let world = registered(with(&["web-shop", "o'neil", "sales.mdf", "crm.cs", "Twin", "twin"])).await;
    for (name, says, protectable_anyhow) in [
        ("web-shop", "contains '-'", true),
        ("o''neil", "contains '''", true),
        ("sales.mdf", "file extension '.mdf'", false),
        ("twin", "differ only in case", false),
    ] {
        let shown = protectable(&world, name).await;
        assert_eq!(
            (&shown["prebackupvalidation"]["status"], &shown["IsProtectable"]),
            (&json!("Failed"), &json!(protectable_anyhow)),
            "{name}"
        );
        let told = shown["prebackupvalidation"]["message"].as_str().unwrap();
        assert!(told.contains(says), "{told}");
        let item = World::item(&name.replace("''", "'"), "");
        let message = world.call("PUT", &item, Some(enable_body())).await.error(400, "BMSUserErrorInvalidConfigureProtectionRequest");
        assert!(message.contains(says) && message.contains("ename the database"), "{message}");
    }
    let fine = protectable(&world, "crm.cs").await;
    assert_eq!((fine.get("prebackupvalidation"), &fine["IsProtectable"]), (None, &json!(true)));
    world.call("PUT", &World::item("crm.cs", ""), Some(enable_body())).await.accepted();
    // What auto-protection protects in spite of its name can be worked with by it.
    world.call("PUT", &path(NAME), Some(body("HourlyLogBackup"))).await.is(200);
    while tasks::run_due(world.engine(), "test").await.unwrap() > 0 {}
    let started = world.call("PUT", &World::item("web-shop", ""), Some(enable_body())).await.accepted();
    world.run_tasks().await;
    assert_eq!(world.at("GET", &started.status, None).await.is(200)["status"], "Succeeded");
}

#[tokio::test]
async fn errors_of_an_inquiry_stand_where_the_service_puts_them_and_rediscovery_clears_them() {
    let container = format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}");
    let faulty = |code: &str| {
        let mut seen = with(&[]);
        seen.instances[0].fault = Some(JobFault::catalogue(code, ""));
        seen
    };
    let world = registered(faulty("UserErrorSQLNoSysadminMembership")).await;
    let rediscover = async |seen: Inventory| {
        world.call("POST", &format!("{container}/inquire?$filter=workloadType%20eq%20'SQLDataBase'"), None).await.accepted();
        world.answer_inquiry_with(seen).await;
        world.call("GET", &container, None).await.is(200)["properties"].clone()
    };
    let verdict = |shown: &Value| {
        let info = &shown["extendedInfo"]["inquiryInfo"];
        let detail = &info["inquiryDetails"][0];
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        [
            word(&info["status"]),
            word(&info["errorDetail"]["code"]),
            word(&detail["inquiryValidation"]["status"]),
            word(&detail["inquiryValidation"]["errorDetail"]["code"]),
            word(&detail["inquiryValidation"]["additionalDetail"]),
        ]
    };
    let shown = world.call("GET", &container, None).await.is(200)["properties"].clone();
    assert_eq!((&shown["registrationStatus"], &shown["healthStatus"]), (&json!("Registered"), &json!("Healthy")));
    let sysadmin = "UserErrorSQLNoSysadminMembership";
    assert_eq!(verdict(&shown), ["Success", sysadmin, "Failed", sysadmin, sysadmin]);
    let shown = rediscover(faulty("UserErrorOpeningSQLConnection")).await;
    let (opening, said) = ("UserErrorOpeningSQLConnection", JobFault::catalogue("UserErrorOpeningSQLConnection", "").message);
    assert_eq!(verdict(&shown), ["Success", opening, "Failed", opening, &said]);
    let instance = protectable(&world, "MSSQLSERVER").await;
    assert_eq!(instance["prebackupvalidation"]["code"], opening);
    let shown = rediscover(Inventory::default()).await;
    assert_eq!(verdict(&shown)[..2], ["Failed", "UserErrorNoSQlInstancesOnMachine"]);
    assert_eq!(shown["extendedInfo"].get("hostServerName"), None);
    let shown = rediscover(with(&["a"])).await;
    assert_eq!(verdict(&shown), ["Success", "Success", "Success", "Success", ""]);
}

#[tokio::test]
async fn a_registration_that_fails_ends_in_a_4xx_and_the_next_one_cures() {
    let world = World::new().await;
    world.call("POST", "/backupFabrics/Azure/refreshContainers", None).await.accepted();
    let container = format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}");
    let started = world.call("PUT", &container, Some(register_body())).await.accepted();
    let command = world.next_command().await;
    let fault = JobFault::catalogue("UserErrorVMInternetConnectivityIssue", "");
    agents::finish(world.engine(), &world.agent, command.id, command.generation, &agents::Outcome::Failed(fault)).await.unwrap();
    let failed = world.at("GET", &started.result, None).await;
    assert!(failed.status.is_client_error(), "{}", failed.status);
    assert_eq!(failed.body["error"]["code"], "UserErrorVMInternetConnectivityIssue");
    let again = world.call("PUT", &container, Some(register_body())).await.accepted();
    world.answer_inquiry().await;
    assert_eq!(world.at("GET", &again.result, None).await.is(200)["properties"]["registrationStatus"], "Registered");
}

#[tokio::test]
async fn a_server_of_one_vault_is_not_seen_by_another() {
    let world = registered(inventory()).await;
    let other = vault_id().replace("vault1", "vault2");
    world.at("PUT", &other, Some(json!({"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}}))).await.is(201);
    world.at("POST", &format!("{other}/backupFabrics/Azure/refreshContainers"), None).await.accepted();
    let seen = world.at("GET", &format!("{other}/backupFabrics/Azure/protectableContainers"), None).await.is(200);
    assert_eq!(seen["value"], json!([]));
    let refused = world.at("PUT", &format!("{other}/backupFabrics/Azure/protectionContainers/{CONTAINER}"), Some(register_body())).await;
    let message = refused.error(409, "BMSUserErrorContainerAlreadyRegistered");
    assert!(message.contains("'vault1'") && message.contains("unregister"), "{message}");
}

#[tokio::test]
async fn lists_of_what_was_found_go_on_over_their_next_link() {
    let names: Vec<String> = (0..250).map(|n| format!("db{n:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = registered(with(&names)).await;
    for list in ["/backupProtectableItems".to_owned(), format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}/items")] {
        let first = world.call("GET", &list, None).await.is(200);
        let link = first["nextLink"].as_str().unwrap().strip_prefix("https://localhost:8443").unwrap();
        let (_, _, second) = world.app.call("owner", "GET", link, None).await;
        let count = |page: &Value| page["value"].as_array().unwrap().len();
        assert_eq!((count(&first), count(&second), second.get("nextLink")), (200, 51, None), "{list}");
        assert_eq!(first["value"][0]["properties"]["friendlyName"], "MSSQLSERVER");
        assert_eq!(second["value"][50]["properties"]["friendlyName"], "db249");
        world.call("GET", &format!("{list}?$skipToken=AAAA"), None).await.error(400, "InvalidSkipToken");
    }
}
