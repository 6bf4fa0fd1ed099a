"""Every fault of the catalogue that rsvault must or should raise is provoked on simulated servers, through the whole stack, and read
where people read it: the job, the item's last error, its key figure, the alert; or the refusal of the request.

    faults_story.py [CODE ...]
"""
import contextlib
import datetime as dt
import json
import os
import sys
import threading
import time
import uuid

from model import Plan
from story import equal, telling, until
from vault import BIN, GROUP, LOCATION, Server, Vault, item, vm_id

INSTANCE = "MSSQLSERVER"
CASES = {}


def case(*codes):
    """A function that provokes these codes, each of them."""
    def note(provoke):
        for code in codes:
            assert code not in CASES, code
            CASES[code] = provoke
        return provoke
    return note


def merged(base, more):
    return {**base, **more, **({"faults": {**base.get("faults", {}), **more["faults"]}} if "faults" in more else {})}


class Machine:
    """A simulated server of one instance, and what is wrong with it."""

    def __init__(self, world, name, *databases, size=1):
        self.world, self.server, self.vault, self.name = world, world.server, world.vault, name
        self.databases = {name: {"sizeMiB": size} for name in databases or ("salesdb",)}
        self.put()

    def put(self, server=None, instance=None, **databases):
        """As it was made, but for this; what was wrong before is not any more."""
        listed = [merged({"name": name, **spec}, databases.get(name, {})) for name, spec in self.databases.items()]
        one = merged({"name": INSTANCE, "databases": listed}, instance or {})
        whole = merged({"resourceGroup": GROUP, "location": LOCATION, "instances": [one]}, server or {})
        self.server.emulator_call("PUT", f"/servers/{self.name}", whole)

    def ready(self, policy="HourlyLogBackup"):
        self.vault.register(self.name)
        for database in self.databases:
            self.vault.protect(database, self.name, policy)
        return self

    def back_up(self, kind="Full", database="salesdb"):
        _, job = self.server.finish(self.vault.trigger(database, self.name, kind))
        return job

    def backed_up(self, *kinds, database="salesdb"):
        for kind in kinds or ("Full",):
            job = self.back_up(kind, database)
            equal(job["properties"]["status"], "Completed", f"{kind}: {job['properties'].get('errorDetails')}")
        return self

    def begin(self, kind="Full", database="salesdb"):
        """A backup that is under way on the server."""
        job = self.world.job_id(self.vault.trigger(database, self.name, kind))
        time.sleep(1)
        return job

    def item(self, database="salesdb"):
        return self.server.arm("GET", self.vault.item_path(database, self.name), want=200).json()["properties"]

    def point(self, kind="Full", database="salesdb"):
        return next(p["name"] for p in self.vault.points(database, self.name) if p["properties"].get("type") == kind)

    def foreign(self, kind, product=None, database="salesdb"):
        body = {"kind": kind, **({"product": product} if product else {})}
        self.server.emulator_call("POST", f"/servers/{self.name}/instances/{INSTANCE}/databases/{database}/foreignBackup", body)

    def restore(self, point, target=None, name="restored", overwrite="FailOnConflict", database="salesdb", at=None, **more):
        """Asks for a restore to another place, or over the database itself if `target` is False."""
        kind = "AzureWorkloadSQLPointInTimeRestoreRequest" if at else "AzureWorkloadSQLRestoreRequest"
        body = {"objectType": kind, "sourceResourceId": vm_id(self.name), "isNonRecoverable": False, **({"pointInTime": at} if at else {})}
        if target is False:
            body |= {"recoveryType": "OriginalLocation", "shouldUseAlternateTargetLocation": True}
        else:
            path = self.vault.container_path((target or self).name)
            body |= {"recoveryType": "AlternateLocation", "shouldUseAlternateTargetLocation": True,
                     "targetInfo": {"overwriteOption": overwrite, "containerId": path, "databaseName": f"{INSTANCE}/{name}"}}
        body |= more
        return self.server.arm("POST", f"{self.vault.item_path(database, self.name)}/recoveryPoints/{point}/restore", {"properties": body})


