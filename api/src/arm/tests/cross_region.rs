//! The secondary region as its clients see it: same paths by another api-version, and paths of the region itself.

use super::{Answer, CONTAINER, World, inventory, register_body, vault_id};
use crate::testing::SUBSCRIPTION;
use jiff::SignedDuration;
use rsvault_domain::discovery::{AgentRecord, Server, ServerState};
use rsvault_domain::id::ServerId;
use rsvault_engine::agents::{self, Outcome};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const FAR: &str = "VMAppContainer;Compute;rg1;farvm";

impl World {
    /// Below the vault, by the version of the secondary region.
    async fn second(&self, method: &str, rest: &str, body: Option<Value>) -> Answer {
        self.versioned("2021-11-15", method, &format!("{}{rest}", vault_id()), body).await
    }
    /// Below a region, by that version.
    async fn region(&self, method: &str, rest: &str, body: Option<Value>) -> Answer {
        let path = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/locations/{rest}");
        self.versioned("2021-11-15", method, &path, body).await
    }
    async fn versioned(&self, version: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let glue = if path.contains('?') { '&' } else { '?' };
        let (status, headers, body) = self.app.call("owner", method, &format!("{path}{glue}api-version={version}"), body).await;
        Answer { status, headers, body }
    }
    /// A backed-up database in a vault whose flag is on; its one point.
    async fn copied(&self) -> String {
        self.register().await;
        self.protect("salesdb").await;
        let flag = json!({"properties": {"crossRegionRestoreFlag": true}});
        self.call("PATCH", "/backupstorageconfig/vaultstorageconfig", Some(flag)).await.is(204);
        let full = json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full"}});
        self.call("POST", &Self::item("salesdb", "/backup"), Some(full)).await.accepted();
        self.answer_backup().await;
        for _ in 0..3 {
            self.run_tasks().await;
        }
        let points = self.call("GET", &Self::item("salesdb", "/recoveryPoints"), None).await.is(200);
        points["value"][0]["name"].as_str().unwrap().to_owned()
    }
    /// A server of the secondary region, registered to a vault there; its agent.
    async fn far_server(&self) -> AgentRecord {
        let engine = self.engine();
        let server = Server {
            id: ServerId(Uuid::new_v4()),
            subscription: SUBSCRIPTION.parse().unwrap(),
            resource_group: "rg1".into(),
            name: "farvm".into(),
            location: "northeurope".into(),
            state: ServerState::Running,
            created_at: engine.clock.now(),
        };
        let mut tx = engine.store.begin().await.unwrap();
        let server = tx.put_server(&server).await.unwrap();
        tx.commit().await.unwrap();
        let (token, _) = agents::create_token(engine, server.id, SignedDuration::from_secs(60)).await.unwrap();
        let enrolled = agents::enroll(engine, &token, "test").await.unwrap();
        let agent = agents::authenticate(engine, enrolled.agent_id, &enrolled.secret).await.unwrap();
        let far = far_vault();
        self.at("PUT", &far, Some(json!({"location": "northeurope", "sku": {"name": "Standard"}, "properties": {}}))).await.is(201);
        self.at("POST", &format!("{far}/backupFabrics/Azure/refreshContainers"), None).await.accepted();
        let mut body = register_body();
        body["properties"]["sourceResourceId"] = body["properties"]["sourceResourceId"].as_str().unwrap().replace("sqlvm1", "farvm").into();
        let path = format!("{far}/backupFabrics/Azure/protectionContainers/{}", CONTAINER.replace("sqlvm1", "farvm"));
        self.at("PUT", &path, Some(body)).await.accepted();
        let command = agents::next_command(engine, &agent, "test", Duration::ZERO).await.unwrap().unwrap().command;
        agents::finish(engine, &agent, command.id, command.generation, &Outcome::Inquired(inventory())).await.unwrap();
        agent
    }
}

fn far_vault() -> String {
    vault_id().replace("vault1", "vault2")
}

/// Asserts an error of the secondary region, and gives its message.
#[allow(clippy::needless_pass_by_value, reason = "an answer is looked at once")]
fn refused(answer: Answer, status: u16, code: &str) -> String {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    assert_eq!(answer.body["ErrorCode"], code, "{}", answer.body);
    assert_eq!(answer.body["Message"]["Language"], "en-us");
    answer.body["Message"]["Value"].as_str().unwrap().to_owned()
}

