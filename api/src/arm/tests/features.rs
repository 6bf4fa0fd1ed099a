//! What a vault has beside its backups: success and refusals of each operation.

use super::{Answer, CONTAINER, World, vault_id};
use crate::testing::{SUBSCRIPTION, TENANT};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsvault_engine::features::pin;
use serde_json::{Value, json};

const USER: &str =
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg1/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Mi1";
const KEY: &str = "https://kv1.vault.azure.net/keys/key1/0767b348bb1a4c07baa6c4ec0055d2b3";

impl Answer {
    /// Asserts an ARM error that names a field.
    fn refused(self, status: u16, code: &str, target: &str) -> String {
        assert_eq!(self.body["error"]["target"], target, "{}", self.body);
        self.error(status, code)
    }
}

impl World {
    /// Asserts that the 202's both readers tell the end, and gives the result's answer.
    async fn settled(&self, answer: &Answer) -> Answer {
        let started = answer.accepted();
        let status = self.at("GET", &started.status, None).await.is(200);
        assert_eq!((&status["status"], &status["name"]), (&json!("Succeeded"), &json!(started.id)), "{status}");
        self.at("GET", &started.result, None).await
    }
    async fn second_vault(&self, name: &str, location: &str) -> String {
        let path = vault_id().replace("vault1", name);
        self.at("PUT", &path, Some(json!({"location": location, "properties": {}}))).await.is(201);
        path
    }
}

fn encryption(key: &str, kek: &Value) -> Value {
    json!({"properties": {"encryption": {"keyVaultProperties": {"keyUri": key}, "kekIdentity": kek}}})
}

fn usage(list: &Value, name: &str) -> (i64, i64) {
    let found = list["value"].as_array().unwrap().iter().find(|u| u["name"]["value"] == name).unwrap_or_else(|| panic!("{name}: {list}"));
    (found["currentValue"].as_i64().unwrap(), found["limit"].as_i64().unwrap())
}

#[tokio::test]
async fn usages_count_what_stands_against_the_limits() {
    let world = World::new().await;
    let empty = world.call("GET", "/usages", None).await.is(200);
    assert_eq!((usage(&empty, "ManagedInstances"), usage(&empty, "ProtectedItemCount")), ((0, 1000), (0, 2000)));
    assert_eq!(usage(&empty, "BackupPolicyCount"), (3, 200));
    world.register().await;
    world.protect("salesdb").await;
    let one = world.call("GET", "/usages", None).await.is(200);
    assert_eq!((usage(&one, "ManagedInstances"), usage(&one, "ProtectedItemCount")), ((1, 1000), (1, 2000)));
    assert_eq!(usage(&one, "ProtectedItemWarningCount"), (1, -1), "its first full has not run");
    for (kind, count) in [("BackupProtectedItemCountSummary", 1), ("BackupProtectionContainerCountSummary", 1)] {
        let list = world.call("GET", &format!("/backupUsageSummaries?$filter=type%20eq%20'{kind}'"), None).await.is(200);
        assert_eq!(usage(&list, "AzureWorkload").0, count);
        assert_eq!(list["value"][0]["unit"], "Count");
    }
    world.call("DELETE", &World::item("salesdb", ""), None).await.accepted();
    world.run_tasks().await;
    let gone = world.call("GET", "/usages", None).await.is(200);
    assert_eq!((usage(&gone, "ProtectedItemCount").0, usage(&gone, "SoftDeletedItemCount").0), (0, 1));
    world.call("GET", "/backupUsageSummaries", None).await.refused(400, "BMSUserErrorInvalidInput", "$filter");
    let odd = world.call("GET", "/backupUsageSummaries?$filter=type%20eq%20'Files'", None).await;
    odd.refused(400, "BMSUserErrorInvalidInput", "$filter");
}

#[tokio::test]
async fn the_operations_of_the_provider_are_the_actions_of_the_routes() {
    let world = World::new().await;
    let list = world.at("GET", "/providers/Microsoft.RecoveryServices/operations", None).await.is(200);
    let names: Vec<String> = list["value"].as_array().unwrap().iter().map(|o| o["name"].as_str().unwrap().to_lowercase()).collect();
    for wanted in [
        "vaults/read",
        "vaults/write",
        "vaults/delete",
        "vaults/backupsecuritypin/action",
        "vaults/usages/read",
        "vaults/backupjobs/cancel/action",
    ] {
        assert_eq!(names.iter().filter(|n| **n == format!("microsoft.recoveryservices/{wanted}")).count(), 1, "{wanted}");
    }
    assert!(names.is_sorted() && names.iter().all(|n| n.starts_with("microsoft.recoveryservices/")));
    for operation in list["value"].as_array().unwrap() {
        assert!(
            ["resource", "operation", "description"].iter().all(|k| operation["display"][k].as_str().is_some_and(|t| !t.is_empty())),
            "{operation}"
        );
    }
    world.app.principal("nobody", &[]).await;
    let (status, _, _) =
        world.app.call("nobody", "GET", "/providers/Microsoft.RecoveryServices/operations?api-version=2026-10-01", None).await;
    assert_eq!(status, 200, "who is signed in may ask");
}