class World:
    """A vault on an emulator, the catalogue as it tells it, and the ways to look at a fault."""

    def __init__(self, server, name):
        self.server = server
        self.vault = Vault(server, name).create()
        self.entries = {entry["code"]: entry for entry in server.emulator_call("GET", "/faults")["value"]}
        self.made = 0

    def machine(self, *databases, **more):
        self.made += 1
        return Machine(self, f"{self.vault.name}-vm{self.made}", *databases, **more)

    def job_id(self, answer):
        status = until(lambda: self.server.call("GET", answer.headers["Azure-AsyncOperation"]).json(), "operation")
        return status["properties"]["jobId"]

    def job(self, job):
        return self.server.job(self.vault.path, job)

    def jobs(self, words=""):
        return self.server.arm("GET", f"{self.vault.path}/backupJobs{words}", want=200).json()["value"]

    def advance(self, seconds):
        return self.server.emulator_call("POST", "/clock/advance", {"by": seconds}, timeout=300)

    def told(self, error, code):
        """An error of a job is the catalogue's, word for word."""
        entry = self.entries[code]
        equal((error["errorTitle"], error["errorCode"]), (code, entry["number"]), "code and number")
        assert error["errorString"].startswith(entry["text"]), f"text: {error['errorString']!r}"
        equal(error["recommendations"], entry["recommendations"], "recommendations")

    def failed(self, job, code, status="Failed"):
        """The job tells this fault; answers the error."""
        properties = job["properties"]
        equal(properties["status"], status, f"job: {properties.get('errorDetails')}")
        equal(len(properties["errorDetails"]), 1, "errors")
        self.told(properties["errorDetails"][0], code)
        if "extendedInfo" in properties:
            equal(properties["extendedInfo"]["dynamicErrorMessage"], properties["errorDetails"][0]["errorString"], "message")
        return properties["errorDetails"][0]

    def shown(self, machine, code, times=1, database="salesdb"):
        """Item and key figure show it: degraded or unhealthy, persistent by repetition."""
        entry, seen = self.entries[code], machine.item(database)
        told = seen["lastBackupErrorDetail"]
        equal((told["code"], told["recommendations"]), (code, entry["recommendations"]), "last error")
        equal(seen["lastBackupStatus"], "Unhealthy", "status")
        figure = seen["kpisHealths"]["BackupOperationStatusKPI"]
        equal(figure["resourceHealthStatus"], ("Transient" if times == 1 else "Persistent") + entry["health"], "health")
        detail = figure["resourceHealthDetails"][0]
        equal((detail["code"], detail["title"], detail["message"]), (entry["number"], code, told["message"]), "detail")
        alerts = self.server.arm("GET", f"{self.vault.path}/alerts", want=200).json()["value"]
        about = [alert["properties"]["essentials"]["description"] for alert in alerts if machine.name in json.dumps(alert).lower()]
        assert any(told["message"] in text for text in about), f"no alert tells {code}: {about}"

    def refused(self, answer, code, status=400):
        equal(answer.status_code, status, answer.text[:300])
        error = answer.json()["error"]
        equal(error["code"], code, "code")
        assert len(error["message"]) > 20, error
        return error

    def backups_fail(self, code, says=None, machine=None, kind="CopyOnlyFull", **wrong):
        """With this wrong, backups fail with the code, transient first, then persistent; without it all is well. Of copy-only
        fulls a day may have any number."""
        machine = machine or self.common()
        machine.put(**wrong)
        for times in (1, 2):
            error = self.failed(machine.back_up(kind), code)
            assert says is None or says in error.get("additionalDetails", ""), f"additionalDetails: {error.get('additionalDetails')}"
            self.shown(machine, code, times)
        machine.put()
        machine.backed_up(kind)
        equal(machine.item()["kpisHealths"]["BackupOperationStatusKPI"]["resourceHealthStatus"], "Healthy", "health")

    def common(self):
        """One protected server for whatever leaves nothing behind."""
        if not hasattr(self, "shared"):
            self.shared = self.machine().ready().backed_up("Full")
        return self.shared

    def registration_fails(self, code, **wrong):
        """Registering ends with the code: in the status, in the result, in the job."""
        machine, s = self.machine(), self.server
        machine.put(**wrong)
        body = {"properties": {"backupManagementType": "AzureWorkload", "containerType": "VMAppContainer", "workloadType": "SQLDataBase",
                               "sourceResourceId": vm_id(machine.name)}}
        answer = s.arm("PUT", self.vault.container_path(machine.name), body, want=(200, 202))
        status, _ = s.finish(answer)
        equal((status["status"], status["error"]["code"]), ("Failed", code), "operation")
        self.refused(s.call("GET", answer.headers["Location"]), code)
        job = next(j for j in self.jobs("?$filter=operation eq 'Register'") if j["properties"]["entityFriendlyName"].startswith(machine.name))
        self.failed(job, code)
        machine.put()
        machine.ready()
        return machine

    def inquiry(self, machine):
        s, path = self.server, self.vault.container_path(machine.name)
        s.finish(s.arm("POST", f"{path}/inquire?$filter=workloadType eq 'SQLDatabase'", want=202))
        seen = s.arm("GET", path, want=200).json()["properties"]
        equal(seen["registrationStatus"], "Registered", "container")
        return seen["extendedInfo"]["inquiryInfo"]["inquiryDetails"][0]["inquiryValidation"]

    def inquiry_tells(self, code, machine, **wrong):
        machine.put(**wrong)
        told = self.inquiry(machine)
        equal((told["status"], told["errorDetail"]["code"]), ("Failed", code), "inquiry")
        equal(told["errorDetail"]["recommendations"], self.entries[code]["recommendations"], "recommendations")
        machine.put()
        equal(self.inquiry(machine)["status"], "Success", "inquiry once it is cured")


