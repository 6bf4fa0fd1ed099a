"""The official Python SDKs play the SQL story, well-behaved and not. All their traffic is recorded and held against the
SDKs' own contract (tests/contract)."""
import datetime
import os

from recording import Recorder, refused
from sdkclients import clients, kept
from story import equal, telling, until
from vault import LOCATION, SUB, Server, Vault, container, item, vm_id

RG, VAULT, FABRIC = "rg1", "sdkvault", "Azure"
C, I = container("sqlvm1"), item("salesdb")
SQL = "backupManagementType eq 'AzureWorkload' and workloadType eq 'SQLDataBase'"
ON = (VAULT, RG)
AT = (*ON, FABRIC, C, I)


def finish(backup, status_and_headers, vault=VAULT):
    status, headers = status_and_headers
    equal(status, 202, "status")
    op = headers["azure-asyncoperation"].split("?")[0].rsplit("/", 1)[1]
    equal(headers["location"].split("?")[0].rsplit("/", 1)[1], op, "both headers end in the same id")
    done = until(lambda: (s := backup.backup_operation_statuses.get(vault, RG, op)).status != "InProgress" and s, "operation", 120)
    return done, op


def job_of(backup, operation):
    job = operation.properties.job_id if hasattr(operation.properties, "job_id") else operation.properties["jobId"]
    return until(lambda: (j := backup.job_details.get(*ON, job)).properties.status not in ("InProgress", "Cancelling") and j, "job", 120)


def vaults(story, vault):
    with story.step("vault: create, get, update, lists"):
        made = vault.vaults.begin_create_or_update(RG, VAULT, {"location": LOCATION, "sku": {"name": "Standard"}, "properties": {
            "publicNetworkAccess": "Enabled", "securitySettings": {"softDeleteSettings": {"softDeleteState": "Enabled", "softDeleteRetentionPeriodInDays": 14}}}}).result()
        equal((made.name, made.properties.provisioning_state), (VAULT, "Succeeded"), "vault")
        changed = vault.vaults.begin_update(RG, VAULT, {"tags": {"team": "db"}}).result()
        equal(changed.tags, {"team": "db"}, "tags")
        equal(vault.vaults.get(RG.upper(), VAULT.upper()).name, VAULT, "stored casing")
        equal([v.name for v in vault.vaults.list_by_resource_group(RG)], [VAULT], "list of the group")
        assert VAULT in [v.name for v in vault.vaults.list_by_subscription_id()]


def configs(story, backup):
    with story.step("vault config and storage config: get, put, patch"):
        shown = backup.backup_resource_vault_configs.get(*ON)
        equal(shown.properties.soft_delete_retention_period_in_days, 14, "days")
        changed = backup.backup_resource_vault_configs.update(*ON, {"properties": {"softDeleteRetentionPeriodInDays": 30}})
        equal(changed.properties.soft_delete_retention_period_in_days, 30, "days")
        backup.backup_resource_vault_configs.put(*ON, {"properties": {"softDeleteFeatureState": "Enabled", "enhancedSecurityState": "Enabled", "softDeleteRetentionPeriodInDays": 14}})
        equal(backup.backup_resource_storage_configs_non_crr.get(*ON).properties.storage_model_type, "GeoRedundant", "redundancy")
        changed = backup.backup_resource_storage_configs_non_crr.update(*ON, {"properties": {"storageModelType": "LocallyRedundant"}})
        equal(changed.properties.storage_model_type, "LocallyRedundant", "redundancy")
        backup.backup_resource_storage_configs_non_crr.patch(*ON, {"properties": {"storageModelType": "GeoRedundant"}})
        equal(list(backup.resource_guard_proxies.get(*ON)), [], "no guard")


def policies(story, backup):
    with story.step("policies: list, filter, get, put, delete"):
        equal(sorted(p.name for p in backup.backup_policies.list(*ON)), ["DefaultPolicy", "EnhancedPolicy", "HourlyLogBackup"], "defaults")
        equal([p.name for p in backup.backup_policies.list(*ON, filter=SQL)], ["HourlyLogBackup"], "SQL policies")
        hourly = backup.protection_policies.get(*ON, "HourlyLogBackup")
        body = {"properties": hourly.as_dict()["properties"]}
        made = backup.protection_policies.create_or_update(*ON, "mine", body)
        equal((made.name, made.properties.protected_items_count), ("mine", 0), "policy")
        backup.protection_policies.begin_delete(*ON, "mine").result()
        refused(lambda: backup.protection_policies.get(*ON, "mine"), status=404)
        backup.protection_policies.create_or_update(*ON, "mine", body)
    with story.step("a policy that makes no sense is refused, naming the field"):
        body["properties"]["subProtectionPolicy"][1]["schedulePolicy"]["scheduleFrequencyInMins"] = 7
        error = refused(lambda: backup.protection_policies.create_or_update(*ON, "bad", body), status=400)
        assert "scheduleFrequencyInMins" in error.message + str(error.target), error.message
        body["properties"]["subProtectionPolicy"][1]["policyType"] = "Sometimes"
        error = refused(lambda: backup.protection_policies.create_or_update(*ON, "bad", body), status=400)
        assert "Sometimes" in error.message, error.message


