"""Restores to a second, by the unmodified Azure CLI 2.90 (2.91 fails in its own client there), `az rest` and the Python SDK: each
restored database is compared with what the simulated server knows of that second without any backup.
"""
import datetime
import json
import os
import random
import subprocess
import sys

from azure.mgmt.recoveryservicesbackup import models

from sdkclients import clients, kept
from story import equal, telling, until
from vault import GROUP, LOCATION, SUB, TENANT, Server, Vault, container, item, vm_id

AZ = os.environ["RSVAULT_AZ290"]
VM, DB = "pitvm", "ledger"
C, I = container(VM), item(DB)
RANGE = "DefaultRangeRecoveryPoint"
WL, MS = ["--backup-management-type", "AzureWorkload"], ["--workload-type", "MSSQL"]


class Az:
    """The CLI with a configuration folder of its own, signed in."""

    def __init__(self, server):
        home = os.path.join(server.home, "az290")
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
        done = subprocess.run([AZ, *words, "-o", "json"], env=self.env, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL)
        assert done.returncode == rc, f"az {' '.join(words[:4])}: rc {done.returncode}, want {rc}\n{(done.stderr or done.stdout)[-1500:]}"
        if rc:
            return done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None


def parsed(text):
    return datetime.datetime.fromisoformat(text)