# Backups that one switch makes fail

def switch(code, says=None, **wrong):
    case(code)(lambda world: world.backups_fail(code, says, **wrong))


switch("UserErrorPermissionDenied", "262", salesdb={"faults": {"permissionDenied": True}})
switch("UserErrorOperationNotAllowedDatabaseMirroringEnabled", salesdb={"faults": {"mirrored": True}})
switch("UserErrorBackupFailedAsTransactionLogIsFull", "9002", salesdb={"faults": {"logFull": True}})
switch("UserErrorFileManipulationIsNotAllowedDuringBackup", "3023", salesdb={"faults": {"filesChanging": True}})
switch("UserErrorBackupFailedDatabaseFilesLimitExceeded", salesdb={"faults": {"files": 1001}})
switch("UserErrorOperationFailedAsDatasourceIsOpenedByAnotherUser", "924", salesdb={"faults": {"singleUser": True}})
switch("UserErrorGenericSQLUserCorrectableFault", "SQL error 3204: It was aborted.", salesdb={"faults": {"sqlError": {"number": 3204, "text": "It was aborted."}}})
switch("WlExtGenericIOFaultUserError", instance={"faults": {"ioError": True}})
switch("UserErrorOpeningSQLConnection", instance={"online": False})
switch("WorkloadExtensionNotPresent", server={"faults": {"extension": "notPresent"}})
switch("UserErrorWorkloadExtensionNotInstalled", server={"faults": {"extension": "notInstalled"}})


@case("VMNotInRunningStateUserError")
def stopped(world):
    world.backups_fail("VMNotInRunningStateUserError", server={"state": "stopped"})
    world.registration_fails("VMNotInRunningStateUserError", server={"state": "stopped"})


@case("UserErrorVMInternetConnectivityIssue")
def no_internet(world):
    world.backups_fail("UserErrorVMInternetConnectivityIssue", server={"faults": {"noInternet": True}})
    world.registration_fails("UserErrorVMInternetConnectivityIssue", server={"faults": {"noInternet": True}})


@case("GuestAgentStatusUnavailableUserError")
def no_guest_agent(world):
    world.registration_fails("GuestAgentStatusUnavailableUserError", server={"faults": {"guestAgentMissing": True}})


@case("UserErrorDotNetVersionUpgradeRequired")
def old_dot_net(world):
    world.registration_fails("UserErrorDotNetVersionUpgradeRequired", server={"faults": {"oldDotNet": True}})


@case("UserErrorSQLNoSysadminMembership")
def no_sysadmin(world):
    world.inquiry_tells("UserErrorSQLNoSysadminMembership", world.common(), instance={"sysadmin": False})
    world.backups_fail("UserErrorSQLNoSysadminMembership", instance={"sysadmin": False})


@case("UserErrorNoSQlInstancesOnMachine")
def no_instances(world):
    machine = world.machine()
    machine.put(server={"instances": []})
    world.vault.register(machine.name)
    told = world.inquiry(machine)
    equal((told["status"], told["errorDetail"]["code"]), ("Failed", "UserErrorNoSQlInstancesOnMachine"), "inquiry")
    machine.put()
    equal(world.inquiry(machine)["status"], "Success", "inquiry once there is an instance")


# Backups of databases that changed

@case("UserErrorSQLPODoesNotSupportBackupType")
def unsupported(world):
    machine = world.machine()
    machine.databases["salesdb"]["recoveryModel"] = "Simple"
    machine.put()
    machine.ready().backed_up("Full")
    world.failed(machine.back_up("Log"), "UserErrorSQLPODoesNotSupportBackupType")


@case("UserErrorSQLPODoesNotExist")
def dropped(world):
    machine = world.machine("salesdb").ready().backed_up("Full")
    machine.databases = {"other": {"sizeMiB": 1}}
    machine.put()
    for times in (1, 2):
        world.failed(machine.back_up("Full"), "UserErrorSQLPODoesNotExist")
        world.shown(machine, "UserErrorSQLPODoesNotExist", times)