def containers(story, backup):
    with story.step("refresh, protectable containers, register, get, list"):
        done, op = finish(backup, backup.protection_containers.refresh(*ON, FABRIC, filter="backupManagementType eq 'AzureWorkload'", cls=kept))
        equal(done.status, "Succeeded", "refresh")
        backup.protection_container_refresh_operation_results.get(*ON, FABRIC, op)
        found = list(backup.protectable_containers.list(*ON, FABRIC, filter="backupManagementType eq 'AzureWorkload'"))
        equal(sorted(f.properties.friendly_name for f in found), ["sqlvm1", "sqlvm2"], "machines")
        body = {"properties": {"backupManagementType": "AzureWorkload", "containerType": "VMAppContainer", "workloadType": "SQLDataBase", "sourceResourceId": vm_id("sqlvm1")}}
        backup.protection_containers.begin_register(*ON, FABRIC, C, body).result()
        shown = backup.protection_containers.get(*ON, FABRIC, C)
        equal((shown.name, shown.properties.registration_status), (C, "Registered"), "container")
        equal([c.name for c in backup.backup_protection_containers.list(*ON, filter="backupManagementType eq 'AzureWorkload'")], [C], "containers")
        left = list(backup.protectable_containers.list(*ON, FABRIC, filter="backupManagementType eq 'AzureWorkload'"))
        equal([f.properties.friendly_name for f in left], ["sqlvm2"], "a registered machine is not protectable")
        body["properties"]["operationType"] = "Reregister"
        backup.protection_containers.begin_register(*ON, FABRIC, C, body).result()
    with story.step("inquire, protectable items, workload items"):
        done, op = finish(backup, backup.protection_containers.inquire(*ON, FABRIC, C, filter=SQL, cls=kept))
        backup.protection_container_operation_results.get(*ON, FABRIC, C, op)
        found = list(backup.backup_protectable_items.list(*ON, filter=SQL))
        equal(len(found), 6, "instance and five databases")
        rows = list(backup.backup_workload_items.list(*ON, FABRIC, C, filter="backupManagementType eq 'AzureWorkload' and workloadItemType eq 'SQLInstance'"))
        equal(len(rows), 1, "instance")


def protect_and_back_up(story, backup, server):
    sums = {}
    body = {"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": f"/subscriptions/{SUB}/resourceGroups/{RG}/providers/Microsoft.RecoveryServices/vaults/{VAULT}/backupPolicies/mine"}}
    with story.step("enable protection"):
        made = backup.protected_items.begin_create_or_update(*AT, body).result()
        equal((made.name, made.properties["protectionState"]), (I, "IRPending"), "item")
        listed = list(backup.backup_protected_items.list(*ON, filter="backupManagementType eq 'AzureWorkload' and itemType eq 'SQLDataBase'"))
        equal(len(listed), 1, "items")
        equal(list(backup.backup_protected_items.list(*ON, filter="backupManagementType eq 'AzureWorkload' and itemType eq 'SAPHanaDatabase'")), [], "no HANA items")
    with story.step("back up: operation, job, point; the item says so"):
        server.write("sqlvm1", "salesdb", pages=200, seed=11)
        sums["full"] = server.checksum("sqlvm1", "salesdb")
        request = {"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full", "enableCompression": False,
                                  "recoveryPointExpiryTimeInUTC": (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=45)).strftime("%Y-%m-%dT%H:%M:%SZ")}}
        done, op = finish(backup, backup.backups.trigger(*AT, request, cls=kept))
        equal(done.status, "Succeeded", "operation")
        job = job_of(backup, done)
        equal((job.properties.status, job.properties.operation), ("Completed", "Backup (Full)"), "job")
        equal(backup.protected_item_operation_statuses.get(*AT, op).status, "Succeeded", "through the item's reader")
        backup.protected_item_operation_results.get(*AT, op)
        shown = backup.protected_items.get(*AT).properties
        equal((shown["protectionState"], shown["lastBackupStatus"]), ("Protected", "Healthy"), "item")
        points = list(backup.recovery_points.list(*AT))
        equal(points[-1].name, "DefaultRangeRecoveryPoint", "last")
        equal(len(points), 2, "points")
        sums["point"] = points[0].name
        shown = backup.recovery_points.get(*AT, points[0].name)
        assert shown.properties["extendedInfo"]["dataDirectoryPaths"], "files of the point"
    with story.step("the same trigger sent twice is one backup"):
        request["properties"]["backupType"] = "CopyOnlyFull"
        twice = [backup.backups.trigger(*AT, request, cls=kept, headers={"x-ms-client-request-id": "6c1c7f4e-5a0e-4b57-9d55-1d6f0f2a1111"}) for _ in range(2)]
        ids = {h["azure-asyncoperation"].split("?")[0] for _, h in twice}
        equal(len(ids), 1, "operations")
        job_of(backup, finish(backup, twice[0])[0])
        equal(len(list(backup.recovery_points.list(*AT))), 3, "points")
    return sums


