"""What stands on the server while schemathesis asks by arm.json: a vault with a protected database and its backups, and beside it one of
each thing that an operation names. From it come the ids and the bodies that make an operation really run."""
import base64
import dataclasses
import re
import uuid

from vault import GROUP, LOCATION, SUB, Vault, container, item, vm_id

VM, DB, OTHER, FAR, REGION, SPARE = "sqlvm1", "salesdb", "sqlvm2", "farvm", "northeurope", "spare"
SCOPES = ("Subscription", "ResourceGroup", "Vault")
ROLES = {scope: str(uuid.uuid5(uuid.NAMESPACE_DNS, scope)) for scope in SCOPES}
INTENT = str(uuid.uuid5(uuid.NAMESPACE_DNS, "intent"))
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
PLACE = f"/subscriptions/{SUB}/resourceGroups/{GROUP}/providers"
ENDPOINT = {"properties": {"privateEndpoint": {"id": f"{PLACE}/Microsoft.Network/privateEndpoints/pe1"}, "groupIds": ["AzureBackup"]}}
GUARD = f"{PLACE}/Microsoft.DataProtection/resourceGuards/watch"
KEY = "https://kv1.vault.azure.net/keys/key1"
# Where an operation would stand in the way of the others on the vault that they all ask about.
ELSEWHERE = {
    **dict.fromkeys(("ResourceGuardProxies_Get", "ResourceGuardProxy_Get", "ResourceGuardProxy_Put", "ResourceGuardProxy_Delete", "ResourceGuardProxy_UnlockDelete"), "guarded"),
    **dict.fromkeys(("BackupResourceEncryptionConfigs_Get", "BackupResourceEncryptionConfigs_Update"), "keyed"),
    **dict.fromkeys(("BmsPrepareDataMove", "BmsPrepareDataMoveOperationResult_Get", "BmsDataMove_GetOperationStatus"), "empty"),
    "BmsTriggerDataMove": "far", "Vaults_Delete": "unused",
}
UP = {"sourceTierType": "HardenedRP", "targetTierType": "ArchivedRP"}
GRAPH = "microsoft.recoveryservices/locations/deletedvaults/backupfabrics/protectioncontainers/protecteditems"
OLD = "2021-11-15"


@dataclasses.dataclass
class Request:
    """A request that is right: what stands in its path, what it asks, what it sends."""
    path: dict
    query: dict = dataclasses.field(default_factory=dict)
    body: object = None
    headers: dict = dataclasses.field(default_factory=dict)


def ended_in(answer):
    """The id of the operation that an answer has started."""
    url = answer.headers.get("Azure-AsyncOperation") or answer.headers["Location"]
    return url.split("?")[0].rsplit("/", 1)[1]