@case("UserErrorParentFullBackupMissing")
def no_full(world):
    world.failed(world.machine().ready().back_up("Log"), "UserErrorParentFullBackupMissing")


@case("UserErrorSQLLSNValidationFailure")
def foreign(world):
    machine = world.machine().ready().backed_up("Full", "Log")
    machine.foreign("Log")
    world.failed(machine.back_up("Log"), "UserErrorSQLLSNValidationFailure")
    world.shown(machine, "UserErrorSQLLSNValidationFailure")
    machine.backed_up("Full", "Log")


@case("UserErrorOtherBackupProductCausingSQLLSNValidationFailure")
def named_product(world):
    code = "UserErrorOtherBackupProductCausingSQLLSNValidationFailure"
    machine = world.machine().ready().backed_up("Full", "Log")
    machine.foreign("Log", "Contoso Backup")
    error = world.failed(machine.back_up("Log"), code)
    assert "Contoso Backup" in error["errorString"], error
    world.shown(machine, code)
    machine.backed_up("Full", "Log", "Differential")
    machine.foreign("Full", "Contoso Backup")
    world.failed(machine.back_up("Differential"), code)
    machine.backed_up("Full", "Differential")


@case("UserErrorLogBackupFailedAsRecoveryModelChanged")
def model_changed(world):
    code = "UserErrorLogBackupFailedAsRecoveryModelChanged"
    machine = world.machine().ready().backed_up("Full", "Log")
    machine.put(salesdb={"recoveryModel": "Simple"})
    machine.put()
    world.failed(machine.back_up("Log"), code)
    world.shown(machine, code)
    machine.backed_up("Full", "Log")


@case("UserErrorBackupFailedDBGuidChanged")
def replaced(world):
    code = "UserErrorBackupFailedDBGuidChanged"
    machine = world.machine().ready().backed_up("Full")
    kept, machine.databases = machine.databases, {}
    machine.put()
    machine.databases = kept
    machine.put()
    machine.foreign("Full")
    world.failed(machine.back_up("Log"), code)
    world.shown(machine, code)
    machine.backed_up("Full", "Log")


@case("UserErrorNoFullBackupTriggeredAfterRestore")
def after_restore(world):
    machine = world.machine().ready().backed_up("Full", "Log")
    _, job = world.server.finish(machine.restore(machine.point(), False))
    equal(job["properties"]["status"], "Completed", str(job["properties"].get("errorDetails")))
    world.failed(machine.back_up("Log"), "UserErrorNoFullBackupTriggeredAfterRestore")
    machine.backed_up("Full", "Log")


# Work beside work

@case("OperationCancelledBecauseConflictingOperationRunningUserError", "UserErrorBackupOperationInProgress", "UserErrorJobSuccessfullyCancelled")
def beside(world):
    machine = world.machine().ready()
    machine.put(salesdb={"faults": {"holdBackups": True}})
    running = machine.begin()
    world.failed(machine.back_up("Full"), "OperationCancelledBecauseConflictingOperationRunningUserError")
    world.failed(machine.back_up("CopyOnlyFull"), "UserErrorBackupOperationInProgress")
    world.server.arm("POST", f"{world.vault.path}/backupJobs/{running}/cancel", want=202)
    world.failed(world.job(running), "UserErrorJobSuccessfullyCancelled", "Cancelled")
    equal([p["name"] for p in machine.vault.points("salesdb", machine.name) if p["properties"]["type"] != "Log"], [], "points of cancelled backups")
    machine.put()
    machine.backed_up("Full")


@case("UserErrorJobCancelledOnMachineReboot")
def rebooted(world):
    machine = world.machine().ready()
    machine.put(salesdb={"faults": {"holdBackups": True}})
    running = machine.begin()
    world.server.emulator_call("POST", f"/servers/{machine.name}/reboot")
    world.failed(world.job(running), "UserErrorJobCancelledOnMachineReboot")
    world.shown(machine, "UserErrorJobCancelledOnMachineReboot")
    machine.put()
    machine.backed_up("Full")