def points_in_time(story, backup, server):
    wire = lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ")
    place = f"{vault_path()}/backupFabrics/{FABRIC}/protectionContainers/{C}"
    point = f"{place}/protectedItems/{I}/recoveryPoints/DefaultRangeRecoveryPoint"

    def request(at):
        return {"objectType": "AzureWorkloadSQLPointInTimeRestoreRequest", "pointInTime": wire(at), "recoveryType": "AlternateLocation", "sourceResourceId": vm_id("sqlvm1"),
                "shouldUseAlternateTargetLocation": True, "isNonRecoverable": False,
                "targetInfo": {"overwriteOption": "FailOnConflict", "containerId": place, "databaseName": "MSSQLSERVER/salesdb_then"}}

    def validation(at):
        return {"id": point, "properties": {"objectType": "ValidateAzureWorkloadRestoreOperationRequest", "restoreRequest": request(at)}}
    with story.step("a log backup makes a range of seconds"):
        for seed in (21, 22):
            server.emulator_call("POST", "/clock/advance", {"by": 5})
            server.write("sqlvm1", "salesdb", pages=20, seed=seed)
        body = {"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Log"}}
        job = job_of(backup, finish(backup, backup.backups.trigger(*AT, body, cls=kept))[0])
        equal((job.properties.status, job.properties.operation), ("Completed", "Backup (Log)"), "job")
        [chain] = backup.recovery_points.list(*AT, filter="restorePointQueryType eq 'Log' and extendedInfo eq 'True'")
        [span] = chain.properties["timeRanges"]
        end = datetime.datetime.fromisoformat(span["endTime"])
    with story.step("a validation says what the restore would be answered, at once and by an operation"):
        before, after = end - datetime.timedelta(seconds=4), end + datetime.timedelta(seconds=4)
        equal(backup.operation.validate(*ON, validation(before)).validate_operation_response.validation_results, [], "verdict on a second inside")
        _, headers = backup.validate_operation.begin_trigger(*ON, validation(after), polling=False, cls=kept).result()
        op = headers["azure-asyncoperation"].split("?")[0].rsplit("/", 1)[1]
        error = refused(lambda: backup.restores.begin_trigger(*AT, "DefaultRangeRecoveryPoint", {"properties": request(after)}), status=400)
        equal(error.target, "properties.pointInTime", "field")
        status = backup.validate_operation_statuses.get(*ON, op)
        equal(status.status, "Succeeded", "status")
        for verdict in (status.properties.validate_operation_response, backup.validate_operation_results.get(*ON, op).validate_operation_response):
            equal([(r.code, r.message) for r in verdict.validation_results], [(error.code, error.message)], "verdict on a second outside")
    with story.step("restore to a second: the state of that second, which is neither that before nor that after"):
        truth = server.checksum("sqlvm1", "salesdb", at=wire(before))
        assert truth != server.checksum("sqlvm1", "salesdb"), "the writer changes nothing"
        backup.restores.begin_trigger(*AT, "DefaultRangeRecoveryPoint", {"properties": request(before)}).result()
        until(lambda: all(j.properties.status != "InProgress" for j in backup.backup_jobs.list(*ON)), "jobs", 120)
        equal(server.checksum("sqlvm1", "salesdb_then"), truth, "checksum")
        [job] = backup.backup_jobs.list(*ON, filter="operation eq 'Restore'")
        equal((job.properties.status, job.properties.operation), ("Completed", "Restore (Log)"), "job")