#[tokio::test]
async fn a_key_needs_an_identity_and_an_unused_vault_and_is_for_good() {
    let world = World::new().await;
    let config = "/backupEncryptionConfigs/backupResourceEncryptionConfig";
    let fresh = world.call("GET", config, None).await.is(200);
    let want = json!({"useSystemAssignedIdentity": true, "encryptionAtRestType": "MicrosoftManaged", "lastUpdateStatus": "NotEnabled", "infrastructureEncryptionState": "Disabled"});
    assert_eq!(fresh["properties"], want);
    let system = json!({"useSystemAssignedIdentity": true});
    let kek = "properties.encryption.kekIdentity";
    world.call("PATCH", "", Some(encryption(KEY, &system))).await.refused(400, "BMSUserErrorKekIdentityNotFound", kek);
    let both = json!({"identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {USER: {}}}});
    world.call("PATCH", "", Some(both)).await.is(200);
    world.call("PATCH", "", Some(encryption(KEY, &Value::Null))).await.refused(400, "BMSUserErrorKekIdentityRequired", kek);
    let twice = json!({"useSystemAssignedIdentity": true, "userAssignedIdentity": USER});
    world.call("PATCH", "", Some(encryption(KEY, &twice))).await.refused(400, "BMSUserErrorInvalidInput", kek);
    let uri = "properties.encryption.keyVaultProperties.keyUri";
    world.call("PATCH", "", Some(encryption("http://kv1/keys/k", &system))).await.refused(400, "BMSUserErrorInvalidKeyUri", uri);
    let set = world.call("PATCH", "", Some(encryption(KEY, &json!({"userAssignedIdentity": USER.to_uppercase()})))).await.is(200);
    assert_eq!(set["properties"]["encryption"]["keyVaultProperties"]["keyUri"], KEY);
    assert_eq!(set["properties"]["encryption"]["infrastructureEncryption"], "Disabled");
    let shown = world.call("GET", config, None).await.is(200);
    assert_eq!(
        (&shown["properties"]["encryptionAtRestType"], &shown["properties"]["lastUpdateStatus"]),
        (&json!("CustomerManaged"), &json!("Succeeded"))
    );

    let less = json!({"identity": {"type": "SystemAssigned"}});
    world.call("PATCH", "", Some(less.clone())).await.refused(400, "BMSUserErrorIdentityInUse", "identity");
    let platform = json!({"properties": {"encryptionAtRestType": "MicrosoftManaged"}});
    let answer = world.call("PUT", config, Some(platform)).await;
    answer.refused(400, "BMSUserErrorCustomerManagedKeyCannotBeRemoved", "properties.encryptionAtRestType");
    let twofold = json!({"properties": {"encryption": {"infrastructureEncryption": "Enabled"}}});
    let answer = world.call("PATCH", "", Some(twofold)).await;
    answer.refused(400, "BMSUserErrorInfrastructureEncryptionCannotChange", "properties.encryption.infrastructureEncryption");
    let across = json!({"properties": {"crossRegionRestoreFlag": true}});
    let answer = world.call("PUT", "/backupstorageconfig/vaultstorageconfig", Some(across)).await;
    answer.refused(400, "BMSUserErrorCustomerManagedKeyWithCrossRegionRestore", "properties.crossRegionRestoreFlag");

    // Once it stands, it may be rotated, also in a vault in use; the identity that is free then may go.
    world.register().await;
    let rotated = json!({"properties": {"encryptionAtRestType": "CustomerManaged", "keyUri": "https://kv1.vault.azure.net/keys/key2"}});
    assert_eq!(world.call("PUT", config, Some(rotated)).await.is(200), Value::Null);
    world.call("PATCH", "", Some(encryption(KEY, &system))).await.is(200);
    let left = world.call("PATCH", "", Some(less)).await.is(200);
    assert_eq!((&left["identity"]["type"], &left["identity"]["tenantId"]), (&json!("SystemAssigned"), &json!(TENANT)));
}

#[tokio::test]
async fn a_vault_that_was_used_or_restores_across_regions_gets_no_key() {
    let world = World::new().await;
    let config = "/backupEncryptionConfigs/backupResourceEncryptionConfig";
    world.call("PATCH", "", Some(json!({"identity": {"type": "SystemAssigned"}}))).await.is(200);
    world
        .call("PUT", "/backupstorageconfig/vaultstorageconfig", Some(json!({"properties": {"crossRegionRestoreFlag": true}})))
        .await
        .is(200);
    let put = json!({"properties": {"encryptionAtRestType": "CustomerManaged", "keyUri": KEY}});
    let answer = world.call("PUT", config, Some(put.clone())).await;
    answer.refused(400, "BMSUserErrorCustomerManagedKeyWithCrossRegionRestore", "properties.encryption");
    world
        .call("PUT", "/backupstorageconfig/vaultstorageconfig", Some(json!({"properties": {"crossRegionRestoreFlag": false}})))
        .await
        .is(200);
    world.register().await;
    world.call("DELETE", &format!("/backupFabrics/Azure/protectionContainers/{CONTAINER}"), None).await.accepted();
    let answer = world.call("PUT", config, Some(put)).await;
    answer.refused(400, "BMSUserErrorCustomerManagedKeyNotAllowed", "properties.encryption");
    world.call("PUT", config, Some(json!({"properties": {"encryptionAtRestType": "MicrosoftManaged"}}))).await.is(200);
}

#[tokio::test]
async fn identities_are_added_taken_away_and_spelled_as_the_client_compares_them() {
    let world = World::new().await;
    let one =
        world.call("PATCH", "", Some(json!({"identity": {"type": "userassigned", "userAssignedIdentities": {USER: {}}}}))).await.is(200);
    assert_eq!((&one["identity"]["type"], one["identity"].get("principalId")), (&json!("UserAssigned"), None));
    let ids = &one["identity"]["userAssignedIdentities"][USER];
    assert!(ids["principalId"].is_string() && ids["clientId"].is_string());
    let both = world.call("PATCH", "", Some(json!({"identity": {"type": "systemassigned,userassigned"}}))).await.is(200);
    assert_eq!(both["identity"]["type"], "SystemAssigned, UserAssigned");
    assert_eq!(&both["identity"]["userAssignedIdentities"][USER], ids);
    assert!(both["identity"]["principalId"].is_string());
    let odd = world.call("PATCH", "", Some(json!({"identity": {"type": "Somebody"}}))).await;
    odd.refused(400, "InvalidIdentity", "identity.type");
    let gone = json!({"identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {USER: null}}});
    world.call("PATCH", "", Some(gone)).await.refused(400, "InvalidIdentity", "identity.userAssignedIdentities");
    let none = world.call("PATCH", "", Some(json!({"identity": {"type": "none"}}))).await.is(200);
    assert!(none.get("identity").is_none());
    let put = json!({"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {}});
    assert_eq!(world.call("PUT", "", Some(put)).await.is(200)["identity"]["type"], "SystemAssigned");
}

#[tokio::test]
async fn a_private_endpoint_connection_is_decided_on_shown_and_blocks_the_deletion() {
    let world = World::new().await;
    let id = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.Network/privateEndpoints/pe1");
    let at = "/privateEndpointConnections/pe1.conn";
    let state = |word: &str| json!({"properties": {"privateLinkServiceConnectionState": {"status": word, "description": "d"}}});
    world.call("GET", at, None).await.refused(404, "ResourceNotFound", "privateEndpointConnectionName");
    world.call("PUT", at, Some(state("Approved"))).await.refused(400, "BMSUserErrorInvalidInput", "properties.privateEndpoint.id");
    let made = world.call("PUT", at, Some(json!({"properties": {"privateEndpoint": {"id": id}, "groupIds": ["AzureBackup"]}}))).await;
    let operation =
        made.header("azure-asyncoperation").split('?').next().unwrap().strip_prefix("https://localhost:8443").unwrap().to_owned();
    assert!(made.header("location").contains("/backupOperationResults/") && made.header("retry-after") == "1");
    let made = made.is(201);
    assert_eq!(made["properties"]["privateLinkServiceConnectionState"]["status"], "Pending");
    assert_eq!(made["properties"]["privateEndpoint"]["id"], id);
    assert!(operation.contains("/privateEndpointConnections/pe1.conn/operationsStatus/"));
    assert_eq!(world.at("GET", &operation, None).await.is(200)["status"], "Succeeded");
    let approved = world.call("PUT", &at.to_uppercase(), Some(state("Approved"))).await.is(200);
    assert_eq!((&approved["name"], &approved["properties"]["provisioningState"]), (&json!("pe1.conn"), &json!("Succeeded")));
    let field = "properties.privateLinkServiceConnectionState.status";
    let undone = world.call("PUT", at, Some(state("Pending"))).await;
    undone.refused(400, "BMSUserErrorPrivateEndpointStateChangeNotAllowed", field);
    world.call("PUT", at, Some(state("Maybe"))).await.refused(400, "BMSUserErrorInvalidInput", field);
    let other = json!({"properties": {"privateEndpoint": {"id": id.replace("pe1", "pe2")}}});
    world.call("PUT", at, Some(other)).await.refused(400, "BMSUserErrorInvalidInput", "properties.privateEndpoint.id");
    let wrong = json!({"properties": {"privateEndpoint": {"id": vault_id()}}});
    world.call("PUT", at, Some(wrong)).await.refused(400, "LinkedInvalidPropertyId", "properties.privateEndpoint.id");

    let vault = world.call("GET", "", None).await.is(200);
    assert_eq!(vault["properties"]["privateEndpointStateForBackup"], "Enabled");
    assert_eq!(vault["properties"]["privateEndpointStateForSiteRecovery"], "None");
    let shown = &vault["properties"]["privateEndpointConnections"][0];
    assert_eq!((&shown["name"], &shown["location"]), (&json!("pe1.conn"), &json!("westeurope")));
    assert!(world.call("DELETE", "", None).await.is(400)["error"]["message"].as_str().unwrap().contains("pe1.conn"));

    let gone = world.call("DELETE", at, None).await;
    let started = gone.accepted();
    assert_eq!(world.at("GET", &started.status, None).await.is(200)["status"], "Succeeded");
    world.at("GET", &started.result, None).await.is(204);
    world.call("DELETE", at, None).await.is(204);
    let vault = world.call("GET", "", None).await.is(200);
    assert_eq!(vault["properties"]["privateEndpointStateForBackup"], "None");
    assert!(vault["properties"].get("privateEndpointConnections").is_none());
    world.call("DELETE", "", None).await.accepted();
}

#[tokio::test]
async fn a_vault_has_twelve_private_endpoint_connections_at_most() {
    let world = World::new().await;
    for n in 0..13 {
        let id = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.Network/privateEndpoints/pe{n}");
        let body = json!({"properties": {"privateEndpoint": {"id": id}}});
        let answer = world.call("PUT", &format!("/privateEndpointConnections/pe{n}"), Some(body)).await;
        if n < 12 {
            answer.is(201);
        } else {
            answer.error(400, "BMSUserErrorPrivateEndpointLimitReached");
        }
    }
}

#[tokio::test]
async fn private_link_resources_and_capabilities_name_the_zones_of_the_region() {
    let world = World::new().await;
    let list = world.call("GET", "/privateLinkResources", None).await.is(200);
    assert_eq!(list["value"].as_array().unwrap().len(), 1);
    let one = world.call("GET", "/privateLinkResources/BACKUPRESOURCE", None).await.is(200);
    assert_eq!((&one, &one["properties"]["groupId"]), (&list["value"][0], &json!("AzureBackup")));
    assert_eq!(one["properties"]["requiredZoneNames"][0], "privatelink.we.backup.windowsazure.com");
    let answer = world.call("GET", "/privateLinkResources/other", None).await;
    answer.refused(404, "ResourceNotFound", "privateLinkResourceName");
    world
        .call("PUT", "/backupstorageconfig/vaultstorageconfig", Some(json!({"properties": {"crossRegionRestoreFlag": true}})))
        .await
        .is(200);
    let list = world.call("GET", "/privateLinkResources", None).await.is(200);
    assert_eq!(list["value"][1]["properties"]["groupId"], "AzureBackup_secondary");
    assert_eq!(list["value"][1]["properties"]["requiredZoneNames"][0], "privatelink.ne.backup.windowsazure.com");

    let path = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/locations/westus/capabilities");
    let body = |zone: &str| json!({"type": "Microsoft.RecoveryServices/Vaults", "properties": {"dnsZones": [{"subResource": zone}]}});
    let told = world.at("POST", &path, Some(body("AzureBackup"))).await.is(200);
    assert_eq!(told["properties"]["dnsZones"][0]["requiredZoneNames"][0], "privatelink.wus.backup.windowsazure.com");
    let answer = world.at("POST", &path, Some(body("Everything"))).await;
    answer.refused(400, "BMSUserErrorInvalidInput", "properties.dnsZones.subResource");
    world.at("POST", &path, Some(json!({"type": "Microsoft.Compute/virtualMachines"}))).await.refused(
        400,
        "BMSUserErrorInvalidInput",
        "type",
    );
}

#[tokio::test]
async fn a_name_is_free_taken_or_none() {
    let world = World::new().await;
    let path = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.RecoveryServices/locations/westeurope/checkNameAvailability"
    );
    let body = |name: &str| Some(json!({"type": "microsoft.recoveryservices/vaults", "name": name}));
    assert_eq!(world.at("POST", &path, body("vault2")).await.is(200), json!({"nameAvailable": true}));
    let taken = world.at("POST", &path, body("VAULT1")).await.is(200);
    assert_eq!((&taken["nameAvailable"], &taken["reason"]), (&json!(false), &json!("AlreadyExists")));
    let bad = world.at("POST", &path, body("1!")).await.is(200);
    assert_eq!((&bad["nameAvailable"], &bad["reason"]), (&json!(false), &json!("Invalid")));
    world.at("POST", &path, Some(json!({"type": "Microsoft.RecoveryServices/vaults"}))).await.refused(
        400,
        "BMSUserErrorInvalidInput",
        "name",
    );
    world.at("POST", &path, Some(json!({"type": "x", "name": "n"}))).await.refused(400, "BMSUserErrorInvalidInput", "type");
}

#[tokio::test]
async fn extended_information_is_written_then_read_and_its_etag_fences() {
    let world = World::new().await;
    let at = "/extendedInformation/vaultExtendedInfo";
    world.call("GET", at, None).await.error(404, "ResourceExtendedInfoNotFound");
    world.call("PATCH", at, Some(json!({"properties": {"algorithm": "None"}}))).await.error(404, "ResourceExtendedInfoNotFound");
    let made = world.call("PUT", at, Some(json!({"properties": {"algorithm": "None", "integrityKey": "a2V5"}}))).await.is(200);
    assert_eq!(made["properties"], json!({"algorithm": "None", "integrityKey": "a2V5"}));
    let etag = made["etag"].clone();
    let changed = world.call("PATCH", at, Some(json!({"etag": etag, "properties": {"algorithm": "RSA1_5"}}))).await.is(200);
    assert_eq!(changed["properties"], json!({"algorithm": "RSA1_5", "integrityKey": "a2V5"}));
    assert_eq!(world.call("GET", at, None).await.is(200), changed);
    let stale = world.call("PUT", at, Some(json!({"etag": etag, "properties": {}}))).await;
    stale.refused(409, "ResourceExtendedInfoChanged", "etag");
    let long = json!({"properties": {"integrityKey": "x".repeat(5000)}});
    world.call("PUT", at, Some(long)).await.refused(400, "BMSUserErrorInvalidInput", "properties.integrityKey");
    assert_eq!(world.call("PUT", at, Some(json!({"properties": {}}))).await.is(200)["properties"], json!({}));
}

/// A self-signed certificate of the year of the tests' clock.
fn certificate(days: std::ops::Range<u8>) -> rcgen::Certificate {
    let mut params = rcgen::CertificateParams::new(vec!["client".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2026, 11, days.start);
    params.not_after = rcgen::date_time_ymd(2026, 11, days.end);
    params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap()
}

#[tokio::test]
async fn a_certificate_is_read_checked_and_described() {
    let world = World::new().await;
    let (at, field) = ("/certificates/Cred1", "properties.certificate");
    let body = |bytes: &[u8]| Some(json!({"properties": {"authType": "AAD", "certificate": STANDARD.encode(bytes)}}));
    let good = certificate(1..30);
    let told = world.call("PUT", at, body(good.der())).await.is(200);
    let properties = &told["properties"];
    assert_eq!((&told["name"], &properties["authType"]), (&json!("Cred1"), &json!("AzureActiveDirectory")));
    assert_eq!(properties["validFrom"], "2026-11-01T00:00:00Z");
    assert_eq!(properties["certificate"], STANDARD.encode(good.der()));
    assert_eq!((properties["thumbprint"].as_str().unwrap().len(), properties["aadTenantId"].as_str().unwrap()), (40, TENANT));
    assert_eq!(properties["subject"], properties["issuer"]);
    for key in ["aadAuthority", "servicePrincipalClientId", "servicePrincipalObjectId", "azureManagementEndpointAudience", "friendlyName"] {
        assert!(properties[key].as_str().is_some_and(|t| !t.is_empty()), "{key}");
    }
    assert!(properties["resourceId"].as_i64().is_some_and(|n| n > 0));
    let pem = world.call("PUT", at, body(good.pem().as_bytes())).await.is(200);
    assert_eq!(pem["properties"]["thumbprint"], properties["thumbprint"]);

    let mut forged = good.der().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let twice = [good.der().as_ref(), b"more"].concat();
    for bytes in [b"".as_slice(), b"no certificate", &forged, &twice, certificate(1..20).der(), certificate(28..30).der()] {
        world.call("PUT", at, body(bytes)).await.refused(400, "BMSUserErrorInvalidCertificate", field);
    }
    let odd = json!({"properties": {"certificate": "%%%"}});
    world.call("PUT", at, Some(odd)).await.refused(400, "BMSUserErrorInvalidCertificate", field);
    world.call("PUT", at, Some(json!({"properties": {}}))).await.refused(400, "BMSUserErrorInvalidInput", field);
    let acs = json!({"properties": {"authType": "ACS", "certificate": STANDARD.encode(good.der())}});
    world.call("PUT", at, Some(acs)).await.refused(400, "NotSupportedYet", "properties.authType");

    assert_eq!(world.call("DELETE", "/registeredIdentities/CRED1", None).await.is(204), Value::Null);
    world.call("DELETE", "/registeredIdentities/cred1", None).await.is(204);
    world.register().await;
    let container = world.call("DELETE", &format!("/registeredIdentities/{CONTAINER}"), None).await;
    container.refused(400, "BMSUserErrorRegisteredIdentityIsContainer", "identityName");
}

#[tokio::test]
async fn a_pin_holds_for_five_minutes_and_the_newest_alone() {
    let world = World::new().await;
    let path = rsvault_engine::vaults::VaultPath {
        subscription: SUBSCRIPTION.parse().unwrap(),
        resource_group: "rg1".into(),
        name: "vault1".into(),
    };
    let issued = world.call("POST", "/backupSecurityPIN", None).await.is(200);
    let first = issued["securityPIN"].as_str().unwrap().to_owned();
    assert!(first.len() == 8 && first.bytes().all(|b| b.is_ascii_digit()), "{first}");
    // 12:05 of the tests' day.
    assert_eq!(issued["expiryTimeInUtcTicks"], 639_312_051_000_000_000_i64);
    let holds = async |text: &str| pin::holds(world.engine(), &path, text).await.unwrap();
    assert!(holds(&first).await && !holds("00000000x").await && !holds("").await);
    let second = world.call("POST", "/backupSecurityPIN", Some(json!({"resourceGuardOperationRequests": []}))).await.is(200);
    let second = second["securityPIN"].as_str().unwrap();
    assert!(holds(second).await && !holds(&first).await);
    world.app.clock.advance(299);
    assert!(holds(second).await);
    world.app.clock.advance(1);
    assert!(!holds(second).await);
}

#[tokio::test]
async fn a_move_is_prepared_for_another_vault_and_moves_nothing_that_it_says_it_did() {
    let world = World::new().await;
    let target = world.second_vault("vault2", "northeurope").await;
    let at = "/backupstorageconfig/vaultstorageconfig/prepareDataMove";
    let ask = |id: &str, region: &str, level: &str| json!({"targetResourceId": id, "targetRegion": region, "dataMoveLevel": level});
    let prepared = world.call("POST", at, Some(ask(&target, "North Europe", "Vault"))).await;
    let prepared = world.settled(&prepared).await.is(200);
    assert_eq!(prepared["objectType"], "PrepareDataMoveResponse");
    let correlation = prepared["correlationId"].as_str().unwrap();

    for (body, code, field) in [
        (ask(&target, "westus", "Vault"), "BMSUserErrorDataMoveRegionMismatch", "targetRegion"),
        (ask(&vault_id(), "westeurope", "Vault"), "BMSUserErrorInvalidInput", "targetResourceId"),
        (ask(&target.replace("vault2", "vault3"), "northeurope", "Vault"), "BMSUserErrorDataMoveVaultNotFound", "targetResourceId"),
        (ask(&super::vm_id(), "northeurope", "Vault"), "LinkedInvalidPropertyId", "targetResourceId"),
        (ask(&target, "northeurope", "Galaxy"), "BMSUserErrorInvalidInput", "dataMoveLevel"),
        (ask(&target, "northeurope", "Container"), "BMSUserErrorInvalidInput", "sourceContainerArmIds"),
        (json!({"targetRegion": "northeurope", "dataMoveLevel": "Vault"}), "BMSUserErrorInvalidInput", "targetResourceId"),
    ] {
        world.call("POST", at, Some(body)).await.refused(400, code, field);
    }
    let trigger = format!("{target}/backupstorageconfig/vaultstorageconfig/triggerDataMove");
    let ask = |correlation: &str, level: &str| json!({"sourceResourceId": vault_id(), "sourceRegion": "westeurope", "dataMoveLevel": level, "correlationId": correlation});
    let unknown = world.at("POST", &trigger, Some(ask(SUBSCRIPTION, "Vault"))).await;
    unknown.refused(400, "BMSUserErrorDataMoveNotPrepared", "correlationId");
    world.at("POST", &trigger, Some(ask("x", "Vault"))).await.refused(400, "BMSUserErrorDataMoveNotPrepared", "correlationId");
    let empty = world.at("POST", &trigger, Some(ask(correlation, "Vault"))).await;
    world.settled(&empty).await.is(204);

    world.register().await;
    let container = format!("{}/backupFabrics/Azure/protectionContainers/VMAppContainer;Compute;rg1;sqlvm1", vault_id());
    let mut one = ask(correlation, "Container");
    one["sourceContainerArmIds"] = json!([container]);
    world.at("POST", &trigger, Some(one.clone())).await.refused(400, "BMSUserErrorDataMoveDiffersFromPrepared", "correlationId");
    let mut own = json!({"targetResourceId": target, "targetRegion": "northeurope", "dataMoveLevel": "Container"});
    own["sourceContainerArmIds"] = json!([container.replace("sqlvm1", "sqlvm9")]);
    world.call("POST", at, Some(own.clone())).await.refused(400, "BMSUserErrorContainerObjectNotFound", "sourceContainerArmIds");
    own["sourceContainerArmIds"] = json!([container]);
    let prepared = world.call("POST", at, Some(own)).await;
    one["correlationId"] = world.settled(&prepared).await.is(200)["correlationId"].clone();
    let failed = world.at("POST", &trigger, Some(one)).await.accepted();
    let status = world.at("GET", &failed.status, None).await.is(200);
    assert_eq!((&status["status"], &status["error"]["code"]), (&json!("Failed"), &json!("BMSUserErrorDataMoveNotSupported")));
    world.at("GET", &failed.result, None).await.error(400, "BMSUserErrorDataMoveNotSupported");
}

#[tokio::test]
async fn a_move_needs_rights_on_both_vaults() {
    let world = World::new().await;
    let target = world.second_vault("vault2", "westeurope").await;
    world.app.principal("one", &[("Backup Contributor", &vault_id())]).await;
    let at = format!("{}/backupstorageconfig/vaultstorageconfig/prepareDataMove?api-version=2026-10-01", vault_id());
    let body = json!({"targetResourceId": target, "targetRegion": "westeurope", "dataMoveLevel": "Vault"});
    let (status, _, answer) = world.app.call("one", "POST", &at, Some(body.clone())).await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (403, &json!("LinkedAuthorizationFailed")), "{answer}");
    world.app.principal("both", &[("Backup Contributor", &vault_id()), ("Backup Contributor", &target)]).await;
    assert_eq!(world.app.call("both", "POST", &at, Some(body)).await.0, 202);
}

#[tokio::test]
async fn the_archive_tier_comes_to_the_bytes_of_the_points_that_may_move() {
    let world = World::new().await;
    let at = "/backupTieringCost/default/fetchTieringCost";
    let ask = |kind: &str| json!({"objectType": kind, "sourceTierType": "HardenedRP", "targetTierType": "ArchivedRP"});
    let empty = world.call("POST", at, Some(ask("FetchTieringCostSavingsInfoForVaultRequest"))).await;
    let empty = world.settled(&empty).await.is(200);
    assert_eq!((&empty["objectType"], &empty["sourceTierSizeReductionInBytes"]), (&json!("TieringCostSavingInfo"), &json!(0)));
    world.register().await;
    world.protect("salesdb").await;
    let keep = json!({"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full", "enableCompression": false, "recoveryPointExpiryTimeInUTC": "2028-11-25T12:00:00Z"}});
    world.call("POST", &World::item("salesdb", "/backup"), Some(keep)).await.accepted();
    world.answer_backup().await;
    let item = json!({"containerName": "VMAppContainer;Compute;rg1;sqlvm1", "protectedItemName": "SQLDataBase;MSSQLSERVER;salesdb"});
    let with = |mut body: Value, more: &Value| {
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Some(body)
    };
    let of_item = || with(ask("FetchTieringCostSavingsInfoForProtectedItemRequest"), &item);
    let young = world.call("POST", at, of_item()).await;
    assert_eq!(world.settled(&young).await.is(200)["sourceTierSizeReductionInBytes"], 0);
    world.app.clock.advance(46 * 24 * 3600);
    let of_policy = with(ask("FetchTieringCostSavingsInfoForPolicyRequest"), &json!({"policyName": "hourlylogbackup"}));
    for body in [of_item(), of_policy, Some(ask("FetchTieringCostSavingsInfoForVaultRequest"))] {
        let answer = world.call("POST", at, body).await;
        let told = world.settled(&answer).await.is(200);
        assert_eq!((&told["sourceTierSizeReductionInBytes"], &told["targetTierSizeIncreaseInBytes"]), (&json!(10), &json!(10)));
        assert_eq!(told["retailSourceTierCostPerGBPerMonth"], 0.0);
    }
    let points = world.call("GET", &World::item("salesdb", "/recoveryPoints"), None).await.is(200);
    let point = points["value"][0]["name"].clone();
    let rehydrate = |point: &Value| {
        let body = json!({"objectType": "FetchTieringCostInfoForRehydrationRequest", "sourceTierType": "ArchivedRP", "targetTierType": "HardenedRP", "recoveryPointId": point, "rehydrationPriority": "High"});
        with(body, &item)
    };
    world.call("POST", at, rehydrate(&point)).await.refused(400, "UserErrorRecoveryPointNotInArchive", "recoveryPointId");
    world.call("POST", at, rehydrate(&json!("1"))).await.error(404, "BMSUserErrorRecoveryPointNotFound");
    let other = with(ask("FetchTieringCostSavingsInfoForPolicyRequest"), &json!({"policyName": "none"}));
    world.call("POST", at, other).await.error(404, "BMSUserErrorPolicyNotFound");
    for (body, field) in [
        (json!({"objectType": "Everything", "sourceTierType": "HardenedRP", "targetTierType": "ArchivedRP"}), "objectType"),
        (
            json!({"objectType": "FetchTieringCostSavingsInfoForVaultRequest", "sourceTierType": "ArchivedRP", "targetTierType": "ArchivedRP"}),
            "sourceTierType",
        ),
        (ask("FetchTieringCostSavingsInfoForPolicyRequest"), "policyName"),
    ] {
        world.call("POST", at, Some(body)).await.refused(400, "BMSUserErrorInvalidInput", field);
    }
    let foreign = world.call("POST", "/backupFabrics/Azure/refreshContainers", None).await.accepted();
    let foreign = world.call("GET", &format!("/backupTieringCost/default/operationResults/{}", foreign.id), None).await;
    foreign.refused(404, "ResourceNotFound", "operationId");
}

#[tokio::test]
async fn roles_may_do_what_their_actions_say() {
    let world = World::new().await;
    for (name, role) in [("contributor", "Backup Contributor"), ("operator", "Backup Operator"), ("reader", "Backup Reader")] {
        world.app.principal(name, &[(role, &vault_id())]).await;
    }
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1");
    world.app.principal("group", &[("Backup Contributor", &group)]).await;
    let v = vault_id();
    let allowed = async |who: &str, method: &str, path: &str| {
        let glue = if path.contains('?') { '&' } else { '?' };
        let (status, _, body) = world.app.call(who, method, &format!("{path}{glue}api-version=2026-10-01"), Some(json!({}))).await;
        assert!(status.as_u16() < 500, "{body}");
        body["error"]["code"] != "AuthorizationFailed"
    };
    // Contributor, operator, reader.
    for (method, rest, want) in [
        ("GET", "/usages", [true, true, true]),
        ("GET", "/backupUsageSummaries?$filter=type%20eq%20'BackupProtectedItemCountSummary'", [true, true, true]),
        ("POST", "/backupSecurityPIN", [true, false, false]),
        ("PUT", "/certificates/c", [true, false, false]),
        ("DELETE", "/registeredIdentities/c", [true, false, false]),
        ("GET", "/extendedInformation/vaultExtendedInfo", [true, true, true]),
        ("PUT", "/extendedInformation/vaultExtendedInfo", [true, false, false]),
        ("POST", "/backupstorageconfig/vaultstorageconfig/prepareDataMove", [true, true, false]),
        ("POST", "/backupstorageconfig/vaultstorageconfig/triggerDataMove", [true, true, false]),
        ("PUT", "/privateEndpointConnections/p", [false, false, false]),
        ("POST", "/backupTieringCost/default/fetchTieringCost", [false, false, false]),
        ("PUT", "/backupEncryptionConfigs/backupResourceEncryptionConfig", [false, false, false]),
    ] {
        for (who, want) in ["contributor", "operator", "reader"].into_iter().zip(want) {
            assert_eq!(allowed(who, method, &format!("{v}{rest}")).await, want, "{who}: {method} {rest}");
        }
        assert!(allowed("owner", method, &format!("{v}{rest}")).await, "owner: {method} {rest}");
    }
    let check = format!("{group}/providers/Microsoft.RecoveryServices/locations/westeurope/checkNameAvailability");
    assert!(allowed("group", "POST", &check).await && !allowed("contributor", "POST", &check).await);
}