@case("UserErrorRestoreOperationInProgress", "UserErrorAnotherRestoreInProgressOnSameTarget")
def restores_beside(world):
    machine = world.machine("salesdb", "hrdb").ready().backed_up("Full").backed_up("Full", database="hrdb")
    machine.put(instance={"faults": {"holdRestores": True}})
    running = world.job_id(machine.restore(machine.point()))
    _, again = world.server.finish(machine.restore(machine.point()))
    world.failed(again, "UserErrorRestoreOperationInProgress")
    _, other = world.server.finish(machine.restore(machine.point(database="hrdb"), database="hrdb"))
    world.failed(other, "UserErrorAnotherRestoreInProgressOnSameTarget")
    machine.put()
    equal(world.job(running)["properties"]["status"], "Completed", "the first restore")


# Restores

def source(world):
    """A server with a full to restore from."""
    if not hasattr(world, "origin"):
        world.origin = world.machine("salesdb", "hrdb", size=3).ready().backed_up("Full")
    return world.origin


def restore_fails(world, code, says=None, target=None, **how):
    machine = source(world)
    _, job = world.server.finish(machine.restore(machine.point(), target, **how))
    error = world.failed(job, code)
    assert says is None or says in error.get("additionalDetails", ""), f"additionalDetails: {error.get('additionalDetails')}"


@case("UserErrorCannotRestoreExistingDBWithoutForceOverwrite")
def name_taken(world):
    restore_fails(world, "UserErrorCannotRestoreExistingDBWithoutForceOverwrite", name="hrdb")
    machine = source(world)
    world.refused(machine.restore(machine.point(), name="salesdb"), "UserErrorCannotRestoreExistingDBWithoutForceOverwrite")


@case("UserErrorDatabaseFileCollision")
def file_taken(world):
    machine = source(world)
    path = f"{machine.vault.item_path('salesdb', machine.name)}/recoveryPoints/{machine.point()}"
    files = world.server.arm("GET", path, want=200).json()["properties"]["extendedInfo"]["dataDirectoryPaths"]
    moves = [{"mappingType": f["type"], "sourceLogicalName": f["logicalName"], "sourcePath": f["path"], "targetPath": f["path"]} for f in files]
    restore_fails(world, "UserErrorDatabaseFileCollision", alternateDirectoryPaths=moves)


@case("UserErrorRestoreFailedTargetFileAlreadyExists")
def backup_file_there(world):
    machine, folder = source(world), os.path.join(world.server.home, "as-files")
    target = {"overwriteOption": "FailOnConflict", "containerId": machine.vault.container_path(machine.name), "targetDirectoryForFileRestore": folder}
    how = {"recoveryMode": "FileRecovery", "targetInfo": target}
    _, job = world.server.finish(machine.restore(machine.point(), **how))
    equal(job["properties"]["status"], "Completed", str(job["properties"].get("errorDetails")))
    restore_fails(world, "UserErrorRestoreFailedTargetFileAlreadyExists", **how)


@case("UserErrorRestoreFailedDatabaseCannotBeOfflined")
def in_use(world):
    source(world).put(salesdb={"faults": {"inUse": True}})
    restore_fails(world, "UserErrorRestoreFailedDatabaseCannotBeOfflined", "3101", False)
    source(world).put()


@case("UserErrorInsufficientSpaceForRestoreOnDisk")
def no_space(world):
    source(world).put(instance={"faults": {"freeSpaceMiB": 2}})
    restore_fails(world, "UserErrorInsufficientSpaceForRestoreOnDisk")
    source(world).put()


@case("UserErrorOperationFailedTargetSQLServerInSingleUserMode")
def single_user(world):
    source(world).put(instance={"faults": {"singleUser": True}})
    restore_fails(world, "UserErrorOperationFailedTargetSQLServerInSingleUserMode", "18461")
    source(world).put()


@case("UserErrorRestoreFailedIncompatibleSQLServerInstanceVersion")
def older_target(world):
    target = world.machine("hrdb")
    target.put(instance={"version": "13.0.7000.253"})
    world.vault.register(target.name)
    restore_fails(world, "UserErrorRestoreFailedIncompatibleSQLServerInstanceVersion", "3169", target)
    target.put()
    _, job = world.server.finish(source(world).restore(source(world).point(), target))
    equal(job["properties"]["status"], "Completed", str(job["properties"].get("errorDetails")))


@case("UserErrorCannotFindServerCertificateWithThumbprint")
def encrypted(world):
    code, held = "UserErrorCannotFindServerCertificateWithThumbprint", {"certificates": ["8A2F00C1D3"]}
    machine, target = world.machine(), world.machine("hrdb")
    machine.databases["salesdb"]["certificate"] = "8a2f00c1d3"
    machine.put(instance=held)
    machine.ready().backed_up("Full")
    world.vault.register(target.name)
    _, job = world.server.finish(machine.restore(machine.point(), target))
    assert "33111" in world.failed(job, code)["additionalDetails"], job
    target.put(instance=held)
    _, job = world.server.finish(machine.restore(machine.point(), target))
    equal(job["properties"]["status"], "Completed", str(job["properties"].get("errorDetails")))