class ArmWorld:
    # Operations that have no success here: one needs a point that is 45 days old, the other a list of more than a page.
    never = ("MoveRecoveryPoint", "BackupCrrJobs_ListNext")

    def __init__(self, server):
        self.server, self.vault, self.far = server, Vault(server, "v1"), Vault(server, "far")
        self.operations = {}

    def start(self, readers, *request, **more):
        """A request that starts an operation; `readers` are told its id."""
        answer = self.server.arm(*request, **more)
        assert answer.status_code in (200, 201, 202), f"{request[:2]}: {answer.status_code} {answer.text[:400]}"
        self.operations[readers] = ended_in(answer)
        return self.server.finish(answer)

    def build(self):
        s, vault, at = self.server, self.vault, self.vault.path
        vault.create()
        s.finish(s.arm("PATCH", at, {"identity": {"type": "SystemAssigned"}}, version="vault", want=200))
        config = {"properties": {"storageModelType": "GeoRedundant", "crossRegionRestoreFlag": True}}
        s.arm("PATCH", at + "/backupstorageconfig/vaultstorageconfig", config, want=204)
        s.emulator_call("PUT", f"/servers/{FAR}", {"resourceGroup": GROUP, "location": REGION, "instances": [{"name": "MSSQLSERVER"}]})
        s.finish(s.arm("PUT", self.far.path, {"location": REGION, "sku": {"name": "Standard"}, "properties": {}}, version="vault", want=201))
        vault.register(VM)
        vault.register(OTHER)
        s.emulator_call("PUT", "/servers/vmspare", {"resourceGroup": GROUP, "location": LOCATION, "instances": [{"name": "MSSQLSERVER"}]})
        vault.register("vmspare")
        self.far.register(FAR)
        for database in (DB, "hrdb"):
            vault.protect(database, VM)
        assert vault.back_up(DB, VM)["status"] == "Completed", "full"
        s.write(VM, DB, 20, seed=3)
        s.emulator_call("POST", "/clock/advance", {"by": 180}, timeout=120)
        started = vault.trigger(DB, VM, "Log")
        _, job = s.finish(started)
        assert job["properties"]["status"] == "Completed", job
        self.job, self.operations[""] = job["name"], ended_in(started)
        points = vault.points(DB, VM)
        self.full = next(p["name"] for p in points if p["properties"].get("type") == "Full")
        self.moment = next(p["properties"]["timeRanges"] for p in points if p["name"] == "DefaultRangeRecoveryPoint")[-1]["endTime"]
        self.policy = {"properties": s.arm("GET", at + "/backupPolicies/HourlyLogBackup", want=200).json()["properties"]}
        self.beside()

    def beside(self):
        """One of each thing that a vault has beside its backups; made by the same bodies that are asked with later."""
        s, at = self.server, self.vault.path
        for verb, path, name, want in (
                ("PUT", at + "/backupPolicies/mine", "ProtectionPolicies_CreateOrUpdate", (200, 202)),
                ("PUT", f"{at}/backupFabrics/Azure/backupProtectionIntent/{INTENT}", "ProtectionIntent_CreateOrUpdate", 200),
                ("PUT", GUARD, "ResourceGuards_Put", 201),
                ("PUT", at + "/extendedInformation/vaultExtendedInfo", "VaultExtendedInfo_CreateOrUpdate", 200),
                ("PUT", at + "/certificates/cred1", "VaultCertificates_Create", 200)):
            s.arm(verb, path, self.body(name), want=want)
        for scope, path in zip(SCOPES, (f"/subscriptions/{SUB}", PLACE.removesuffix("/providers"), at), strict=True):
            s.arm("PUT", f"{path}/providers/Microsoft.Authorization/roleAssignments/{ROLES[scope]}", self.body("RoleAssignments_CreateFor" + scope), want=201)
        self.start("PrivateEndpoint", "PUT", at + "/privateEndpointConnections/pe1", ENDPOINT)
        self.start("ValidateOperation", "POST", at + "/backupTriggerValidateOperation", self.body("ValidateOperation_Trigger"))
        self.start("TieringCost", "POST", at + "/backupTieringCost/default/fetchTieringCost", self.body("FetchTieringCost_Post"))
        Vault(s, "empty").create()
        Vault(s, "unused").create()
        guarded, keyed = Vault(s, "guarded").create().path, Vault(s, "keyed").create().path
        s.arm("PUT", guarded + "/backupResourceGuardProxies/VaultProxy", self.body("ResourceGuardProxy_Put"), want=200)
        key = {"keyVaultProperties": {"keyUri": KEY}, "kekIdentity": {"useSystemAssignedIdentity": True}, "infrastructureEncryption": "Disabled"}
        s.finish(s.arm("PATCH", keyed, {"identity": {"type": "SystemAssigned"}}, version="vault", want=200))
        s.finish(s.arm("PATCH", keyed, {"properties": {"encryption": key}}, version="vault", want=(200, 202)))
        s.call("PUT", f"/subscriptions/{SUB}/resourceGroups/{SPARE}?api-version=2025-04-01", {"location": LOCATION})
        self.start("DataMove", "POST", Vault(s, "empty").path + "/backupstorageconfig/vaultstorageconfig/prepareDataMove", self.body("BmsPrepareDataMove"))
        self.start("ExportJobs", "POST", at + "/backupJobsExport")
        self.gone, other = self.delete_vault("gone"), self.delete_vault("gone2")
        self.undeleted = other["name"]
        back = s.arm("POST", other["id"] + "/undelete", self.body("DeletedVaults_Undelete"), version="vault", want=202)
        self.operations["DeletedVaults"] = ended_in(back)
        self.alert()
        # What is copied is shown in the second region once its lag is over.
        s.emulator_call("POST", "/clock/advance", {"by": 600}, timeout=120)
        near = f"/subscriptions/{SUB}/providers/Microsoft.RecoveryServices/locations/{REGION}"
        self.aad = s.call("GET", f"{near}/backupAadProperties?api-version={OLD}&$filter=backupManagementType eq 'AzureWorkload'").json()
        self.token = s.arm("POST", f"{self.vault.item_path(DB, VM)}/recoveryPoints/{self.full}/accessToken", self.body("RecoveryPoints_GetAccessToken"), want=200).json()
        url = f"{near}/backupCrossRegionRestore?api-version={OLD}"
        started = s.call("POST", url, self.body("CrossRegionRestore_Trigger"))
        assert started.status_code == 202, started.text
        self.operations["Crr"] = ended_in(started)
        jobs = s.call("POST", url.replace("backupCrossRegionRestore", "backupCrrJobs"), {"resourceId": self.vault.path}).json()
        self.crr_job = jobs["value"][0]["name"]
        self.switch(holdBackups=True)

    def running(self):
        """A backup that is held at its server, so that there is something to cancel."""
        body = {"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full", "enableCompression": True}}
        started = self.server.arm("POST", self.vault.item_path("hrdb", VM) + "/backup", body)
        if started.status_code == 202:
            url = f"{self.vault.path}/backupOperations/{ended_in(started)}"
            self.held = self.server.arm("GET", url, want=200).json()["properties"]["jobId"]
        return self.held

    def delete_vault(self, name):
        """A vault that is kept after its deletion, since it holds a backup."""
        s, vault, vm = self.server, Vault(self.server, name).create(), "vm" + name
        s.emulator_call("PUT", f"/servers/{vm}", {"resourceGroup": GROUP, "location": LOCATION, "instances": [{"name": "MSSQLSERVER", "databases": [{"name": DB}]}]})
        vault.register(vm)
        vault.protect(DB, vm)
        vault.back_up(DB, vm)
        for path in (vault.item_path(DB, vm), vault.container_path(vm), vault.path):
            s.finish(s.arm("DELETE", path, want=202))
        every = s.arm("GET", f"/subscriptions/{SUB}/providers/Microsoft.RecoveryServices/locations/{LOCATION}/deletedVaults", version="vault", want=200).json()["value"]
        return next(v for v in every if v["properties"]["vaultId"].endswith("/" + name))

    def switch(self, **faults):
        """Sets the faults of a database that nothing else is about."""
        spec = self.server.emulator_call("GET", f"/servers/{VM}")
        next(d for d in spec["instances"][0]["databases"] if d["name"] == "hrdb")["faults"] = faults
        self.server.emulator_call("PUT", f"/servers/{VM}", spec)

    def alert(self):
        """An alert to be resolved: that of a backup which its database refuses."""
        s = self.server
        self.switch(permissionDenied=True)
        self.vault.back_up("hrdb", VM)
        self.alert_id = s.arm("GET", self.vault.path + "/alerts", want=200).json()["value"][0]["name"]

    @staticmethod
    def registration(vm):
        return {"properties": {"backupManagementType": "AzureWorkload", "containerType": "VMAppContainer", "workloadType": "SQLDataBase", "sourceResourceId": vm_id(vm)}}

    def assignment(self):
        """The role of a reader for one who has another."""
        listed = self.server.arm("GET", f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleAssignments", want=200).json()["value"]
        other = next(a["properties"]["principalId"] for a in listed if a["properties"]["scope"].lower() == f"/subscriptions/{SUB}")
        role = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
        return {"properties": {"roleDefinitionId": role, "principalId": other, "principalType": "ServicePrincipal"}}

    def restore(self, name, target=None):
        target = target or self.vault.container_path(OTHER)
        return {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation", "shouldUseAlternateTargetLocation": True,
                "isNonRecoverable": False, "sourceResourceId": vm_id(VM),
                "targetInfo": {"overwriteOption": "Overwrite", "containerId": target, "databaseName": f"MSSQLSERVER/{name}"}}

    def validation(self):
        return {"id": f"{self.vault.item_path(DB, VM)}/recoveryPoints/{self.full}", "properties": {"objectType": "ValidateAzureWorkloadRestoreOperationRequest", "restoreRequest": self.restore("checked")}}

    def body(self, name):
        """The body that makes the operation run; None where it takes none."""
        make = BODIES.get(name)
        return make(self) if callable(make) else make

    def requests(self, name, operation):
        """The right requests of an operation."""
        path, template = {}, operation.path
        for key in re.findall(r"\{(\w+)\}", template):
            path[key] = self.named(name, key)
        old = "Crr" in name or name in ("CrossRegionRestore_Trigger", "AadProperties_Get", "RecoveryPoints_GetAccessToken")
        query = {"api-version": OLD if old else "2026-10-01", **QUERIES.get(name, {})}
        if name == "RestorePlan_Get":
            return [Request(path, query | {"recoveryPoint": self.full}), Request(path, query | {"at": self.moment})]
        return [Request(path, query, self.body(name))]

    def named(self, name, key):
        if key == "operationId":
            return next(value for part, value in reversed(self.operations.items()) if part in name.replace("Bms", "").replace("PrepareDataMove", "DataMove"))
        if key == "vaultName" and name in ELSEWHERE:
            return ELSEWHERE[name]
        if key == "containerName" and name == "ProtectionContainers_Unregister":
            return container("vmspare")
        if name == "JobCancellations_Trigger" and key == "jobName":
            return self.running()
        if name == "DeletedVaults_GetOperationStatus" and key == "deletedVaultName":
            return self.undeleted
        return {
            "subscriptionId": SUB, "resourceGroupName": SPARE if name == "ResourceGroups_Delete" else GROUP, "vaultName": "v1", "fabricName": "Azure",
            "containerName": container(VM), "protectedItemName": item(DB), "recoveryPointId": self.full, "policyName": "mine",
            "jobName": self.job, "azureRegion": REGION, "location": LOCATION, "deletedVaultName": self.gone["name"], "roleAssignmentName": ROLES.get(name.split("For")[-1]),
            "roleDefinitionId": READER, "vmName": VM, "resourceGuardsName": "watch", "alertId": self.alert_id, "intentObjectName": INTENT,
            "resourceGuardProxyName": "VaultProxy", "certificateName": "cred1", "identityName": "cred1", "privateEndpointConnectionName": "pe1",
            "privateLinkResourceName": "backupResource",
        }[key]

    def tame(self, name, case):
        """Whether the case may be sent."""
        return True

    def stands(self):
        """What the end of the story builds on is still there."""
        properties = self.server.arm("GET", self.vault.item_path(DB, VM), want=200).json()["properties"]
        return properties["protectionState"]


def certificate(world):
    with open(world.server.ca) as pem:
        inner = re.search("-----BEGIN CERTIFICATE-----(.*?)-----END", pem.read(), re.DOTALL)[1]
    return base64.b64encode(base64.b64decode("".join(inner.split()))).decode()


ON_VAULT = {"api-version": "2026-11-01"}
BODIES = {
    "Resources": {"query": f'recoveryservicesresources | where type == "{GRAPH}"', "subscriptions": [SUB]},
    **{f"RoleAssignments_CreateFor{scope}": ArmWorld.assignment for scope in SCOPES},
    "CrossRegionRestore_Trigger": lambda w: {"crossRegionRestoreAccessDetails": w.token["properties"], "restoreRequest": w.restore("crossed", w.far.container_path(FAR))},
    "BackupCrrJobDetails_Get": lambda w: {"resourceId": w.vault.path, "jobName": w.crr_job},
    "BackupCrrJobs_List": lambda w: {"resourceId": w.vault.path},
    "BackupStatus_Get": {"resourceType": "SQLDataBase", "resourceId": vm_id(VM)},
    "RecoveryServices_Capabilities": {"type": "Microsoft.RecoveryServices/Vaults", "properties": {"dnsZones": [{"subResource": "AzureBackup"}]}},
    "RecoveryServices_CheckNameAvailability": {"type": "Microsoft.RecoveryServices/Vaults", "name": "another"},
    "DeletedVaults_Undelete": {"properties": {"recoveryResourceGroupId": PLACE.removesuffix("/providers")}},
    "ResourceGroups_CreateOrUpdate": {"location": LOCATION, "tags": {"made": "here"}},
    "ResourceGuards_Put": {"location": LOCATION, "properties": {"vaultCriticalOperationExclusionList": []}},
    "Vaults_CreateOrUpdate": {"location": LOCATION, "sku": {"name": "Standard"}, "identity": {"type": "SystemAssigned"}, "properties": {}},
    "Vaults_Update": {"tags": {"made": "here"}},
    "BackupResourceEncryptionConfigs_Update": {"properties": {"encryptionAtRestType": "CustomerManaged", "keyUri": KEY + "2"}},
    "ProtectionIntent_CreateOrUpdate": lambda w: {"properties": {
        "protectionIntentItemType": "AzureWorkloadSQLAutoProtectionIntent", "backupManagementType": "AzureWorkload",
        "itemId": f"{w.vault.container_path(OTHER)}/protectableItems/sqlinstance;mssqlserver", "policyId": f"{w.vault.path}/backupPolicies/HourlyLogBackup"}},
    "ProtectionContainers_Register": lambda w: w.registration(VM),
    "ProtectedItems_CreateOrUpdate": lambda w: {"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": f"{w.vault.path}/backupPolicies/HourlyLogBackup"}},
    "Backups_Trigger": {"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "CopyOnlyFull", "enableCompression": True}},
    "RecoveryPoints_GetAccessToken": lambda w: {"properties": w.aad["properties"]},
    "MoveRecoveryPoint": {"objectType": "MoveRPAcrossTiersRequest", "sourceTierType": "HardenedRP", "targetTierType": "ArchivedRP"},
    "Restores_Trigger": lambda w: {"properties": w.restore("restored")},
    "ProtectionPolicies_CreateOrUpdate": lambda w: w.policy,
    "ResourceGuardProxy_Put": {"properties": {"resourceGuardResourceId": GUARD}},
    "ResourceGuardProxy_UnlockDelete": lambda w: {
        "resourceGuardOperationRequests": [f"{GUARD}/deleteResourceGuardProxyRequests/default"],
        "resourceToBeDeleted": Vault(w.server, "guarded").path + "/backupResourceGuardProxies/VaultProxy"},
    "SecurityPINs_Get": {"resourceGuardOperationRequests": []},
    "FetchTieringCost_Post": {**UP, "objectType": "FetchTieringCostSavingsInfoForVaultRequest"},
    "ValidateOperation_Trigger": lambda w: w.validation(),
    "Operation_Validate": lambda w: w.validation(),
    "BackupResourceVaultConfigs_Put": {"properties": {"enhancedSecurityState": "Enabled", "softDeleteFeatureState": "Enabled", "softDeleteRetentionPeriodInDays": 14}},
    "BackupResourceVaultConfigs_Update": {"properties": {"softDeleteRetentionPeriodInDays": 15}},
    "BackupResourceStorageConfigsNonCRR_Update": {"properties": {"storageModelType": "GeoRedundant", "crossRegionRestoreFlag": True}},
    "BackupResourceStorageConfigsNonCRR_Patch": {"properties": {"storageModelType": "GeoRedundant", "crossRegionRestoreFlag": True}},
    "BmsPrepareDataMove": lambda w: {"targetResourceId": w.far.path, "targetRegion": REGION, "dataMoveLevel": "Vault"},
    "BmsTriggerDataMove": lambda w: {"sourceResourceId": Vault(w.server, "empty").path, "sourceRegion": LOCATION, "dataMoveLevel": "Vault", "correlationId": w.operations["DataMove"]},
    "VaultCertificates_Create": lambda w: {"properties": {"authType": "AAD", "certificate": certificate(w)}},
    "VaultExtendedInfo_CreateOrUpdate": {"properties": {"algorithm": "None", "integrityKey": "a2V5"}},
    "VaultExtendedInfo_Update": {"properties": {"encryptionKey": "c2VhbGVk"}},
    "PrivateEndpointConnection_Put": ENDPOINT,
}
QUERIES = {
    **{name: ON_VAULT for name in ("Vaults_Get", "Vaults_CreateOrUpdate", "Vaults_Update", "Vaults_Delete")},
    "BackupUsageSummaries_List": {"$filter": "type eq 'BackupProtectedItemCountSummary'"},
    "AadProperties_Get": {"$filter": "backupManagementType eq 'AzureWorkload'"},
    "ProtectionContainers_Refresh": {"$filter": "backupManagementType eq 'AzureWorkload'"},
    "BackupProtectionContainers_List": {"$filter": "backupManagementType eq 'AzureWorkload'"},
    "DeletedProtectionContainers_List": {"$filter": "backupManagementType eq 'AzureWorkload'"},
    "BackupProtectedItems_List": {"$filter": "backupManagementType eq 'AzureWorkload' and itemType eq 'SQLDataBase'"},
}