def restore(story, backup, server, sums):
    target = {"overwriteOption": "Overwrite", "containerId": f"/subscriptions/{SUB}/resourceGroups/{RG}/providers/Microsoft.RecoveryServices/vaults/{VAULT}/backupFabrics/Azure/protectionContainers/{C}"}
    with story.step("restore to another name"):
        paths = backup.recovery_points.get(*AT, sums["point"]).properties["extendedInfo"]["dataDirectoryPaths"]
        body = {"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation", "sourceResourceId": vm_id("sqlvm1"), "targetVirtualMachineId": vm_id("sqlvm1"),
                "shouldUseAlternateTargetLocation": True, "isNonRecoverable": False, "targetInfo": {**target, "databaseName": "MSSQLSERVER/salesdb_sdk"},
                "alternateDirectoryPaths": [{"mappingType": p["type"], "sourcePath": p["path"], "sourceLogicalName": p["logicalName"], "targetPath": p["path"] + ".restored"} for p in paths]}}
        backup.restores.begin_trigger(*AT, sums["point"], body).result()
        until(lambda: all(j.properties.status != "InProgress" for j in backup.backup_jobs.list(*ON)), "jobs", 120)
        equal(server.checksum("sqlvm1", "salesdb_sdk"), sums["full"], "checksum")
    with story.step("restore over the original"):
        server.write("sqlvm1", "salesdb", pages=40, seed=12)
        assert server.checksum("sqlvm1", "salesdb") != sums["full"]
        body = {"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "OriginalLocation", "sourceResourceId": vm_id("sqlvm1"), "shouldUseAlternateTargetLocation": True, "isNonRecoverable": False}}
        backup.restores.begin_trigger(*AT, sums["point"], body).result()
        until(lambda: all(j.properties.status != "InProgress" for j in backup.backup_jobs.list(*ON)), "jobs", 120)
        equal(server.checksum("sqlvm1", "salesdb"), sums["full"], "checksum")
    with story.step("a restore request that names no target is refused, naming the field"):
        bad = {"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "AlternateLocation"}}
        refused(lambda: backup.restores.begin_trigger(*AT, sums["point"], bad), status=400)
        bad = {"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "Sideways"}}
        assert "Sideways" in refused(lambda: backup.restores.begin_trigger(*AT, sums["point"], bad), status=400).message
        refused(lambda: backup.restores.begin_trigger(*AT, "123456789012345", {"properties": {"objectType": "AzureWorkloadSQLRestoreRequest", "recoveryType": "OriginalLocation", "sourceResourceId": vm_id("sqlvm1")}}), status=404)


def wrong_inputs(story, server, backup, vault):
    with story.step("what is not there: 404, each with its name"):
        assert "no-such" in refused(lambda: vault.vaults.get(RG, "no-such"), code="ResourceNotFound", status=404).message
        refused(lambda: backup.job_details.get(*ON, "00000000-0000-0000-0000-000000000000"), status=404)
        refused(lambda: backup.protected_items.get(*ON, FABRIC, C, item("nosuchdb")), status=404)
        refused(lambda: backup.recovery_points.get(*AT, "123456789012345"), status=404)
        refused(lambda: backup.protection_containers.get(*ON, FABRIC, container("nosuchvm")), status=404)
        refused(lambda: backup.backup_operation_statuses.get(*ON, "00000000-0000-0000-0000-000000000000"), status=404)
    with story.step("wrong filters, ids, enum values and types: 400, saying which"):
        assert "colour" in refused(lambda: backup.backup_jobs.list(*ON, filter="colour eq 'red'"), status=400).message
        refused(lambda: backup.backup_jobs.list(*ON, filter="status ne 'Failed'"), status=400)
        assert "Sleeping" in refused(lambda: backup.backup_jobs.list(*ON, filter="status eq 'Sleeping'"), status=400).message
        refused(lambda: backup.backup_jobs.list(*ON, filter="startTime eq 'yesterday' and endTime eq 'today'"), status=400)
        refused(lambda: backup.job_details.get(*ON, "not-a-guid"))
        assert "Sometimes" in refused(lambda: backup.backups.trigger(*AT, {"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Sometimes"}}), status=400).message
        assert "NoSuchRequest" in refused(lambda: backup.backups.trigger(*AT, {"properties": {"objectType": "NoSuchRequest"}}), status=400).message
        assert "NoSuchItem" in refused(lambda: backup.protected_items.begin_create_or_update(*AT, {"properties": {"protectedItemType": "NoSuchItem"}}), status=400).message
        refused(lambda: vault.vaults.begin_create_or_update(RG, "-bad-", {"location": LOCATION, "sku": {"name": "Standard"}, "properties": {}}), status=400)
    with story.step("no token, a foreign token, a damaged token: 401"):
        good = server.token()
        for token in ("", "nonsense", good[:-6] + "AAAAAA"):
            _, bad = clients(server, None, token)
            refused(lambda: list(bad.backup_jobs.list(*ON)), status=401)
    with story.step("a Backup Reader reads, and is refused what changes things: 403"):
        _, reader = clients(server, None, server.token("reader", "reader-secret"))
        assert len(list(reader.backup_jobs.list(*ON))) > 0
        told = refused(lambda: reader.backups.trigger(*AT, {"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full"}}), code="AuthorizationFailed", status=403)
        assert "backup/action" in told.message, told.message
        refused(lambda: list(reader.backup_protectable_items.list(*ON, filter=SQL)), status=403)
    with story.step("unknown routes and methods have ARM bodies"):
        path = f"/subscriptions/{SUB}/resourceGroups/{RG}/providers/Microsoft.RecoveryServices/vaults/{VAULT}"
        equal(server.arm("GET", path + "/noSuchThings", want=404).json()["error"]["code"] != "", True, "404 body")
        equal(server.arm("DELETE", path + "/backupJobs", want=405).json()["error"]["code"] != "", True, "405 body")


def leave(story, backup, vault, server):
    with story.step("stop, resume, delete, purge, unregister, delete the vault"):
        stop = {"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "protectionState": "ProtectionStopped", "policyId": ""}}
        made = backup.protected_items.begin_create_or_update(*AT, stop).result()
        equal(made.properties["protectionState"], "ProtectionStopped", "item")
        resume = {"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": vault_path() + "/backupPolicies/mine"}}
        made = backup.protected_items.begin_create_or_update(*AT, resume).result()
        equal(made.properties["protectionState"], "Protected", "item")
        done, _ = finish(backup, backup.protected_items.delete(*AT, cls=kept))
        equal(done.status, "Succeeded", "delete")
        error = refused(lambda: vault.vaults.begin_delete(RG, VAULT), status=400)
        assert "existing resources within the vault" in error.message, error.message
        server.emulator_call("POST", "/purge")
        refused(lambda: backup.protected_items.get(*AT), status=404)
        finish(backup, backup.protection_containers.unregister(*ON, FABRIC, C, cls=kept))
        vault.vaults.begin_delete(RG, VAULT).result()
        refused(lambda: vault.vaults.get(RG, VAULT), status=404)


def cancel(story, backup, server):
    with story.step("cancel of a running backup: Cancelled, and no recovery point"):
        vault = Vault(server, "long-sdk", RG)
        c, i = vault.long_backup()
        at = (vault.name, RG, "Azure", c, i)
        request = {"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full", "enableCompression": False}}
        done, _ = finish(backup, backup.backups.trigger(*at, request, cls=kept), vault.name)
        job = done.properties.job_id
        until(lambda: backup.job_details.get(vault.name, RG, job).properties.status == "InProgress", "a running job", 10)
        backup.job_cancellations.trigger(vault.name, RG, job)
        ended = until(lambda: (j := backup.job_details.get(vault.name, RG, job)).properties.status not in ("InProgress", "Cancelling") and j, "the cancel", 60)
        equal(ended.properties.status, "Cancelled", "the cancelled job")
        equal([p.name for p in backup.recovery_points.list(*at)], ["DefaultRangeRecoveryPoint"], "points")


def vault_path():
    return f"/subscriptions/{SUB}/resourceGroups/{RG}/providers/Microsoft.RecoveryServices/vaults/{VAULT}"


def main():
    seed = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seed.yaml")
    with telling() as story, Server("--seed", seed) as server:
        recorder = Recorder(os.path.join(server.home, "captures.jsonl"))
        vault, backup = clients(server, recorder, server.token())
        vaults(story, vault)
        configs(story, backup)
        policies(story, backup)
        containers(story, backup)
        sums = protect_and_back_up(story, backup, server)
        if "point" in sums:
            points_in_time(story, backup, server)
            restore(story, backup, server, sums)
        wrong_inputs(story, server, backup, vault)
        leave(story, backup, vault, server)
        cancel(story, backup, server)
        with story.step("the traffic fits the SDKs' contract"):
            recorder.fits_contract(40)
        with story.step("the server ends on SIGTERM"):
            server.stop()


main()