@case("UserErrorRestoreNotPossibleBecauseLogBackupContainsBulkLoggedChanges")
def bulk_logged(world):
    machine = world.machine()
    machine.databases["salesdb"]["recoveryModel"] = "BulkLogged"
    machine.put()
    machine.ready().backed_up("Full")
    time.sleep(1.5)
    body = {"instance": INSTANCE, "database": "salesdb", "pages": 3, "seed": 1, "bulk": True}
    at = world.server.emulator_call("POST", f"/servers/{machine.name}/write", body)["committedAt"][:19] + "Z"
    time.sleep(1.5)
    machine.backed_up("Log")
    world.refused(machine.restore("DefaultRangeRecoveryPoint", at=at), "UserErrorRestoreNotPossibleBecauseLogBackupContainsBulkLoggedChanges")


# Refusals of requests

STOP = {"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "protectionState": "ProtectionStopped", "policyId": ""}}


@case("BMSUserErrorObjectLocked")
def locked(world):
    machine, s = world.machine().ready().backed_up("Full"), world.server
    path = machine.vault.item_path("salesdb", machine.name)
    machine.put(instance={"faults": {"holdRestores": True}})
    running = world.job_id(machine.restore(machine.point(), False))
    for answer in (s.arm("PUT", path, STOP), s.arm("DELETE", path)):
        assert running in world.refused(answer, "BMSUserErrorObjectLocked", 409)["message"], answer.text
    machine.put()
    equal(world.job(running)["properties"]["status"], "Completed", "the restore")
    s.finish(s.arm("PUT", path, STOP, want=(200, 202)))


@case("BMSUserErrorVaultDeletionNotAllowed")
def vault_in_use(world):
    source(world)
    told = world.refused(world.server.arm("DELETE", world.vault.path, version="vault"), "ServiceResourceNotEmptyWithBackendMessage")
    equal({detail["code"] for detail in told["details"]}, {"BMSUserErrorVaultDeletionNotAllowed"}, "details")
    equal({detail["target"] for detail in told["details"]}, {"protectedItems", "protectionContainers"}, "what is in the way")


@case("CloudDosAbsoluteLimitReached")
def policy_writes(world):
    vault = Vault(world.server, "busyvault").create()
    plan = Plan(full_day=1, hour=2, interval=60, keep_full_weeks=3, keep_differential=14, keep_log=8)
    answers = [world.server.arm("PUT", f"{vault.path}/backupPolicies/busy", plan.body()) for _ in range(51)]
    equal({answer.status_code for answer in answers[:50]}, {200}, "the first 50")
    world.refused(answers[50], "CloudDosAbsoluteLimitReached", 400)


# Auto-protection and availability groups

@case("AutoProtectionCancelledOrNotValid")
def auto_protection(world):
    code, machine, s = "AutoProtectionCancelledOrNotValid", world.machine(), world.server
    world.vault.register(machine.name)
    machine.put(server={"state": "stopped"})
    intent = f"{world.vault.path}/backupFabrics/Azure/backupProtectionIntent/{uuid.uuid4()}"
    body = {"properties": {"protectionIntentItemType": "AzureWorkloadSQLAutoProtectionIntent", "backupManagementType": "AzureWorkload",
                           "itemId": f"{world.vault.container_path(machine.name)}/protectableItems/sqlinstance;{INSTANCE.lower()}",
                           "policyId": f"{world.vault.path}/backupPolicies/HourlyLogBackup"}}
    s.arm("PUT", intent, body, want=200)

    def configuring():
        return [j for j in world.jobs("?$filter=operation eq 'ConfigureBackup' and status eq 'InProgress'") if j["properties"]["entityFriendlyName"] == "salesdb"]
    job = until(configuring, "job of the auto-protection")[0]["name"]
    s.arm("DELETE", intent, want=(200, 204))
    world.failed(world.job(job), code, "Cancelled")
    machine.put()


def group(world, name, preference, *machines, databases=()):
    body = {"replicas": [{"server": machine.name} for machine in machines], "primary": machines[0].name, "backupPreference": preference,
            "databases": [{"name": database, "sizeMiB": 1} for database in databases]}
    world.server.emulator_call("PUT", f"/availabilityGroups/{name}", body)


def protected_in(world, name, database):
    """Path of a group's database, once it is protected."""
    def found():
        query = "backupProtectionContainers?$filter=backupManagementType eq 'AzureWorkload'"
        rows = world.server.arm("GET", f"{world.vault.path}/{query}", want=200).json()["value"]
        return [row["name"] for row in rows if row["name"].lower().endswith(";" + name)]
    path = f"{world.vault.path}/backupFabrics/Azure/protectionContainers/{until(found, name)[0]}/protectedItems/{item(database, name)}"
    body = {"properties": {"protectedItemType": "AzureVmWorkloadSQLDatabase", "policyId": f"{world.vault.path}/backupPolicies/HourlyLogBackup"}}
    return path, world.server.arm("PUT", path, body)


def back_up_at(world, path, kind="Full"):
    body = {"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": kind, "enableCompression": True}}
    _, job = world.server.finish(world.server.arm("POST", path + "/backup", body, want=202))
    return job


