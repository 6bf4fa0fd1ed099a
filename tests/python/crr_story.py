"""A second region: the Azure CLI and the SDK of the secondary region list what has arrived there and restore it to a server of that
region, after every object of the vault's own region is gone; what was restored is compared with what the servers say of themselves.
"""
import json
import os
import shutil
import subprocess

from azure.core.exceptions import HttpResponseError
from azure.mgmt.recoveryservicesbackup.passivestamp import RecoveryServicesBackupPassiveClient
from azure.mgmt.recoveryservicesbackup.passivestamp import models

from recording import Recorder
from sdkclients import Static
from story import equal, telling, until
from vault import GROUP, LOCATION, SUB, TENANT, Server, Vault, container, item, vm_id

NEAR, FAR, DB = "nearvm", "farvm", "ledger"
REGION = "northeurope"
C, I = container(NEAR), item(DB)
WL, MS, THERE = ["--backup-management-type", "AzureWorkload"], ["--workload-type", "MSSQL"], ["--use-secondary-region"]
LAG = 60


class Az:
    """The CLI with a configuration folder of its own, signed in."""

    def __init__(self, server):
        home = os.path.join(server.home, "az")
        os.makedirs(home)
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("AZURE_", "PYTHON"))},
            "AZURE_CONFIG_DIR": home, "HOME": home, "REQUESTS_CA_BUNDLE": server.ca, "AZURE_CORE_COLLECT_TELEMETRY": "0",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "1", "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no", "AZURE_CORE_NO_COLOR": "1",
        }
        self("cloud", "register", "-n", "Vault", "--endpoint-resource-manager", server.base)
        self("cloud", "set", "-n", "Vault")
        self("login", "--service-principal", "-u", "rsvault", "-p", "rsvault", "--tenant", TENANT)

    def __call__(self, *words, rc=0):
        done = subprocess.run([os.environ["RSVAULT_AZ"], *words, "-o", "json"], env=self.env, capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == rc, f"az {' '.join(words[:4])}: rc {done.returncode}, want {rc}\n{(done.stderr or done.stdout)[-1500:]}"
        if rc:
            return done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None


class World:
    """A protected database in one region, a server to restore to in the other."""

    def __init__(self, server, recorder):
        self.server = server
        self.near, self.far = Vault(server, "near"), Vault(server, "far")
        for name, place, databases in ((NEAR, LOCATION, [{"name": DB, "sizeMiB": 24}]), (FAR, REGION, [{"name": "own"}])):
            server.emulator_call("PUT", f"/servers/{name}", {"resourceGroup": GROUP, "location": place,
                                                            "instances": [{"name": "MSSQLSERVER", "databases": databases}]})
        self.near.create()
        body = {"location": REGION, "sku": {"name": "Standard"}, "properties": {}}
        server.finish(server.arm("PUT", self.far.path, body, version="vault", want=(200, 201)))
        self.near.register(NEAR)
        self.far.register(FAR)
        self.near.protect(DB, NEAR)
        more = {"base_url": server.base, "credential_scopes": [server.base + "/.default"], "connection_verify": server.ca}
        self.passive = RecoveryServicesBackupPassiveClient(Static(server.token()), SUB, **more, per_retry_policies=[recorder])
        # The SDK reads the answer to a trigger as a stream, which a recorder would use up.
        self.unheard = RecoveryServicesBackupPassiveClient(Static(server.token()), SUB, **more)
        self.az = Az(server)
        self.on = ["-g", GROUP, "--vault-name", "near"]
        self.at = [*self.on, "--container-name", C, "--item-name", I]
        self.resource = models.CrrJobRequest(resource_id=self.near.path)

    def advance(self, minutes):
        return self.server.emulator_call("POST", "/clock/advance", {"by": minutes * 60}, timeout=120)

    def objects(self, folder):
        return sum(len(files) for _, _, files in os.walk(os.path.join(self.server.data, folder)))

    def points(self):
        return list(self.passive.recovery_points_crr.list("near", GROUP, "Azure", C, I))

    def gone(self):
        """Whether the item is not found in the second region any more."""
        try:
            return not self.points()
        except HttpResponseError as e:
            return e.status_code == 404

    def access(self, point):
        aad = self.passive.aad_properties.get(REGION, "backupManagementType eq 'AzureWorkload'")
        return self.passive.recovery_points.get_access_token("near", GROUP, "Azure", C, I, point, aad).properties

    def request(self, database, **more):
        return models.AzureWorkloadSQLRestoreRequest(
            recovery_type="AlternateLocation", source_resource_id=vm_id(NEAR), should_use_alternate_target_location=True, is_non_recoverable=False,
            target_info=models.TargetRestoreInfo(overwrite_option="Overwrite", container_id=self.far.container_path(FAR), database_name=f"MSSQLSERVER/{database}"), **more)

    def job(self, name):
        ask = models.CrrJobRequest(resource_id=self.near.path, job_name=name)

        def ended():
            job = self.passive.backup_crr_job_details.get(REGION, ask)
            return job if job.properties.status != "InProgress" else None
        return until(ended, f"job {name}", 60)

    def refused(self, call, word):
        try:
            call()
        except HttpResponseError as e:
            body = json.loads(e.response.text())
            assert word in json.dumps(body), body
            return body
        raise AssertionError(f"not refused: {word}")


def arriving(story, world):
    server = world.server
    with story.step("a vault without the flag has no secondary region, and says which setting makes one"):
        said = world.refused(lambda: list(world.passive.backup_protected_items_crr.list("near", GROUP)), "BMSUserErrorCrossRegionRestoreNotEnabled")
        assert "crossRegionRestoreFlag" in said["Message"]["Value"] and said["Message"]["Language"] == "en-us", said
    with story.step("the flag is switched on by az, for good"):
        world.az("backup", "vault", "backup-properties", "set", "-g", GROUP, "-n", "near", "--cross-region-restore-flag", "True")
        equal(world.passive.backup_resource_storage_configs.get("near", GROUP).properties.cross_region_restore_flag, True, "flag")
        world.refused(lambda: world.passive.backup_resource_storage_configs.patch("near", GROUP, {"properties": {"crossRegionRestoreFlag": False}}),
                      "BMSUserErrorCrossRegionRestoreCannotBeDisabled")
    with story.step("a full and a log are copied as they are, ciphertext and manifest"):
        equal(world.near.back_up(DB, NEAR)["status"], "Completed", "full")
        server.write(NEAR, DB, 40, seed=3)
        world.advance(2)
        equal(world.near.back_up(DB, NEAR, kind="Log")["status"], "Completed", "log")
        until(lambda: world.objects("objects") == world.objects("secondary-objects") > 2, "copies", 30)
    with story.step(f"nothing is shown before the lag of {LAG} minutes; the advance that passes it shows it"):
        equal(world.az("backup", "item", "list", *world.on, *WL, *THERE), [], "items")
        equal(world.points(), [], "points")
        world.advance(LAG + 1)
        [shown] = world.az("backup", "item", "list", *world.on, *WL, *THERE)
        equal((shown["properties"]["friendlyName"], shown["properties"]["protectionState"]), (DB, "Protected"), "item")
        assert "isArchiveEnabled" not in shown["properties"] or shown["properties"]["isArchiveEnabled"] is None, shown
        listed = world.az("backup", "recoverypoint", "list", *world.at, *WL, *MS, *THERE)
        equal([p["properties"]["type"] for p in listed], ["Full", "Log"], "points")
        equal(listed[0]["properties"]["crossRegionRestoreState"], "Supported", "state")
        [chain] = world.az("backup", "recoverypoint", "show-log-chain", *world.at, *WL, *THERE)
        assert chain["properties"]["timeRanges"], chain
    with story.step("the SDK reads the same: items, points, one of them, usage, storage config"):
        [found] = world.passive.backup_protected_items_crr.list("near", GROUP, filter="backupManagementType eq 'AzureWorkload' and itemType eq 'SQLDataBase'")
        assert isinstance(found.properties, models.AzureVmWorkloadSQLDatabaseProtectedItem), found.properties
        full, log = world.points()
        assert isinstance(full.properties, models.AzureWorkloadSQLRecoveryPoint) and isinstance(log.properties, models.AzureWorkloadSQLPointInTimeRecoveryPoint)
        one = world.passive.recovery_points_crr.get("near", GROUP, "Azure", C, I, full.name)
        assert one.properties.extended_info.data_directory_paths, one
        [usage] = world.passive.backup_usage_summaries_crr.list("near", GROUP, filter="type eq 'BackupProtectedItemCountSummary'")
        equal((usage.current_value, usage.unit), (1, "Count"), "usage")
        equal(world.passive.backup_resource_storage_configs.get("near", GROUP).properties.storage_type_state, "Locked", "redundancy")
    return full.name, log.properties.time_ranges[-1]


def the_primary_is_lost(story, world):
    with story.step("every object of the vault's own region is deleted; a restore there fails by its job"):
        shutil.rmtree(os.path.join(world.server.data, "objects", "vaults"))
        equal(world.objects("objects"), 0, "objects")
        point = world.near.points(DB, NEAR)[0]["name"]
        answer = world.near.restore_original(point, DB, NEAR)
        _, job = world.server.finish(answer)
        equal((job["properties"]["status"], job["properties"]["errorDetails"][0]["errorTitle"]), ("Failed", "UserErrorRecoveryPointDataCorrupt"), "job")


def by_the_cli(story, world, point, truth):
    with story.step("recoveryconfig show and restore-azurewl --use-secondary-region: the database as it was, on a server of the other region"):
        shown = world.az("backup", "recoveryconfig", "show", *world.at, *MS, "--restore-mode", "AlternateWorkloadRestore", "--rp-name", point,
                         "--target-item-name", "bycli", "--target-server-type", "SQLInstance", "--target-server-name", FAR,
                         "--target-vault-name", "far", "--target-container-name", container(FAR))
        assert "/vaults/far/" in shown["container_id"], shown
        path = os.path.join(world.server.home, "recovery.json")
        with open(path, "w") as f:
            json.dump(shown, f)
        job = world.az("backup", "restore", "restore-azurewl", *world.on, "--recovery-config", path, *THERE)
        world.az("backup", "job", "wait", *world.on, "-n", job["name"], *THERE)
        ended = world.az("backup", "job", "show", *world.on, "-n", job["name"], *THERE)
        properties = ended["properties"]
        equal((properties["operation"], properties["status"]), ("CrossRegionRestore", "Completed"), f"job {properties.get('errorDetails')}")
        bag = properties["extendedInfo"]["propertyBag"]
        equal((bag["Job Type"], bag["Original VM Name"], bag["Target VM Name"], bag["Vault name"], bag["Target vault name"], bag["RestoreDestination"]),
              ("Recovery to an alternate database", NEAR, FAR, "near", "far", f"{FAR}/MSSQLSERVER/bycli"), "bag")
        equal(properties["extendedInfo"]["tasksList"][0]["taskId"], "Transfer data from vault", "task")
        equal(world.server.checksum(FAR, "bycli"), truth, "what was restored and what was there")
        equal([j["name"] for j in world.az("backup", "job", "list", *world.on, *THERE)], [job["name"]], "jobs")
        assert "do not support cancellation" in world.az("backup", "job", "stop", *world.on, "-n", job["name"], *THERE, rc=1)


def by_the_sdk(story, world, point, coverage):
    access = world.access(point)
    with story.step("the SDK: token, trigger, operation, job; the same bytes"):
        assert isinstance(access, models.WorkloadCrrAccessToken) and access.recovery_point_id == point, access
        body = models.CrossRegionRestoreRequest(cross_region_restore_access_details=access, restore_request=world.request("bysdk"))
        poller = world.unheard.cross_region_restore.begin_trigger(REGION, body, polling_interval=1)
        poller.result()
        url = poller._polling_method._initial_response.http_response.headers["Azure-AsyncOperation"]
        operation = url.split("?")[0].rsplit("/", 1)[1]
        status = world.passive.crr_operation_status.get(REGION, operation)
        equal(status.status, "Succeeded", "operation")
        world.passive.crr_operation_results.get(REGION, operation)
        job = world.job(status.properties.job_id)
        equal((job.properties.status, job.properties.operation), ("Completed", "CrossRegionRestore"), f"job {job.properties.error_details}")
        equal(world.server.checksum(FAR, "bysdk"), world.server.checksum(FAR, "bycli"), "what was restored twice")
        equal(len(list(world.passive.backup_crr_jobs.list(REGION, world.resource, "status eq 'Completed'"))), 2, "jobs")
    with story.step("a second of the logs, from the copies alone"):
        at = coverage.end_time
        request = models.AzureWorkloadSQLPointInTimeRestoreRequest(point_in_time=at, **{
            k: v for k, v in vars(world.request("bytime")).items() if k in ("recovery_type", "source_resource_id", "target_info", "should_use_alternate_target_location", "is_non_recoverable")})
        body = models.CrossRegionRestoreRequest(cross_region_restore_access_details=world.access("DefaultRangeRecoveryPoint"), restore_request=request)
        before = {j.name for j in world.passive.backup_crr_jobs.list(REGION, world.resource)}
        world.unheard.cross_region_restore.begin_trigger(REGION, body, polling_interval=1).result()
        [name] = {j.name for j in world.passive.backup_crr_jobs.list(REGION, world.resource)} - before
        equal(world.job(name).properties.status, "Completed", "job")
        equal(world.server.checksum(FAR, "bytime"), world.server.checksum(NEAR, DB, at=at.strftime("%Y-%m-%dT%H:%M:%SZ")), "what was restored and what was there")
    return access


def refusals(story, world, access):
    def trigger(details, request, region=REGION):
        body = models.CrossRegionRestoreRequest(cross_region_restore_access_details=details, restore_request=request)
        return lambda: world.passive.cross_region_restore.begin_trigger(region, body, polling=False)
    with story.step("a token that was altered, a target in the wrong region, the original place and a region that is none are refused by name"):
        token = access.access_token_string
        access.access_token_string = token[:-3] + ("aaa" if token[-3:] != "aaa" else "bbb")
        world.refused(trigger(access, world.request("no")), "BMSUserErrorInvalidCrossRegionRestoreAccessToken")
        access.access_token_string = token
        wrong = world.request("no")
        wrong.target_info.container_id = world.near.container_path(NEAR)
        said = world.refused(trigger(access, wrong), "registered to a vault there")
        equal(said["Values"], [{"Key": "target", "Value": "restoreRequest.targetInfo.containerId"}], "target")
        original = world.request("no")
        original.recovery_type = "OriginalLocation"
        world.refused(trigger(access, original), "AlternateLocation")
        world.refused(trigger(access, world.request("no"), "westus"), "BMSUserErrorInvalidRegion")
    with story.step("a vault that denies public access restores nothing in another region"):
        change = {"properties": {"publicNetworkAccess": "Disabled"}}
        world.server.finish(world.server.arm("PATCH", world.near.path, change, version="vault", want=(200, 202)))
        world.refused(trigger(access, world.request("no")), "BMSUserErrorCrossRegionRestoreNotSupported")
    with story.step("a deleted item goes in the second region too, object by object"):
        change = {"properties": {"publicNetworkAccess": "Enabled"}}
        world.server.finish(world.server.arm("PATCH", world.near.path, change, version="vault", want=(200, 202)))
        world.server.finish(world.server.arm("DELETE", world.near.item_path(DB, NEAR), want=(200, 202, 204)))
        world.server.emulator_call("POST", "/purge")
        assert world.gone(), "points of a purged item"
        world.advance(10)
        until(lambda: world.objects("secondary-objects") == 0, "the copies to go", 30)


def main(story):
    with Server("--secondary-lag-minutes", str(LAG)) as server:
        recorder = Recorder(os.path.join(server.home, "traffic.jsonl"))
        world = World(server, recorder)
        point, coverage = arriving(story, world)
        truth = server.checksum(NEAR, DB, at=world.near.points(DB, NEAR)[-2]["properties"]["recoveryPointTimeInUTC"])
        the_primary_is_lost(story, world)
        by_the_cli(story, world, point, truth)
        access = by_the_sdk(story, world, point, coverage)
        refusals(story, world, access)
        with story.step("all traffic of the SDK fits its contract"):
            recorder.fits_contract(25)


with telling() as story:
    main(story)