/// The names of an object.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn one_path_answers_for_two_regions_by_the_api_version() {
    let world = World::new().await;
    let off = refused(world.second("GET", "/backupProtectedItems/", None).await, 400, "BMSUserErrorCrossRegionRestoreNotEnabled");
    assert!(off.contains("crossRegionRestoreFlag"), "{off}");
    let point = world.copied().await;
    let points = World::item("salesdb", "/recoveryPoints/");
    assert_eq!(world.second("GET", &points, None).await.is(200)["value"], json!([]));
    assert_eq!(world.second("GET", "/backupProtectedItems/", None).await.is(200)["value"], json!([]));
    let single = World::item("salesdb", &format!("/recoveryPoints/{point}"));
    let waits = refused(world.second("GET", &single, None).await, 404, "BMSUserErrorRecoveryPointNotFound");
    assert!(waits.contains("northeurope"), "{waits}");
    world.app.clock.advance(12 * 3600);

    for version in ["2021-11-15", "2018-12-20"] {
        let list = world.versioned(version, "GET", &format!("{}{points}", vault_id()), None).await.is(200);
        let [shown] = list["value"].as_array().unwrap().as_slice() else { panic!("{list}") };
        assert_eq!((&shown["name"], &shown["properties"]["crossRegionRestoreState"]), (&json!(point), &json!("Supported")));
        for later in ["recoveryPointProperties", "recoveryPointTimeInUtc"] {
            assert!(!keys(&shown["properties"]).contains(&later), "{shown}");
        }
    }
    let filter = "?$filter=backupManagementType%20eq%20%27AzureWorkload%27%20and%20itemType%20eq%20%27SQLDataBase%27";
    let items = world.second("GET", &format!("/backupProtectedItems/{filter}"), None).await.is(200);
    let shown = &items["value"][0]["properties"];
    assert_eq!((&shown["friendlyName"], &shown["protectedItemType"]), (&json!("salesdb"), &json!("AzureVmWorkloadSQLDatabase")));
    for later in ["isArchiveEnabled", "policyName", "vaultId", "softDeleteRetentionPeriodInDays"] {
        assert!(!keys(shown).contains(&later), "{shown}");
    }
    let other = world.second("GET", "/backupProtectedItems?$filter=itemType%20eq%20%27VM%27", None).await.is(200);
    assert_eq!(other["value"], json!([]));
    let one = world.second("GET", &single, None).await.is(200);
    assert_eq!(keys(&one["properties"]["extendedInfo"]), ["dataDirectoryPaths", "dataDirectoryTimeInUTC"]);
    let config = world.second("GET", "/backupstorageconfig/vaultstorageconfig", None).await.is(200);
    assert_eq!(keys(&config["properties"]), ["crossRegionRestoreFlag", "storageModelType", "storageType", "storageTypeState"]);
    let usage = world.second("GET", "/backupUsageSummaries?$filter=type%20eq%20%27BackupProtectedItemCountSummary%27", None).await.is(200);
    assert_eq!(usage["value"][0]["currentValue"], 1, "{usage}");
    // The primary says so too, in its own list.
    let primary = world.call("GET", &World::item("salesdb", "/recoveryPoints"), None).await.is(200);
    assert_eq!(primary["value"][0]["properties"]["crossRegionRestoreState"], "Supported");
}