@case("FabricSvcBackupPreferenceCheckFailedUserError")
def preference(world):
    first, second = world.machine("one"), world.machine("two")
    group(world, "agp", "SecondaryOnly", first, second, databases=["agdb"])
    world.vault.register(second.name)
    world.refused(protected_in(world, "agp", "agdb")[1], "FabricSvcBackupPreferenceCheckFailedUserError")
    world.vault.register(first.name)
    world.server.finish(protected_in(world, "agp", "agdb")[1])


@case("UserErrorSQLPODoesNotSupportBackupTypeOnSecondaryNode")
def on_secondary(world):
    first, second = world.machine("one"), world.machine("two")
    group(world, "ags", "Primary", first, second, databases=["agdb"])
    world.vault.register(first.name)
    path, answer = protected_in(world, "ags", "agdb")
    world.server.finish(answer)
    equal(back_up_at(world, path)["properties"]["status"], "Completed", "on the primary")
    world.server.emulator_call("POST", "/availabilityGroups/ags/failover", {"to": second.name})
    world.failed(back_up_at(world, path), "UserErrorSQLPODoesNotSupportBackupTypeOnSecondaryNode")


@case("UserErrorBackupFailedStandaloneDatabaseMovedInToAG", "UserErrorBackupFailedDatabaseMovedOutOfAG")
def moved(world):
    first, second = world.machine("movdb"), world.machine("two")
    first.ready().backed_up("Full", database="movdb")
    world.vault.register(second.name)
    group(world, "agm", "Primary", first, second, databases=["movdb"])
    world.failed(first.back_up("Full", "movdb"), "UserErrorBackupFailedStandaloneDatabaseMovedInToAG")
    world.shown(first, "UserErrorBackupFailedStandaloneDatabaseMovedInToAG", database="movdb")
    world.inquiry(first)
    path, answer = protected_in(world, "agm", "movdb")
    world.server.finish(answer)
    equal(back_up_at(world, path)["properties"]["status"], "Completed", "under the group")
    group(world, "agm", "Primary", first, second)
    world.failed(back_up_at(world, path), "UserErrorBackupFailedDatabaseMovedOutOfAG")


# Too many for a story; a test of the engine plays it

@case("UserErrorProtectionQuotaExceeded")
def quota(_):
    test = "the_database_after_the_two_thousandth_is_refused_by_its_code"
    with open(os.path.join(os.path.dirname(__file__), "../../engine/tests/faults.rs")) as file:
        assert f"fn {test}(" in file.read(), f"the engine has no test {test}"


# With a clock that is moved

@case("WorkloadExtensionNotReachable")
def silent(world):
    machine = world.machine().ready()
    machine.put(server={"faults": {"extension": "stopped"}})
    job = machine.begin()
    world.advance(130)
    world.failed(world.job(job), "WorkloadExtensionNotReachable")
    world.shown(machine, "WorkloadExtensionNotReachable")
    machine.put()
    machine.backed_up("Full")


@case("WorkloadExtensionDidntDequeueMsg")
def deaf(world):
    machine = world.machine().ready()
    machine.put(server={"faults": {"extension": "notPolling"}})
    job = machine.begin()
    world.advance(70)
    time.sleep(5)
    world.advance(60)
    world.failed(world.job(job), "WorkloadExtensionDidntDequeueMsg")
    world.shown(machine, "WorkloadExtensionDidntDequeueMsg")
    machine.put()
    machine.backed_up("Full")


def now(world):
    return dt.datetime.fromisoformat(world.server.emulator_call("GET", "/clock")["now"][:19] + "+00:00")


@contextlib.contextmanager
def alone(name):
    """A world of its own, whose clock goes far without carrying the schedules of all the others along."""
    with Server() as server:
        yield World(server, name)