def wire(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class World:
    """A server whose database is written to each second, protected in a vault."""

    def __init__(self, server):
        self.server, self.vault, self.random, self.copies = server, Vault(server, "pit"), random.Random(7), 0
        database = {"name": DB, "sizeMiB": 4, "writeRate": 2, "writeIntervalSeconds": 1}
        server.emulator_call("PUT", f"/servers/{VM}", {"resourceGroup": GROUP, "location": LOCATION, "instances": [{"name": "MSSQLSERVER", "databases": [database]}]})
        self.vault.create()
        self.vault.register(VM)
        self.vault.protect(DB, VM)
        self.on = ["-g", GROUP, "--vault-name", self.vault.name]
        self.at = [*self.on, "--container-name", C, "--item-name", I]
        self.az = Az(server)

    def advance(self, seconds):
        return self.server.emulator_call("POST", "/clock/advance", {"by": seconds}, timeout=300)

    def back_up(self, kind, want="Completed"):
        """By the CLI; the job as it ended."""
        job = self.az("backup", "protection", "backup-now", *self.at, *WL, *MS, "--backup-type", kind)
        ended = self.server.job(self.vault.path, job["name"])["properties"]
        equal(ended["status"], want, f"{kind}: {ended.get('errorDetails')}")
        return ended

    def ranges(self):
        [point] = self.az("backup", "recoverypoint", "show-log-chain", *self.at, *WL)
        equal((point["name"], point["properties"]["objectType"]), (RANGE, "AzureWorkloadSQLPointInTimeRecoveryPoint"), "the range")
        return [(parsed(r["startTime"]), parsed(r["endTime"])) for r in point["properties"]["timeRanges"]]

    def seconds(self, count):
        """Seconds of the ranges: the ends, and some between."""
        ranges = self.ranges()
        ends = [end for pair in ranges for end in pair]
        drawn = []
        while len(drawn) < count:
            start, end = self.random.choice(ranges)
            drawn.append(start + datetime.timedelta(seconds=self.random.randint(0, int((end - start).total_seconds()))))
        return ends + drawn

    def truth(self, at):
        return self.server.checksum(VM, DB, at=wire(at))

    def same(self, database, at):
        equal(self.server.checksum(VM, database), self.truth(at), f"{database}: what was restored and what was there at {wire(at)}")

    def copy(self):
        self.copies += 1
        return f"copy{self.copies}"

    def config(self, *words):
        shown = self.az("backup", "recoveryconfig", "show", *self.at, *MS, *words)
        path = os.path.join(self.server.home, "recovery.json")
        with open(path, "w") as f:
            json.dump(shown, f)
        return shown, path

    def restore(self, *words, want="Completed"):
        """`recoveryconfig show` and `restore-azurewl`; the job as it ended."""
        _, path = self.config(*words)
        job = self.az("backup", "restore", "restore-azurewl", *self.on, "--recovery-config", path)
        ended = self.server.job(self.vault.path, job["name"])["properties"]
        equal(ended["status"], want, f"restore: {ended.get('errorDetails')}")
        return ended

    def alternate(self, database):
        return ["--restore-mode", "AlternateWorkloadRestore", "--target-item-name", database, "--target-server-type", "SQLInstance",
                "--target-server-name", VM]

    def body(self, at, database=None, kind="AzureWorkloadSQLPointInTimeRestoreRequest"):
        where = {"recoveryType": "OriginalLocation"} if database is None else {
            "recoveryType": "AlternateLocation",
            "targetInfo": {"overwriteOption": "FailOnConflict", "containerId": self.vault.container_path(VM), "databaseName": f"MSSQLSERVER/{database}"}}
        return {"objectType": kind, "pointInTime": wire(at), "sourceResourceId": vm_id(VM), "shouldUseAlternateTargetLocation": True,
                "isNonRecoverable": False, **where}


def to_the_cli(at):
    return at.strftime("%d-%m-%Y-%H:%M:%S")


def back_up(story, world):
    with story.step("backup-now Log before any full is refused by its job"):
        equal(world.back_up("Log", "Failed")["errorDetails"][0]["errorTitle"], "UserErrorParentFullBackupMissing", "code")
        equal(world.ranges(), [], "ranges")
    with story.step("backup-now Full, Differential and Log; the jobs are called after them"):
        for kind in ("Full", "Log", "Log", "Differential", "Log"):
            world.advance(120)
            equal(world.back_up(kind)["operation"], f"Backup ({kind})", "job")
    with story.step("show-log-chain: one range, from the full to the last log"):
        points = world.vault.points(DB, VM)
        equal([p["properties"]["type"] for p in points], ["Differential", "Full", "Log"], "points, newest first, the range last")
        [(start, end)] = world.ranges()
        full = parsed(points[1]["properties"]["recoveryPointTimeInUTC"])
        assert world.truth(start) != world.truth(start + datetime.timedelta(seconds=1)), "no two seconds are alike"
        assert 0 <= (start - full).total_seconds() <= 1 and (end - start).total_seconds() > 400, (start, end, full)
    return points


def by_the_cli(story, world, points):
    with story.step("restore-azurewl to seconds of the range, both ends among them: each the state of that second"):
        for at in world.seconds(3):
            copy = world.copy()
            job = world.restore(*world.alternate(copy), "--log-point-in-time", to_the_cli(at))
            bag = job["extendedInfo"]["propertyBag"]
            equal((job["operation"], bag["RestoreRecoveryPointTime"]), ("Restore (Log)", at.strftime("%Y-%m-%d %H:%M:%SZ")), "job")
            world.same(copy, at)
    with story.step("a differential restores with its full"):
        point, copy = points[0], world.copy()
        job = world.restore(*world.alternate(copy), "--rp-name", point["name"])
        equal(job["operation"], "Restore (Differential)", "job")
        assert world.server.checksum(VM, copy) != world.server.checksum(VM, DB), "the database went on"
    with story.step("restore as files writes the whole chain; from a full by name, all logs since"):
        at = world.seconds(1)[-1]
        job = world.restore("--restore-mode", "RestoreAsFiles", "--filepath", "/files/range", "--target-container-name", C, "--log-point-in-time", to_the_cli(at))
        equal(job["operation"], "Restore (Log)", "job")
        end = world.ranges()[0][1]
        world.restore("--restore-mode", "RestoreAsFiles", "--filepath", "/files/full", "--target-container-name", C, "--log-point-in-time", to_the_cli(end),
                      "--from-full-rp-name", points[1]["name"])
    with story.step("a second outside the range is refused: by the CLI itself, and by the vault with the reason and the nearest"):
        end = world.ranges()[-1][1]
        outside = end + datetime.timedelta(seconds=90)
        _, path = world.config(*world.alternate("nothing"), "--log-point-in-time", to_the_cli(outside))
        world.az("backup", "restore", "restore-azurewl", *world.on, "--recovery-config", path, rc=1)
        url = f"{world.server.base}{world.vault.item_path(DB, VM)}/recoveryPoints/{RANGE}/restore?api-version=2025-02-01".replace(";", "%3B")
        said = world.az("rest", "--method", "post", "--url", url, "--body", json.dumps({"properties": world.body(outside, "nothing")}), "--resource", world.server.base, rc=1)
        assert "UserErrorRestorePointInTimeNotInRange" in said and wire(end) in said and "pointInTime" in said, said


def by_rest(story, world):
    item_path = world.vault.item_path(DB, VM)
    with story.step("az rest restores to a second; the plan shown before is what it reads"):
        at, copy = world.seconds(1)[-1], world.copy()
        plan = world.server.arm("GET", f"{item_path}/restorePlan?at={wire(at)}", want=200).json()
        equal((plan["time"], plan["steps"][0]["kind"]), (wire(at), "Full"), "plan")
        equal(plan["sealedBytes"], sum(step["sealedBytes"] for step in plan["steps"]), "bytes")
        url = f"{world.server.base}{item_path}/recoveryPoints/{RANGE}/restore?api-version=2025-02-01".replace(";", "%3B")
        before = {j["name"] for j in jobs(world)}
        world.az("rest", "--method", "post", "--url", url, "--body", json.dumps({"properties": world.body(at, copy)}), "--resource", world.server.base)
        [name] = {j["name"] for j in jobs(world)} - before
        job = world.server.job(world.vault.path, name)["properties"]
        equal(job["status"], "Completed", f"job {job.get('errorDetails')}")
        world.same(copy, at)
    with story.step("every second has one verdict: range, validation, plan and restore agree"):
        [(start, end)] = world.ranges()
        for delta in (-2, -1, 0, 1):
            for edge in (start, end):
                at = edge + datetime.timedelta(seconds=delta)
                inside = start <= at <= end
                body = {"id": f"{item_path}/recoveryPoints/{RANGE}",
                        "properties": {"objectType": "ValidateAzureWorkloadRestoreOperationRequest", "restoreRequest": world.body(at, "verdict")}}
                verdict = world.server.arm("POST", f"{world.vault.path}/backupValidateOperation", body, want=200).json()
                plan = world.server.arm("GET", f"{item_path}/restorePlan?at={wire(at)}")
                equal((verdict["validateOperationResponse"]["validationResults"] == [], plan.status_code == 200), (inside, inside), f"verdicts on {wire(at)}")
                if not inside:
                    answer = world.server.arm("POST", f"{item_path}/recoveryPoints/{RANGE}/restore", {"properties": world.body(at, "verdict")}, want=400).json()
                    [result] = verdict["validateOperationResponse"]["validationResults"]
                    equal((result["code"], result["message"]), (answer["error"]["code"], answer["error"]["message"]), "the same refusal")


def jobs(world):
    return world.server.arm("GET", f"{world.vault.path}/backupJobs?$filter=operation eq 'Restore'", want=200).json()["value"]


def by_the_sdk(story, world):
    _, backup = clients(world.server, None, world.server.token())
    place = (world.vault.name, GROUP, "Azure", C, I)
    with story.step("the Python SDK: the log chain, a validation, a restore to a second"):
        [chain] = backup.recovery_points.list(*place, filter="restorePointQueryType eq 'Log'")
        equal(len(chain.properties["timeRanges"]), 1, "ranges")
        at, copy = world.seconds(1)[-1], world.copy()
        request = models.AzureWorkloadSQLPointInTimeRestoreRequest(
            point_in_time=at, recovery_type="AlternateLocation", source_resource_id=vm_id(VM), should_use_alternate_target_location=True, is_non_recoverable=False,
            target_info=models.TargetRestoreInfo(overwrite_option="FailOnConflict", container_id=world.vault.container_path(VM), database_name=f"MSSQLSERVER/{copy}"))
        validation = {"id": f"{world.vault.item_path(DB, VM)}/recoveryPoints/{RANGE}",
                      "properties": {"objectType": "ValidateAzureWorkloadRestoreOperationRequest", "restoreRequest": request.as_dict()}}
        equal(backup.operation.validate(world.vault.name, GROUP, validation).validate_operation_response.validation_results, [], "verdict")
        backup.validate_operation.begin_trigger(world.vault.name, GROUP, validation).result()
        before = {j["name"] for j in jobs(world)}
        status, _ = backup.restores.begin_trigger(*place, RANGE, {"properties": request}, polling=False, cls=kept).result()
        equal(status, 202, "status")
        [name] = {j["name"] for j in jobs(world)} - before
        equal(world.server.job(world.vault.path, name)["properties"]["status"], "Completed", "job")
        world.same(copy, at)


def over_the_original(story, world):
    with story.step("restore over the original: the state of that second; a log then needs a full"):
        at = world.seconds(1)[-1]
        truth = world.truth(at)
        world.server.emulator_call("PUT", "/clock", {"frozen": True})
        job = world.restore("--restore-mode", "OriginalWorkloadRestore", "--log-point-in-time", to_the_cli(at))
        equal(job["extendedInfo"]["propertyBag"]["Job Type"], "Recovery to the original database", "job")
        equal(world.server.checksum(VM, DB), truth, "checksum")
        world.server.emulator_call("PUT", "/clock", {"frozen": False})
        equal(world.back_up("Log", "Failed")["errorDetails"][0]["errorTitle"], "UserErrorNoFullBackupTriggeredAfterRestore", "code")
    with story.step("after a full a second range begins; both are restorable, the gap is not"):
        world.back_up("Full")
        world.advance(60)
        world.back_up("Log")
        ranges = world.ranges()
        equal(len(ranges), 2, "ranges")
        for at in world.seconds(1):
            copy = world.copy()
            world.restore(*world.alternate(copy), "--log-point-in-time", to_the_cli(at))
            world.same(copy, at)
        hole = ranges[0][1] + (ranges[1][0] - ranges[0][1]) / 2
        answer = world.server.arm("GET", f"{world.vault.item_path(DB, VM)}/restorePlan?at={wire(hole)}", want=400).json()["error"]
        assert wire(ranges[0][1]) in answer["message"] and wire(ranges[1][0]) in answer["message"], answer


def main():
    with telling() as story, Server() as server:
        world = World(server)
        points = back_up(story, world)
        by_the_cli(story, world, points)
        by_rest(story, world)
        by_the_sdk(story, world)
        over_the_original(story, world)
        with story.step("the server ends on SIGTERM"):
            server.stop()


main()