#[tokio::test]
async fn a_restore_is_asked_for_with_a_token_of_its_point_and_followed_in_its_region() {
    let world = World::new().await;
    let point = world.copied().await;
    world.app.clock.advance(12 * 3600);
    world.far_server().await;
    let aad =
        world.region("GET", "northeurope/backupAadProperties?$filter=backupManagementType%20eq%20%27AzureWorkload%27", None).await.is(200);
    let token = World::item("salesdb", &format!("/recoveryPoints/{point}/accessToken"));
    let access = world.second("POST", &token, Some(aad.clone())).await.is(200)["properties"].clone();
    assert_eq!((&access["objectType"], &access["recoveryPointId"]), (&json!("WorkloadCrrAccessToken"), &json!(point)));
    let target = json!({"overwriteOption": "Overwrite", "databaseName": "MSSQLSERVER/copy",
        "containerId": format!("{}/backupFabrics/Azure/protectionContainers/{FAR}", far_vault())});
    let restore = json!({"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation",
        "shouldUseAlternateTargetLocation": true, "isNonRecoverable": false, "targetInfo": target});
    let body = |access: &Value, restore: &Value| Some(json!({"crossRegionRestoreAccessDetails": access, "restoreRequest": restore}));
    let path = "northeurope/backupCrossRegionRestore";

    // What does not fit is refused, and says where.
    let mut forged = access.clone();
    let text = forged["accessTokenString"].as_str().unwrap().to_owned();
    forged["accessTokenString"] = text[..text.len() - 4].into();
    refused(world.region("POST", path, body(&forged, &restore)).await, 400, "BMSUserErrorInvalidCrossRegionRestoreAccessToken");
    let mut other = access.clone();
    other["recoveryPointId"] = "1".into();
    refused(world.region("POST", path, body(&other, &restore)).await, 400, "BMSUserErrorInvalidRestoreRequest");
    let mut original = restore.clone();
    original["recoveryType"] = "OriginalLocation".into();
    let answer = world.region("POST", path, body(&access, &original)).await;
    assert_eq!(answer.body["Values"][0], json!({"Key": "target", "Value": "restoreRequest.recoveryType"}), "{}", answer.body);
    refused(world.region("POST", "westus/backupCrossRegionRestore", body(&access, &restore)).await, 400, "BMSUserErrorInvalidRegion");
    let wrong = json!({"properties": {"audience": "https://RecoveryServices/WkloadCoord/aadmgmt/westus"}});
    refused(world.second("POST", &token, Some(wrong)).await, 400, "BMSUserErrorInvalidInput");
    world.app.clock.advance(3600);
    let late = refused(world.region("POST", path, body(&access, &restore)).await, 400, "BMSUserErrorInvalidCrossRegionRestoreAccessToken");
    assert!(late.contains("was good until"), "{late}");

    let access = world.second("POST", &token, Some(aad)).await.is(200)["properties"].clone();
    let started = world.region("POST", path, body(&access, &restore)).await;
    assert_eq!(started.status, 202, "{}", started.body);
    let url = started.header("azure-asyncoperation").to_owned();
    let operation = url.split(['?', '/']).rev().nth(1).unwrap().to_owned();
    assert!(url.contains("/locations/northeurope/backupCrrOperationsStatus/"), "{url}");
    assert!(started.header("location").contains("/locations/northeurope/backupCrrOperationResults/"));
    let status = world.region("GET", &format!("northeurope/backupCrrOperationsStatus/{operation}"), None).await.is(200);
    assert_eq!((&status["name"], &status["status"]), (&json!(operation), &json!("Succeeded")));
    world.region("GET", &format!("northeurope/backupCrrOperationResults/{operation}"), None).await.is(200);
    let whose = json!({"resourceId": vault_id(), "jobName": status["properties"]["jobId"]});
    let job = world.region("POST", "northeurope/backupCrrJob", Some(whose.clone())).await.is(200);
    assert_eq!(job["properties"]["operation"], "CrossRegionRestore");
    assert_eq!(job["properties"]["extendedInfo"]["propertyBag"]["Target vault name"], "vault2");
    assert!(job["id"].as_str().unwrap().contains("/locations/northeurope/backupJobs/"), "{job}");
    let jobs = world.region("POST", "northeurope/backupCrrJobs", Some(json!({"resourceId": vault_id()}))).await.is(200);
    assert_eq!(jobs["value"].as_array().unwrap().len(), 1, "{jobs}");
    let filter = "northeurope/backupCrrJobs?$filter=operation%20eq%20%27Backup%27";
    assert_eq!(world.region("POST", filter, Some(json!({"resourceId": vault_id()}))).await.is(200)["value"], json!([]));
    refused(world.region("GET", "northeurope/backupCrrJobs", None).await, 400, "BMSUserErrorInvalidInput");
    let foreign = json!({"resourceId": vault_id().replace(SUBSCRIPTION, "00000000-0000-0000-0000-000000000009")});
    refused(world.region("POST", "northeurope/backupCrrJobs", Some(foreign)).await, 404, "ResourceNotFound");
}

#[tokio::test]
async fn a_list_of_jobs_goes_on_by_a_link_that_says_whose_they_are() {
    let world = World::new().await;
    let point = world.copied().await;
    world.app.clock.advance(12 * 3600);
    world.far_server().await;
    let aad = world.region("GET", "northeurope/backupAadProperties", None).await.is(200);
    let token = World::item("salesdb", &format!("/recoveryPoints/{point}/accessToken"));
    let access = world.second("POST", &token, Some(aad)).await.is(200)["properties"].clone();
    let count = 203;
    for n in 0..count {
        let restore = json!({"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation",
            "targetInfo": {"overwriteOption": "Overwrite", "databaseName": format!("MSSQLSERVER/copy{n}"),
                "containerId": format!("{}/backupFabrics/Azure/protectionContainers/{FAR}", far_vault())}});
        let body = json!({"crossRegionRestoreAccessDetails": access, "restoreRequest": restore});
        let answer = world.region("POST", "northeurope/backupCrossRegionRestore", Some(body)).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
    }
    let first = world.region("POST", "northeurope/backupCrrJobs", Some(json!({"resourceId": vault_id()}))).await.is(200);
    assert_eq!(first["value"].as_array().unwrap().len(), 200);
    let link = first["nextLink"].as_str().unwrap().strip_prefix("https://localhost:8443").unwrap().to_owned();
    let (status, _, rest) = world.app.call("owner", "GET", &link, None).await;
    assert_eq!((status.as_u16(), rest["value"].as_array().map(Vec::len)), (200, Some(count - 200)), "{rest}");
}