@case("UserErrorLatestFullPitIsOld")
def old_full(_):
    with alone("oldvault") as world:
        machine = world.machine().ready().backed_up("Full", "Log")
        world.server.finish(world.server.arm("PUT", machine.vault.item_path("salesdb", machine.name), STOP, want=(200, 202)))
        world.advance(16 * 24 * 3600)
        world.vault.protect("salesdb", machine.name)
        world.failed(machine.back_up("Log"), "UserErrorLatestFullPitIsOld")
        machine.backed_up("Full", "Log")


@case("UserErrorBackupFailedAsRemedialBackupInProgress")
def remedial(_):
    """And the run that failed is shown beside the full that mends it."""
    with alone("healvault") as world:
        start = now(world)
        plan = Plan(full_day=(start.weekday() + 4) % 7, hour=2, interval=60, keep_full_weeks=3, keep_differential=14, keep_log=8)
        world.server.arm("PUT", f"{world.vault.path}/backupPolicies/weekly", plan.body(), want=200)
        machine = world.machine().ready("weekly").backed_up("Full", "Log")
        machine.foreign("Full")
        world.advance(24 * 3600)
        seen = [(j["properties"]["operation"], j["properties"]["status"], j["properties"]["isUserTriggered"], j) for j in world.jobs()]
        broken = [j for operation, status, asked, j in seen if operation == "Backup (Differential)" and status == "Failed" and not asked]
        mended = [j for operation, status, asked, j in seen if operation == "Backup (Full)" and status == "Completed" and not asked]
        equal((len(broken), len(mended)), (1, 1), f"failed and remedial runs of {[s[:3] for s in seen]}")
        world.failed(broken[0], "UserErrorSQLLSNValidationFailure")
        # Held, the full that mends keeps others out.
        machine.foreign("Log", "Contoso Backup")
        machine.put(salesdb={"faults": {"holdBackups": True}})
        moving = threading.Thread(target=world.advance, args=(3600,))
        moving.start()
        until(lambda: [j for j in world.jobs("?$filter=status eq 'InProgress'") if j["properties"]["operation"] == "Backup (Full)"], "remedial full")
        world.failed(machine.back_up("Log"), "UserErrorBackupFailedAsRemedialBackupInProgress")
        machine.put()
        moving.join()
        machine.backed_up("Log")


def main():
    wanted = sys.argv[1:]
    with telling() as story, Server() as server:
        print(f"binary {BIN}")
        world = World(server, "faultvault")
        asked = {code for code, entry in world.entries.items() if entry["level"] <= 2}
        with story.step("every fault that must or should be raised has a case, and nothing else is looked for"):
            equal(sorted(asked - set(CASES)), [], "without a case")
            equal(sorted(set(CASES) - set(world.entries)), [], "not in the catalogue")
        with story.step("a fault is shown by its code, and one that is not there is told"):
            one = server.emulator_call("GET", "/faults/UserErrorPermissionDenied")
            equal(one, world.entries["UserErrorPermissionDenied"], "entry")
            server.emulator_call("GET", "/faults/Nonsense", want=(404,))
        with story.step("an unknown switch is refused by name"):
            body = {"resourceGroup": GROUP, "location": LOCATION, "faults": {"onFire": True}}
            assert "onFire" in server.call("PUT", "/emulator/servers/x1", body, token=False).text
        with story.step("a ready request of the catalogue is one that the emulator takes, and it is cleared by the next"):
            for entry in world.entries.values():
                ready = entry["provoke"].get("request")
                if ready and ready["method"] == "PUT":
                    server.emulator_call("PUT", "/servers/ready1", ready["body"])
            plain = {"resourceGroup": GROUP, "location": LOCATION, "instances": [{"name": INSTANCE}]}
            server.emulator_call("PUT", "/servers/ready1", plain)
            assert "faults" not in json.dumps(server.emulator_call("GET", "/servers/ready1"))
        done, raised = set(), 0
        for code, provoke in CASES.items():
            if provoke not in done and (not wanted or code in wanted):
                done.add(provoke)
                codes = [other for other, by in CASES.items() if by is provoke]
                failed = story.failed
                with story.step(", ".join(codes)):
                    provoke(world)
                raised += len(codes) if story.failed == failed else 0
        levels = {level: sum(entry["level"] == level for entry in world.entries.values()) for level in (1, 2, 3)}
        print(f"{len(world.entries)} codes: {levels[1]} of level 1, {levels[2]} of level 2, {levels[3]} of level 3; {raised} provoked")


if __name__ == "__main__":
    main()
